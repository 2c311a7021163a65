#include "coord/storage/testing/storage_model.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/hard_state_file.h"
#include "coord/storage/log_record.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

bool SameRecord(const LogRecord& a, const LogRecord& b) {
  const std::string none;
  return a.zxid == b.zxid && a.kind == b.kind &&
         (a.payload ? *a.payload : none) == (b.payload ? *b.payload : none);
}

template <typename... Parts>
absl::Status Differs(const Parts&... parts) {
  return absl::InternalError(absl::StrCat("the model differs: ", parts...));
}

absl::Status CompareLog(const ModelState& model, const RecoveredState& found) {
  if (found.log_base != model.base &&
      !(found.log_base > model.base && found.log_base <= model.limit)) {
    return Differs("base ", ToString(found.log_base), ", expected ",
                   ToString(model.base), " to ", ToString(model.limit));
  }
  size_t i = 0;
  for (const LogRecord& record : model.records) {
    if (record.zxid <= found.log_base) continue;
    if (i == found.log.size() || !SameRecord(record, found.log[i])) {
      return Differs("record ", ToString(record.zxid), " missing or altered");
    }
    ++i;
  }
  if (i == found.log.size()) return absl::OkStatus();
  return Differs("unexpected record ", ToString(found.log[i].zxid));
}

absl::Status CompareSnapshots(const ModelState& model,
                              const OpenedStorage& opened) {
  const std::vector<SnapshotInfo>& found = opened.state.snapshots;
  const Zxid newest = found.empty() ? Zxid() : found.back().zxid;
  if (newest != model.newest_snapshot()) {
    return Differs("newest snapshot ", ToString(newest), ", expected ",
                   ToString(model.newest_snapshot()));
  }
  for (const SnapshotInfo& info : found) {
    const auto expected = model.snapshots.find(info.zxid);
    if (expected == model.snapshots.end()) {
      return Differs("unexpected snapshot ", ToString(info.zxid));
    }
    const auto reader = opened.storage->ReadSnapshot(info.zxid);
    if (!reader.ok()) return reader.status();
    const auto content = (*reader)->Read(0, info.size_bytes + 1);
    if (!content.ok()) return content.status();
    if (*content != expected->second.content ||
        info.meta != expected->second.meta) {
      return Differs("snapshot ", ToString(info.zxid), " altered");
    }
  }
  return absl::OkStatus();
}

absl::Status Compare(const ModelState& model, const OpenedStorage& opened) {
  if (model.hard_state != opened.state.hard_state) return Differs("hard state");
  absl::Status status = CompareLog(model, opened.state);
  return status.ok() ? CompareSnapshots(model, opened) : status;
}

void Truncate(Zxid zxid, ModelState* state) {
  std::erase_if(state->records,
                [&](const LogRecord& record) { return record.zxid > zxid; });
}

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace

void StorageModel::Apply(const ModelStep& step, ModelState* state) {
  std::visit(
      Overloaded{
          [&](const HardState& hard) { state->hard_state = hard; },
          [&](const LogRecord& record) { state->records.push_back(record); },
          [&](const ModelInstall& install) {
            state->records.clear();
            state->base = state->limit = install.zxid;
            state->snapshots[install.zxid] = install.snapshot;
          },
          [&](const ModelPublish& publish) {
            state->snapshots[publish.zxid] = publish.snapshot;
          },
          [&](const ModelTruncate& truncate) {
            Truncate(truncate.zxid, state);
          },
          [&](const ModelCompact& compact) {
            state->limit = std::max(state->limit, compact.zxid);
          },
      },
      step);
}

void StorageModel::Begin(const ModelStep& step) {
  Apply(step, &now_);
  begun_.push_back(step);
}

void StorageModel::Acknowledge() {
  acknowledged_ = now_;
  begun_.clear();
}

absl::Status StorageModel::Recover(const OpenedStorage& opened) {
  // The longest prefix that fits; the difference is told for the shortest.
  ModelState state = acknowledged_;
  absl::Status status = Compare(state, opened);
  if (StorageErrorOf(status).kind != StorageErrorKind::kNone) return status;
  ModelState best = state;
  for (const ModelStep& step : begun_) {
    Apply(step, &state);
    const absl::Status longer = Compare(state, opened);
    if (StorageErrorOf(longer).kind != StorageErrorKind::kNone) return longer;
    if (!longer.ok()) continue;
    status = longer;
    best = state;
  }
  if (!status.ok()) return status;
  std::erase_if(best.records, [&](const LogRecord& record) {
    return record.zxid <= opened.state.log_base;
  });
  best.base = opened.state.log_base;
  now_ = acknowledged_ = std::move(best);
  begun_.clear();
  return absl::OkStatus();
}

}  // namespace quorate::storage
