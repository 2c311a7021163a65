// Are two records the same, in all that they say?

#ifndef QUORATE_TESTS_SIMULATION_CHECKS_SAME_RECORD_H_
#define QUORATE_TESTS_SIMULATION_CHECKS_SAME_RECORD_H_

#include "coord/base/bytes.h"
#include "coord/consensus/record.h"

namespace quorate::simulation {

// Cheap if both share their payload and configuration, as they mostly do.
inline bool SameRecord(const consensus::Record& a, const consensus::Record& b) {
  if (a.zxid != b.zxid || a.kind != b.kind) return false;
  const bool same_payload =
      a.payload == b.payload ||
      (SizeOf(a.payload) == SizeOf(b.payload) &&
       (SizeOf(a.payload) == 0 || *a.payload == *b.payload));
  if (!same_payload) return false;
  if (a.configuration == b.configuration) return true;
  return a.configuration != nullptr && b.configuration != nullptr &&
         *a.configuration == *b.configuration;
}

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_CHECKS_SAME_RECORD_H_
