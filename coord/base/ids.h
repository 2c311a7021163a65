// Identities: who a member is, and to which ensemble it belongs.
//
// All are plain values, cheap to copy and totally ordered. A default-made
// identity is "none": it names nobody.

#ifndef QUORATE_COORD_BASE_IDS_H_
#define QUORATE_COORD_BASE_IDS_H_

#include <compare>
#include <cstdint>
#include <string>

namespace quorate {

// The number that an operator gives to a member. Unique for ever within an
// ensemble: an id that was removed is never admitted again. 0 means none.
struct MemberId {
  uint64_t value = 0;

  bool IsNone() const { return value == 0; }
  auto operator<=>(const MemberId&) const = default;
};

// Names one life of a data directory: 64 random bits drawn when an empty
// directory is first used. A wiped disk therefore is another member, even under
// the same id. 0 means none.
struct Incarnation {
  uint64_t value = 0;

  bool IsNone() const { return value == 0; }
  auto operator<=>(const Incarnation&) const = default;
};

// A member as quorums count it: the id alone is not enough (rule 4).
struct MemberKey {
  MemberId id;
  Incarnation incarnation;

  bool IsNone() const { return id.IsNone(); }
  auto operator<=>(const MemberKey&) const = default;
};

// 128 random bits, minted once when an ensemble is founded or rescued. Never
// derived from addresses. All zero means none.
struct EnsembleId {
  uint64_t high = 0;
  uint64_t low = 0;

  bool IsNone() const { return high == 0 && low == 0; }
  auto operator<=>(const EnsembleId&) const = default;
};

std::string ToString(MemberId id);                 // "3"
std::string ToString(Incarnation incarnation);     // 16 hexadecimal digits
std::string ToString(const MemberKey& key);        // "3/00000000000000a7"
std::string ToString(const EnsembleId& ensemble);  // 32 hexadecimal digits

}  // namespace quorate

#endif  // QUORATE_COORD_BASE_IDS_H_
