// Caller: calls without a session, to one endpoint after the other.
//
// Thread-safe.

#ifndef QUORATE_COORD_CLIENT_CALLER_H_
#define QUORATE_COORD_CLIENT_CALLER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace quorate::client {

// One call on a channel, whose context has its deadline.
using OneCall =
    std::function<grpc::Status(const std::shared_ptr<grpc::Channel>& channel,
                               grpc::ClientContext& context)>;

// What may be done when a call has failed without an answer of the member.
enum class CallKind {
  kRepeatable,  // try elsewhere
  kOnce,        // it may have had its effect: UnknownOutcome
};

class Caller {
 public:
  // REQUIRES: at least one endpoint.
  explicit Caller(std::vector<std::string> endpoints)
      : endpoints_(std::move(endpoints)) {}

  // Calls the endpoint. Unavailable if it cannot be reached.
  absl::Status CallOne(const std::string& endpoint, absl::Time deadline,
                       CallKind kind, const OneCall& call);

  // Calls one endpoint after the other, and the leader if one names it, until
  // one carries the call out or refuses it for good. While there is a member
  // that says to try again later (it has no leader, or is overloaded), this is
  // repeated until the deadline.
  absl::Status CallAny(absl::Time deadline, CallKind kind, const OneCall& call);

  // A channel that is connected. Unavailable if it cannot be.
  absl::Status Connect(const std::string& endpoint, absl::Time deadline,
                       std::shared_ptr<grpc::Channel>& channel);

  const std::vector<std::string>& endpoints() const { return endpoints_; }

 private:
  const std::vector<std::string> endpoints_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<grpc::Channel>> channels_
      ABSL_GUARDED_BY(mutex_);
};

// Kind UnknownOutcome.
absl::Status UnknownOutcomeError(absl::string_view why);

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_CALLER_H_
