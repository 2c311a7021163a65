#include "tests/simulation/ensemble/checks/shown.h"

#include <algorithm>
#include <cstdint>

#include "coord/consensus/zxid.h"
#include "tests/simulation/ensemble/history.h"

namespace quorate::simulation {

using consensus::Zxid;

Shown::Shown(const History& history) {
  for (const ConnectionRecord& connection : history.connections) {
    Add(connection);
  }
  Order();
}

Shown::Shown(const ConnectionRecord& connection) {
  Add(connection);
  Order();
}

void Shown::Add(const ConnectionRecord& connection) {
  for (const HeardRecord& heard : connection.heard) {
    const Zxid zxid = ZxidOf(heard.message);
    if (!zxid.IsNone()) marks_.emplace_back(heard.sequence, zxid);
  }
}

void Shown::Order() {
  std::sort(marks_.begin(), marks_.end());
  Zxid highest;
  for (auto& [sequence, zxid] : marks_) {
    zxid = highest = std::max(highest, zxid);
  }
}

Zxid Shown::Before(uint64_t sequence) const {
  const auto after = std::lower_bound(
      marks_.begin(), marks_.end(), sequence,
      [](const auto& mark, uint64_t number) { return mark.first < number; });
  return after == marks_.begin() ? Zxid() : std::prev(after)->second;
}

}  // namespace quorate::simulation
