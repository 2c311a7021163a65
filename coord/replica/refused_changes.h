// RefusedChanges: the changes of membership that this leader refused lately.
//
// An operator whose answer was lost asks where the change stands; the core
// remembers only what was made. Volatile, and of one reign: another leader may
// well accept what this one refused. It stands in the replica, not in the core,
// since it is about who asked over the wire: joiners ask the core again and
// again, and would push out what operators did. Not thread-safe.

#ifndef QUORATE_COORD_REPLICA_REFUSED_CHANGES_H_
#define QUORATE_COORD_REPLICA_REFUSED_CHANGES_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "coord/consensus/admission.h"

namespace quorate::replica {

class RefusedChanges {
 public:
  // The oldest are forgotten beyond so many.
  explicit RefusedChanges(size_t max_size) : max_size_(max_size) {}

  // What was decided on the change with this id: a refusal is remembered in
  // place of an earlier one, anything else ends that. REQUIRES: id is not 0.
  void Note(uint64_t change_id, const consensus::AdmissionDecision& decision);
  // The refusal (kRefused or kInvalid); nullptr: none is known. Valid until the
  // next call that changes something.
  const consensus::AdmissionDecision* Find(uint64_t change_id) const;
  void Clear() { refused_.clear(); }

  size_t size() const { return refused_.size(); }

 private:
  struct Entry {
    uint64_t change_id = 0;
    consensus::AdmissionDecision decision;
  };

  const size_t max_size_;
  std::deque<Entry> refused_;  // oldest first
};

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_REFUSED_CHANGES_H_
