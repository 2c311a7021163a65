// Stage: the processes of one ensemble, and what can be seen of them.
//
// Members 1 to 3 are the old ones, 4 to 7 the newcomers. Nothing runs before
// Start(), nothing is left running by the destructor.
//
// Look(), Write() and Find() may be called from several threads at a time for
// different members; everything else from one thread.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_STAGE_H_
#define QUORATE_TOOLS_QUORATE_DRILL_STAGE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/record.h"

namespace quorate::tools {

// Which members a process is told of.
enum class ListOf {
  kThree,          // the old ones
  kSeven,          // all
  kSevenOldCutOff  // all, and none of the old ones can be reached there
};

// What an operator of members with membership rules may ask for.
class Operator {
 public:
  virtual ~Operator() = default;

  struct Member {
    uint64_t id = 0;
    bool voter = false;
    bool proven = false;  // a learner: fit for as long as is asked for
  };
  // As the leader has them.
  virtual absl::StatusOr<std::vector<Member>> Members() = 0;
  // Nothing: it was accepted. With `dry_run` nothing is changed. Unavailable or
  // DeadlineExceeded: no leader has answered.
  virtual absl::StatusOr<std::optional<Refusal>> Promote(
      const std::vector<uint64_t>& ids, bool dry_run) = 0;
  // Brings the ensemble to seven voters, as `quorate cluster apply` does. What
  // was asked for on the way is added to `asks`, a refusal once for each rule.
  // Timeout: it is not there by `deadline`. Cancelled: the user wants to stop.
  // Any other error: what stands in the way, as Provision() says it.
  virtual absl::Status GrowToSeven(absl::Time deadline,
                                   std::vector<Ask>& asks) = 0;
};

class Stage {
 public:
  virtual ~Stage() = default;

  // Starts a member, with what its directory holds. Returns when its process
  // runs; it may end by itself soon, see Ended(). Local: it could not be
  // started.
  virtual absl::Status Start(uint64_t id, ListOf list) = 0;
  // Stops a member as an operator does. Local: it does not end.
  virtual absl::Status Stop(uint64_t id) = 0;
  // The last words of a member that was started and has ended by itself since.
  virtual std::optional<std::string> Ended(uint64_t id) = 0;
  // Started and not stopped, ascending.
  virtual std::vector<uint64_t> Running() const = 0;
  // "host:port" at which its clients reach it; the same in every life.
  virtual std::string AddressOf(uint64_t id) const = 0;

  // What the member says of itself.
  virtual View Look(uint64_t id) = 0;
  // Creates the znode through this member. Errors are the member's, or
  // Unavailable, or DeadlineExceeded; whether it was created is not known then.
  virtual absl::Status Write(uint64_t id, const std::string& path,
                             const std::string& data,
                             absl::Duration timeout) = 0;
  // Those of `paths` that a client of this member finds; the member must be
  // able to confirm that this is up to date.
  virtual absl::StatusOr<std::set<std::string>> Find(
      uint64_t id, const std::vector<std::string>& paths,
      absl::Duration timeout) = 0;

  // Null: there are no membership rules here, lists are believed.
  virtual Operator* admin() { return nullptr; }
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_STAGE_H_
