// Provision: moves a running ensemble to a declaration, step by step.
//
// All that it knows stands in the ensemble: it looks, plans one step, makes it,
// waits until that is done, and looks again. Every change names the version of
// the configuration that it was decided on, so whoever is too late, because
// another operator or a joiner was quicker, only looks again.

#ifndef QUORATE_TOOLS_QUORATE_PROVISION_PROVISIONER_H_
#define QUORATE_TOOLS_QUORATE_PROVISION_PROVISIONER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coord/consensus/rule.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/provision/contact.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/forecast.h"

namespace quorate::tools {

struct ProvisionOptions {
  absl::Duration wait = absl::Hours(1);  // for all of it
  // For what no waiting is known to help: a newcomer that does not answer, no
  // leader, too few voters in contact.
  absl::Duration patience = absl::Seconds(30);
  // Pauses. An error of it ends everything and is returned. None: sleeps.
  std::function<absl::Status(absl::Duration)> pause = nullptr;
};

// Nothing can be done at present.
struct Standstill {
  std::string why = {};   // short; the same as long as the reason is
  std::string what = {};  // the change that is to be made; empty: not known
  consensus::Refusal refusal = {};      // rule kNone: no rule is in the way
  std::optional<int64_t> left_ms = {};  // the estimate for all of it
};

// Told of what goes on.
class ProvisionListener {
 public:
  virtual ~ProvisionListener() = default;
  // A change is sent. `left_ms`: the estimate from now on, if there is one.
  virtual void OnChange(const std::string& what,
                        std::optional<int64_t> left_ms) = 0;
  // It is done.
  virtual void OnDone(const std::string& what,
                      const coord::v1::MembersResponse& members) = 0;
  // Called again and again.
  virtual void OnWait(const Standstill& standstill) = 0;
};

// Returns once the ensemble is as declared, with what the leader says of it,
// and everything that was removed may be shut down. Else the reason: usage, if
// the ensemble can never become that; a rule; Unreachable, for a newcomer or
// the leader; Timeout, if `options.wait` ran out.
absl::StatusOr<coord::v1::MembersResponse> Provision(
    EnsembleContact& ensemble, const Declaration& declaration,
    const ProvisionOptions& options, ProvisionListener& listener);

// What Provision() would do, without doing it.
absl::StatusOr<Forecast> PlanProvision(EnsembleContact& ensemble,
                                       const Declaration& declaration);

// Why a step can never be made, or not in time.
absl::Status StatusOfStep(const Step& step);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PROVISION_PROVISIONER_H_
