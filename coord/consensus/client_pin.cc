#include "coord/consensus/client_pin.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

std::optional<Refusal> CheckPin(const ClientPin& pin, EnsembleId ensemble,
                                Zxid applied, EnsembleId parent) {
  if (!On(Guard::kRule22ClientsRemember)) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kClientsRemember;
  if (ensemble.IsNone()) {
    refusal.reason =
        "the member belongs to no ensemble yet; connect to another one";
    return refusal;
  }
  if (!pin.ensemble.IsNone() && pin.ensemble == parent) {
    refusal.reason = absl::StrCat(
        "the client belongs to ensemble ", ToString(pin.ensemble),
        ", from which the member's, ", ToString(ensemble),
        ", was rescued or restored; if that one is gone for good, make the "
        "client forget it, and it follows");
    return refusal;
  }
  if (!pin.ensemble.IsNone() && pin.ensemble != ensemble) {
    refusal.reason = absl::StrCat(
        "the client belongs to ensemble ", ToString(pin.ensemble),
        ", and the member to ", ToString(ensemble),
        "; check the address, and make the client forget its ensemble only if "
        "that one is gone for good");
    return refusal;
  }
  if (applied >= pin.highest_seen) return std::nullopt;
  refusal.reason = absl::StrCat(
      "the client has seen zxid ", ToString(pin.highest_seen),
      ", and the member has applied only ", ToString(applied),
      "; connect to another member or wait until it has caught up");
  refusal.numbers = {
      {"highest_seen_epoch", pin.highest_seen.epoch()},
      {"highest_seen_counter", pin.highest_seen.counter()},
      {"applied_epoch", applied.epoch()},
      {"applied_counter", applied.counter()},
  };
  refusal.retry_after_ms = kBehindMarkRetryMs;
  return refusal;
}

bool Observe(EnsembleId ensemble, Zxid zxid, ClientPin& pin) {
  if (ensemble.IsNone()) return false;
  if (pin.ensemble.IsNone()) pin.ensemble = ensemble;
  if (pin.ensemble != ensemble) return false;
  pin.highest_seen = std::max(pin.highest_seen, zxid);
  return true;
}

}  // namespace quorate::consensus
