// A worker that joins others, leads them when it is its turn, and tells of
// every change of a setting. The README explains it.
//
//   bazel run //coord/client:example -- 127.0.0.1:7400,127.0.0.1:7401

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "coord/client/error.h"
#include "coord/client/fencing_token.h"
#include "coord/client/recipes/leader_election.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {
namespace {

absl::Status Work(const std::vector<std::string>& endpoints) {
  SessionOptions options;
  options.endpoints = endpoints;
  absl::StatusOr<std::unique_ptr<Session>> session =
      Session::Open(std::move(options));
  if (!session.ok()) return session.status();

  // A znode that many may have made before.
  const absl::Status made =
      (*session)->Write(Create{.path = "/setting", .data = "1"}).status();
  if (!made.ok() && !IsError(made, "NodeExists")) return made;

  // Told of every change, also of those while it is disconnected.
  const absl::Status watched =
      (*session)
          ->AddWatch("/setting", WatchKind::kPersistent,
                     [](const Event& event) {
                       std::printf("%s changed\n", event.path.c_str());
                     })
          .status();
  if (!watched.ok()) return watched;

  LeaderElectionOptions election;
  election.directory = "/example/election";
  election.on_elected = [](const FencingToken& token) {
    std::printf("leading, with token %s\n", ToString(token).c_str());
  };
  election.on_lost = [](const absl::Status& why) {
    std::printf("not leading: %s\n", std::string(why.message()).c_str());
  };
  const absl::StatusOr<std::unique_ptr<LeaderElection>> candidate =
      LeaderElection::Stand(**session, std::move(election));
  if (!candidate.ok()) return candidate.status();

  const absl::StatusOr<Data> setting = (*session)->GetData("/setting");
  if (!setting.ok()) return setting.status();
  std::printf("/setting is %s\n", setting->data.c_str());
  return (*session)
      ->Write(SetData{"/setting", setting->data + "1", setting->stat.version})
      .status();
}

}  // namespace
}  // namespace quorate::client

int main(int argc, char** argv) {
  const std::string endpoints = argc > 1 ? argv[1] : "127.0.0.1:7400";
  const absl::Status status =
      quorate::client::Work(absl::StrSplit(endpoints, ','));
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    return 1;
  }
  return 0;
}
