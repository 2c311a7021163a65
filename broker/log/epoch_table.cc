#include "broker/log/epoch_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "coord/base/check.h"

namespace quorate::broker {

void EpochTable::Add(int32_t epoch, int64_t offset) {
  QUORATE_CHECK(epoch >= last_epoch());
  if (epoch > last_epoch()) starts_.push_back({epoch, offset});
}

void EpochTable::TruncateTo(int64_t end_offset) {
  while (!starts_.empty() && starts_.back().offset >= end_offset) {
    starts_.pop_back();
  }
}

void EpochTable::AdvanceStart(int64_t start_offset) {
  size_t below = 0;
  while (below < starts_.size() && starts_[below].offset <= start_offset) {
    ++below;
  }
  if (below == 0) return;
  starts_.erase(starts_.begin(),
                starts_.begin() + static_cast<ptrdiff_t>(below - 1));
  starts_.front().offset = start_offset;
}

EpochTable::End EpochTable::EndFor(int32_t epoch, int64_t log_end) const {
  const auto above =
      std::find_if(starts_.begin(), starts_.end(),
                   [&](const Start& start) { return start.epoch > epoch; });
  const int64_t end = above == starts_.end() ? log_end : above->offset;
  if (above == starts_.begin()) return {-1, end};
  return {(above - 1)->epoch, end};
}

}  // namespace quorate::broker
