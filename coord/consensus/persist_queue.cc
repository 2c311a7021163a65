#include "coord/consensus/persist_queue.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "coord/base/check.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

void PersistQueue::Add(Item item) {
  QUORATE_CHECK(items_.empty() || items_.back().id < item.id);
  items_.push_back(std::move(item));
}

std::vector<Envelope> PersistQueue::Complete(uint64_t id) {
  std::vector<Envelope> released;
  // An id that was never handed out promises nothing.
  if (items_.empty() || id > items_.back().id) return released;
  while (!items_.empty() && items_.front().id <= id) {
    Item& item = items_.front();
    durable_ = item.log_end;
    durable_epoch_ = std::max(durable_epoch_, item.accepted_epoch);
    released.insert(released.end(), std::make_move_iterator(item.held.begin()),
                    std::make_move_iterator(item.held.end()));
    items_.pop_front();
  }
  return released;
}

bool PersistQueue::Hold(Envelope& envelope) {
  for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
    if (!item->hard_state) continue;
    item->held.push_back(std::move(envelope));
    return true;
  }
  return false;
}

void PersistQueue::LogTruncated(Zxid zxid) {
  durable_ = std::min(durable_, zxid);
  for (Item& item : items_) item.log_end = std::min(item.log_end, zxid);
}

void PersistQueue::LogReset() {
  durable_ = Zxid();
  for (Item& item : items_) item.log_end = Zxid();
}

std::optional<int64_t> PersistQueue::oldest_ms() const {
  if (items_.empty()) return std::nullopt;
  return items_.front().since_ms;
}

}  // namespace quorate::consensus
