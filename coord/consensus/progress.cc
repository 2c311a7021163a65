#include "coord/consensus/progress.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {
namespace {

// The nearest point at or after `zxid` that the log still knows.
Zxid Held(const LogView& log, Zxid zxid) {
  return log.Contains(zxid) ? zxid : log.base();
}

}  // namespace

Progress::Progress(const MemberKey& member, std::string peer_address,
                   int64_t now_ms)
    : key(member), address(std::move(peer_address)), heard_since_ms(now_ms) {}

void Progress::Heard(int64_t now_ms, const Limits& limits) {
  const bool gap =
      !last_heard_ms.has_value() || now_ms - *last_heard_ms > limits.contact_ms;
  if (gap) {
    heard_since_ms = now_ms;
    proven_since_ms.reset();  // even if no tick fell into the gap
  }
  last_heard_ms = now_ms;
}

uint64_t Progress::InflightBytes(const LogView& log) const {
  const Zxid from = Held(log, std::min(sent, std::max(match, received)));
  return log.BytesAfter(from) - log.BytesAfter(Held(log, sent));
}

MemberFacts Progress::Facts(const LogView& log) const {
  MemberFacts facts;
  facts.key = key;
  facts.last_heard_ms = last_heard_ms;
  facts.heard_since_ms = heard_since_ms;
  facts.proven_since_ms = proven_since_ms;
  facts.voter_since_ms = voter_since_ms;
  // A member behind our base lacks at least all that we hold.
  const bool unknown = !log.Contains(match);
  const Zxid from = Held(log, match);
  facts.lag_records = log.RecordsAfter(from) + (unknown ? 1'000'000 : 0);
  facts.lag_bytes = log.BytesAfter(from) + (unknown ? uint64_t{1} << 40 : 0);
  facts.fsync_ms = fsync_ms;
  return facts;
}

void Progress::ObserveFitness(const LogView& log, const Limits& limits,
                              int64_t now_ms) {
  if (CheckProven(Facts(log), limits, now_ms).has_value()) {
    proven_since_ms.reset();
  } else if (!proven_since_ms.has_value()) {
    proven_since_ms = now_ms;
  }
}

}  // namespace quorate::consensus
