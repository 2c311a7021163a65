#include "coord/consensus/read_queue.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

void ReadQueue::Add(MemberId from, uint64_t token, Zxid zxid) {
  reads_.push_back({from, token, zxid, round_ + 1});
}

bool ReadQueue::WantsRound() const {
  return !reads_.empty() && reads_.back().round > round_;
}

std::vector<ReadQueue::Read> ReadQueue::Confirm(uint64_t round) {
  std::vector<Read> confirmed;
  // A round that has not started confirms nothing, whatever a message says.
  const uint64_t newest = std::min(round, round_);
  while (!reads_.empty() && reads_.front().round <= newest) {
    confirmed.push_back(reads_.front());
    reads_.pop_front();
  }
  return confirmed;
}

std::vector<ReadQueue::Read> ReadQueue::TakeAll() {
  std::vector<Read> all(reads_.begin(), reads_.end());
  reads_.clear();
  return all;
}

}  // namespace quorate::consensus
