// Zxid: the identity of a record, and the rank of a history.
//
// As in ZooKeeper, the high 32 bits are the epoch and the low 32 bits a counter
// within it. Every epoch's first record is NEWLEADER, counter 0, so that two
// histories rank as the zxids of their last records do, and two histories that
// hold the same zxid agree in everything before it.
//
// 0:0 means "no record": it stands before the first record of every history.
// The founding record is 0:1, the only record of epoch 0.

#ifndef QUORATE_COORD_CONSENSUS_ZXID_H_
#define QUORATE_COORD_CONSENSUS_ZXID_H_

#include <compare>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"

namespace quorate::consensus {

// Numbers the reigns of leaders; at most one leader is ever elected in each.
using Epoch = uint32_t;

class Zxid {
 public:
  constexpr Zxid() = default;
  constexpr Zxid(Epoch epoch, uint32_t counter)
      : value_((uint64_t{epoch} << 32) | counter) {}

  static constexpr Zxid FromValue(uint64_t value) {
    return Zxid(static_cast<Epoch>(value >> 32), static_cast<uint32_t>(value));
  }

  constexpr uint64_t value() const { return value_; }
  constexpr Epoch epoch() const { return static_cast<Epoch>(value_ >> 32); }
  constexpr uint32_t counter() const { return static_cast<uint32_t>(value_); }
  constexpr bool IsNone() const { return value_ == 0; }

  // The next record of the same epoch. REQUIRES: counter() < 2^32 - 1.
  constexpr Zxid Next() const { return Zxid(epoch(), counter() + 1); }

  constexpr auto operator<=>(const Zxid&) const = default;

 private:
  uint64_t value_ = 0;
};

inline constexpr Zxid kFoundingZxid = Zxid(0, 1);

// "epoch:counter", such as "3:17".
inline std::string ToString(Zxid zxid) {
  return absl::StrCat(zxid.epoch(), ":", zxid.counter());
}

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_ZXID_H_
