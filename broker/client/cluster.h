// Cluster: a client's way to the brokers: connections, metadata, and calls that
// are repeated until somebody carries them out.
//
// Blocks; thread-safe. Deadlines are MonotonicMs() times (clock.h).

#ifndef QUORATE_BROKER_CLIENT_CLUSTER_H_
#define QUORATE_BROKER_CLIENT_CLUSTER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/channels.h"
#include "broker/client/client_options.h"
#include "broker/client/cluster_view.h"
#include "broker/image/cluster_image.h"
#include "coord/base/seeded_random.h"

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace quorate::broker {

namespace v1 {
class RequestHeader;
}  // namespace v1

// One call on a channel. The context has its deadline.
using BrokerCall =
    std::function<grpc::Status(const std::shared_ptr<grpc::Channel>& channel,
                               grpc::ClientContext& context)>;

// What a broker that was asked by itself has said.
struct MetadataAnswer {
  std::string ensemble_id = {};  // 16 bytes
  BrokerId broker_id = kNoBroker;
  bool unsafe = false;
  ClusterImage image = {};
};

class Cluster {
 public:
  // InvalidArgument: no bootstrap address, one that is no "host:port", or an
  // option that is out of its range.
  static absl::StatusOr<std::shared_ptr<Cluster>> Create(ClientOptions options);

  explicit Cluster(ClientOptions options);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  const ClientOptions& options() const { return options_; }
  // The newest; nullptr: none yet.
  std::shared_ptr<const ClusterImage> image() const;
  // 16 bytes; empty: none is pinned yet.
  std::string ensemble_id() const;
  bool unsafe() const;
  // Fills in what every request begins with.
  void FillHeader(v1::RequestHeader& header) const;
  std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address);

  // Asks the next broker, and then the others, once around or until one has an
  // image. Each call begins with another broker, so that one whose view is old
  // is not asked for ever. The error of the last that answered, or Unavailable.
  // WrongEnsemble: every broker that answered belongs to another ensemble.
  absl::StatusOr<std::shared_ptr<const ClusterImage>> Refresh(
      int64_t deadline_ms);
  // The same, again and again with back-off until the deadline.
  absl::StatusOr<std::shared_ptr<const ClusterImage>> RefreshUntil(
      int64_t deadline_ms);
  // One answer, of whoever has an image; in turns, and repeated likewise.
  absl::StatusOr<MetadataAnswer> AskAny(int64_t deadline_ms);
  // Asks this broker alone, and learns nothing from it.
  absl::StatusOr<MetadataAnswer> AskOne(const std::string& address,
                                        int64_t deadline_ms);

  // One call to one broker, once. `call_timeout_ms`: in place of that of the
  // options.
  absl::Status CallOne(const std::string& address, int64_t deadline_ms,
                       const BrokerCall& call,
                       std::optional<int64_t> call_timeout_ms = {});
  // Calls whoever answers, one broker after the other.
  absl::Status CallAny(int64_t deadline_ms, const BrokerCall& call);
  // Calls the controller: finds it, follows NotController's addresses, repeats
  // what is worth it with back-off until the deadline. `repeated`, if given:
  // whether an earlier attempt may have done already what was asked.
  absl::Status CallController(int64_t deadline_ms, const BrokerCall& call,
                              bool* repeated = nullptr,
                              std::optional<int64_t> call_timeout_ms = {});
  // Calls a partition's leader, as above.
  absl::Status CallLeader(const std::string& topic, int32_t partition,
                          int64_t deadline_ms, const BrokerCall& call);

  // Waits before attempt `failures` + 1. Cancelled, or DeadlineExceeded if the
  // deadline comes first; then it does not wait.
  absl::Status Pause(int failures, int64_t deadline_ms);

  // Ends the calls that are under way: they fail with Cancelled.
  void Interrupt();
  // The same, and all later calls fail likewise.
  void Cancel();

 private:
  using Target = std::function<absl::StatusOr<std::string>()>;

  // Asks for metadata and puts the answer where it belongs.
  BrokerCall MetadataCall(MetadataAnswer& answer);
  // WrongEnsemble, BadRequest.
  absl::Status Learn(const std::string& address, const MetadataAnswer& answer);
  // Calls whom `target` names until it is done, not worth it, or too late.
  absl::Status CallUntil(int64_t deadline_ms, const Target& target,
                         const BrokerCall& call, bool* repeated,
                         std::optional<int64_t> call_timeout_ms);

  const ClientOptions options_;
  Channels channels_;

  mutable std::mutex mutex_;
  std::condition_variable cancelled_cv_;
  ClusterView view_;
  SeededRandom random_;
  std::set<grpc::ClientContext*> under_way_;
  uint64_t interrupts_ = 0;
  bool cancelled_ = false;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_CLUSTER_H_
