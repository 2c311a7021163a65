// Shown: which states had been shown to clients by when.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_SHOWN_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_SHOWN_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "coord/consensus/zxid.h"
#include "tests/simulation/ensemble/history.h"

namespace quorate::simulation {

class Shown {
 public:
  // What anybody heard.
  explicit Shown(const History& history);
  // What was heard on one connection.
  explicit Shown(const ConnectionRecord& connection);

  // The highest zxid heard before `sequence`; none: nothing.
  consensus::Zxid Before(uint64_t sequence) const;

 private:
  void Add(const ConnectionRecord& connection);
  void Order();

  // By sequence number; zxids never go down.
  std::vector<std::pair<uint64_t, consensus::Zxid>> marks_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_SHOWN_H_
