// AppliedState: the replicated state machine of the simulation, and the ledger
// that compares all copies of it.
//
// The state is the history itself, as a count and a running hash over every
// record applied: two members with the same hash have applied the same records
// in the same order. A snapshot is that state, padded with bytes that depend on
// it, so that any wrong, missing or mixed-up piece is noticed.

#ifndef QUORATE_TESTS_SIMULATION_APPLIED_STATE_H_
#define QUORATE_TESTS_SIMULATION_APPLIED_STATE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

struct AppliedState {
  consensus::Zxid zxid;  // last record applied
  uint64_t count = 0;    // how many were
  uint64_t hash = 0;     // over all of them, in order

  void Apply(const consensus::Record& record);
  bool operator==(const AppliedState&) const = default;
};

// Content of a snapshot of `state`: at least `padding` bytes. Snapshots of one
// state with different salts differ in their bytes, as those that two members
// take by themselves may.
Bytes EncodeSnapshot(const AppliedState& state, uint64_t salt, size_t padding);
// Nothing if a byte is wrong.
std::optional<AppliedState> DecodeSnapshot(const std::string& content);

// Ledger: what has been applied anywhere, by ensemble and position. All applied
// histories of an ensemble are prefixes of one another exactly if every member
// agrees with the ledger at every position.
class Ledger {
 public:
  // A member of `ensemble` has reached `state` by applying a record, or by
  // installing a snapshot. Returns an empty string, or what is wrong.
  std::string Reach(const EnsembleId& ensemble, const AppliedState& state);

  // How many records of `ensemble` have been applied anywhere.
  uint64_t Length(const EnsembleId& ensemble) const;
  uint64_t TotalLength() const;

  // A member has applied a configuration record; the newest zxid of such.
  void ApplyConfiguration(const EnsembleId& ensemble, consensus::Zxid zxid);
  consensus::Zxid CommittedConfiguration(const EnsembleId& ensemble) const;

  // A client was told that `zxid` is committed.
  void Acknowledge(const EnsembleId& ensemble, consensus::Zxid zxid);
  // The highest such zxid; none if there is none.
  consensus::Zxid Acknowledged(const EnsembleId& ensemble) const;

 private:
  struct History {
    std::vector<AppliedState> states;  // [count - 1]; count 0 stands for gaps
    consensus::Zxid acknowledged;
    consensus::Zxid configuration;
  };
  std::map<EnsembleId, History> histories_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_APPLIED_STATE_H_
