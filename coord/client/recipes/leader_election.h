// LeaderElection: of the sessions that stand for it, one leads; when it goes,
// the next in line does.
//
//   LeaderElectionOptions options = {.directory = "/service/election",
//                                    .data = "host:1234"};
//   options.on_elected = [](const FencingToken& token) { ... };
//   options.on_lost = [](absl::Status why) { ... };
//   auto candidate = LeaderElection::Stand(session, std::move(options));
//
// A leader that is cut off learns that it has lost when its session has
// expired by its own clock, which is no later than the next is elected. But its
// commands may be on their way still, or its process may have been stopped: so
// show the token with every command (see fencing_token.h).
//
// Thread-safe. The session must outlive it.

#ifndef QUORATE_COORD_CLIENT_RECIPES_LEADER_ELECTION_H_
#define QUORATE_COORD_CLIENT_RECIPES_LEADER_ELECTION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/fencing_token.h"
#include "coord/client/recipes/place_in_line.h"
#include "coord/client/session.h"

namespace quorate::client {

struct LeaderElectionOptions {
  std::string directory;  // of the election alone; made if it is not there
  std::string data = {};  // for others to read: who is it, where is it
  // On the session's thread. Once at most, before `on_lost`.
  std::function<void(const FencingToken&)> on_elected = {};
  // Once at most: it does not lead any more, or never will. SessionExpired:
  // stand again with a new session. Aborted: somebody has deleted its znode.
  std::function<void(absl::Status)> on_lost = {};
};

// Who leads, as others see it.
struct Leader {
  std::string data;
  FencingToken token;
};

class LeaderElection {
 public:
  // Blocks until it may stand: the directory is there. The callbacks may come
  // before it returns.
  static absl::StatusOr<std::unique_ptr<LeaderElection>> Stand(
      Session& session, LeaderElectionOptions options);
  // Resigns, without waiting.
  ~LeaderElection();
  LeaderElection(const LeaderElection&) = delete;
  LeaderElection& operator=(const LeaderElection&) = delete;

  // As far as it knows.
  bool IsLeader() const { return place_->IsGranted(); }
  // Gives up leading, or standing. `on_lost` is not called. Returns at once.
  void Resign() { place_->Leave(nullptr); }

  // Who leads now; anyone may ask. Blocks. Nothing: nobody.
  static absl::StatusOr<std::optional<Leader>> Current(
      Session& session, const std::string& directory);

 private:
  explicit LeaderElection(std::shared_ptr<PlaceInLine> place)
      : place_(std::move(place)) {}

  const std::shared_ptr<PlaceInLine> place_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_LEADER_ELECTION_H_
