#include "coord/replica/read_batches.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"

namespace quorate::replica {

uint64_t ReadBatches::Join(ConnectionId connection) {
  if (open_.empty() || open_.back() != connection) open_.push_back(connection);
  return next_token_;
}

std::optional<uint64_t> ReadBatches::TakeNew() {
  if (open_.empty()) return std::nullopt;
  const uint64_t token = next_token_++;
  batches_[token].connections = std::exchange(open_, {});
  return token;
}

void ReadBatches::Answer(const consensus::ReadResult& result) {
  const auto found = batches_.find(result.token);
  if (found == batches_.end()) return;  // a later one has served its reads
  if (result.ok) {
    found->second.zxid = result.zxid;
  } else {
    found->second.failed = true;
  }
}

std::vector<ConnectionId> ReadBatches::TakeReady(consensus::Zxid applied) {
  uint64_t last = 0;
  for (const auto& [token, batch] : batches_) {
    if (batch.zxid.has_value() && *batch.zxid <= applied) last = token;
  }
  std::vector<ConnectionId> ready;
  while (!batches_.empty() && batches_.begin()->first <= last) {
    const std::vector<ConnectionId>& connections =
        batches_.begin()->second.connections;
    ready.insert(ready.end(), connections.begin(), connections.end());
    batches_.erase(batches_.begin());
  }
  if (last > ready_through_) ready_through_ = last;
  return ready;
}

void ReadBatches::Retry() {
  for (auto batch = batches_.begin(); batch != batches_.end();) {
    if (!batch->second.failed) {
      ++batch;
      continue;
    }
    const std::vector<ConnectionId>& connections = batch->second.connections;
    open_.insert(open_.end(), connections.begin(), connections.end());
    batch = batches_.erase(batch);
  }
}

void ReadBatches::Clear() {
  open_.clear();
  batches_.clear();
}

}  // namespace quorate::replica
