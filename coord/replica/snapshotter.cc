#include "coord/replica/snapshotter.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coord/base/check.h"
#include "coord/consensus/configuration_history.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/replica/record_codec.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/state_machine.h"

namespace quorate::replica {

void Snapshotter::Begin(tree::StateMachine& state,
                        consensus::ConfigurationHistory::Entry configuration,
                        std::vector<Job>& jobs) {
  QUORATE_CHECK(IsIdle());
  snapshot_ = std::make_unique<tree::Snapshot>(state);
  zxid_ = snapshot_->zxid();
  configuration_ = std::move(configuration);
  jobs.emplace_back(SnapshotBegin{*zxid_});
  MakePiece(jobs);
}

void Snapshotter::MakePiece(std::vector<Job>& jobs) {
  if (snapshot_ == nullptr || in_flight_ >= kMaxInFlight) return;
  std::string data;
  const bool more = snapshot_->Next(piece_bytes_, data);
  if (!data.empty()) {
    ++in_flight_;
    jobs.emplace_back(SnapshotPiece{*zxid_, std::move(data)});
  }
  if (more) return;
  snapshot_ = nullptr;
  const consensus::SnapshotMeta meta{*zxid_, configuration_.configuration,
                                     configuration_.zxid, 0};
  jobs.emplace_back(SnapshotFinish{*zxid_, EncodeSnapshotMeta(meta)});
}

void Snapshotter::PieceWritten() {
  if (in_flight_ > 0) --in_flight_;
}

std::optional<consensus::SnapshotMeta> Snapshotter::Published(
    consensus::Zxid zxid, uint64_t size_bytes) {
  if (zxid_ != zxid || snapshot_ != nullptr) return std::nullopt;
  consensus::SnapshotMeta meta{zxid, configuration_.configuration,
                               configuration_.zxid, size_bytes};
  Forget();
  return meta;
}

bool Snapshotter::Failed() {
  if (IsIdle()) return false;
  Forget();
  return true;
}

void Snapshotter::Abandon(std::vector<Job>& jobs) {
  if (IsIdle()) return;
  jobs.emplace_back(SnapshotAbandon{*zxid_});
  Forget();
}

void Snapshotter::Forget() {
  zxid_.reset();
  snapshot_ = nullptr;
  configuration_ = {};
  in_flight_ = 0;
}

}  // namespace quorate::replica
