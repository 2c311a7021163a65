// GroupCoordinator: the consumer groups at work, on whichever broker is
// controller: GroupTable with a session, a clock and a thread. To be told of
// leadership; where this broker is not controller it answers NotController.
//
// Every write begins with the fence, so that a coordinator that is one no more
// writes nothing. A request holds no thread.
//
// Thread-safe.

#ifndef QUORATE_BROKER_GROUP_GROUP_COORDINATOR_H_
#define QUORATE_BROKER_GROUP_GROUP_COORDINATOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/controller/leadership.h"
#include "broker/group/group_state.h"
#include "broker/group/group_types.h"
#include "broker/image/cluster_image.h"
#include "coord/client/session.h"

namespace quorate::broker {

class GroupCoordinator final : public LeadershipListener {
 public:
  // Called once, on any thread, maybe before the call has returned.
  using Done = std::function<void(GroupReply)>;

  GroupCoordinator();
  // Answers what waits (NotController). REQUIRES: if it was told Began(), also
  // Ended().
  ~GroupCoordinator() override;
  GroupCoordinator(const GroupCoordinator&) = delete;
  GroupCoordinator& operator=(const GroupCoordinator&) = delete;

  void Began(const Leadership& leadership, client::Session& session,
             std::shared_ptr<const ClusterImage> image) override;
  void ImageChanged(std::shared_ptr<const ClusterImage> image) override;
  void Ended() override;

  // Return the request, for Cancel().
  uint64_t Join(const std::string& group, const JoinArguments& arguments,
                Done done);
  uint64_t Commit(const std::string& group, const CommitArguments& arguments,
                  Done done);
  uint64_t FetchOffsets(const std::string& group, Done done);
  uint64_t Delete(const std::string& group, Done done);
  // Nobody waits for the answer any more; it is called back all the same.
  void Cancel(uint64_t request);

  absl::Status Heartbeat(const std::string& group, const std::string& member_id,
                         int32_t generation);
  absl::Status Leave(const std::string& group, const std::string& member_id);
  absl::StatusOr<GroupDescription> Describe(const std::string& group);
  absl::StatusOr<std::vector<std::string>> List();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_GROUP_GROUP_COORDINATOR_H_
