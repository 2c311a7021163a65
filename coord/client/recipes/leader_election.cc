#include "coord/client/recipes/leader_election.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/error.h"
#include "coord/client/fencing_token.h"
#include "coord/client/recipes/paths.h"
#include "coord/client/recipes/place_in_line.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {

absl::StatusOr<std::unique_ptr<LeaderElection>> LeaderElection::Stand(
    Session& session, LeaderElectionOptions options) {
  const absl::Status made = EnsurePath(session, options.directory);
  if (!made.ok()) return made;
  PlaceOptions place;
  place.directory = options.directory;
  place.prefix = "candidate-";
  place.data = options.data;
  const auto lost = [on_lost = options.on_lost](absl::Status why) {
    if (on_lost) on_lost(std::move(why));
  };
  return std::unique_ptr<LeaderElection>(new LeaderElection(PlaceInLine::Enter(
      session, std::move(place),
      [on_elected = options.on_elected,
       lost](absl::StatusOr<FencingToken> token) {
        if (!token.ok()) {
          lost(token.status());
        } else if (on_elected) {
          on_elected(*token);
        }
      },
      lost)));
}

LeaderElection::~LeaderElection() { Resign(); }

absl::StatusOr<std::optional<Leader>> LeaderElection::Current(
    Session& session, const std::string& directory) {
  for (;;) {
    const absl::StatusOr<Children> children = session.GetChildren(directory);
    if (IsError(children.status(), "NoNode")) return std::nullopt;
    if (!children.ok()) return children.status();
    std::string first;
    std::optional<int32_t> lowest;
    for (const std::string& name : children->names) {
      const std::optional<int32_t> sequence = SequenceOf(name);
      if (!sequence || (lowest && *lowest < *sequence)) continue;
      lowest = sequence;
      first = name;
    }
    if (!lowest) return std::nullopt;
    const absl::StatusOr<Data> data =
        session.GetData(ChildPath(directory, first));
    // It has gone meanwhile: the next leads.
    if (IsError(data.status(), "NoNode")) continue;
    if (!data.ok()) return data.status();
    return Leader{.data = data->data,
                  .token = {.ensemble_id = session.pin().ensemble_id,
                            .czxid = data->stat.czxid}};
  }
}

}  // namespace quorate::client
