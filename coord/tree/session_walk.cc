#include "coord/tree/session_walk.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "coord/tree/snapshot_format.h"
#include "coord/tree/txn_result.h"

namespace quorate::tree {

SessionWalk::SessionWalk(SessionTable& table) : table_(table) {
  table_.AddObserver(this);
}

SessionWalk::~SessionWalk() {
  if (!ended_) table_.RemoveObserver(this);
}

void SessionWalk::BeforeSessionChange(SessionId id, const Session* session) {
  if (position_ && id <= *position_) return;
  const auto [copy, inserted] = copies_.try_emplace(id);
  if (inserted && session != nullptr) copy->second = *session;
}

bool SessionWalk::Next(std::string& out) {
  if (ended_) return false;
  const auto result = current_.results.find(next_result_);
  if (result != current_.results.end()) {
    SnapshotRecordWriter record(SnapshotRecord::kResult, out);
    WriteResult(result->second, *record);
    ++next_result_;
    return true;
  }
  if (!Advance()) {
    ended_ = true;
    table_.RemoveObserver(this);
    return false;
  }
  SnapshotRecordWriter record(SnapshotRecord::kSession, out);
  record->I64(position_->value);
  record->I32(current_.timeout_ms);
  record->String(current_.password);
  record->I64(current_.last_request_id);
  record->U32(static_cast<uint32_t>(current_.results.size()));
  next_result_ = current_.results.empty() ? 0 : current_.results.begin()->first;
  ++num_written_;
  return true;
}

bool SessionWalk::Advance() {
  const SessionTable::Map& live = table_.sessions();
  for (;;) {
    const auto next = position_ ? live.upper_bound(*position_) : live.begin();
    const auto copy = copies_.begin();
    if (next == live.end() && copy == copies_.end()) return false;
    if (copy == copies_.end() ||
        (next != live.end() && next->first < copy->first)) {
      position_ = next->first;
      current_ = next->second;
      return true;
    }
    position_ = copy->first;
    std::optional<Session> session = std::move(copy->second);
    copies_.erase(copy);
    if (!session) continue;  // opened since
    current_ = *std::move(session);
    return true;
  }
}

}  // namespace quorate::tree
