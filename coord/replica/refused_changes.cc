#include "coord/replica/refused_changes.h"

#include <cstdint>
#include <deque>

#include "coord/consensus/admission.h"

namespace quorate::replica {

void RefusedChanges::Note(uint64_t change_id,
                          const consensus::AdmissionDecision& decision) {
  using Outcome = consensus::AdmissionDecision::Outcome;
  std::erase_if(refused_, [change_id](const Entry& entry) {
    return entry.change_id == change_id;
  });
  if (decision.outcome != Outcome::kRefused &&
      decision.outcome != Outcome::kInvalid) {
    return;
  }
  refused_.push_back({change_id, decision});
  if (refused_.size() > max_size_) refused_.pop_front();
}

const consensus::AdmissionDecision* RefusedChanges::Find(
    uint64_t change_id) const {
  for (const Entry& entry : refused_) {
    if (entry.change_id == change_id) return &entry.decision;
  }
  return nullptr;
}

}  // namespace quorate::replica
