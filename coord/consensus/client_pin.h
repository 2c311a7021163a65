// ClientPin: what a client remembers across its sessions (rule 22), so that it
// never follows another ensemble and never sees time run backwards.
//
//   ClientPin pin;                      // or read from where it was kept
//   on connecting:     if (auto refusal = CheckPin(pin, ensemble, applied)) ...
//   on every answer:   Observe(ensemble, zxid, pin);
//
// The client checks before it trusts a member, and a member checks before it
// serves a client that shows its pin. Pure functions; no state but the pin.

#ifndef QUORATE_COORD_CONSENSUS_CLIENT_PIN_H_
#define QUORATE_COORD_CONSENSUS_CLIENT_PIN_H_

#include <cstdint>
#include <optional>

#include "coord/base/ids.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

struct ClientPin {
  EnsembleId ensemble;  // none: this client has met no ensemble yet
  Zxid highest_seen;    // no answer may be older; none: nothing seen yet

  bool operator==(const ClientPin&) const = default;
};

// What a refusal suggests to wait before the same member is tried again.
inline constexpr int64_t kBehindMarkRetryMs = 100;

// Nothing if a member of `ensemble` that has applied everything up to `applied`
// may serve the client. Else a refusal by rule 22: the ensemble is another one
// or none (waiting does not help), or the member is behind the mark (it may
// catch up, and another member may serve at once). `parent`: the ensemble that
// the member's own was rescued or restored from, or none; clients of it are
// told how to follow.
std::optional<Refusal> CheckPin(const ClientPin& pin, EnsembleId ensemble,
                                Zxid applied, EnsembleId parent = {});

// An answer arrived. Pins the first ensemble met and moves the mark, never
// back. False, with the pin untouched, if `ensemble` is not the one pinned.
bool Observe(EnsembleId ensemble, Zxid zxid, ClientPin& pin);

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_CLIENT_PIN_H_
