#include "coord/tree/snapshot.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "coord/tree/snapshot_format.h"
#include "coord/tree/wire.h"

namespace quorate::tree {
namespace {

// What passing over a znode counts against the bytes that Next() may write.
constexpr size_t kPassingCost = 64;

}  // namespace

Snapshot::Snapshot(StateMachine& state)
    : state_(state),
      zxid_(state.applied()),
      digest_(state.digest()),
      sessions_(state.sessions_) {
  state_.tree_->AddObserver(this);
}

Snapshot::~Snapshot() {
  if (!ended_) state_.tree_->RemoveObserver(this);
}

void Snapshot::BeforeChange(absl::string_view path, const Znode& node) {
  if (&node == at_) at_ = nullptr;  // it may be about to go
  const bool is_passed =
      !position_.empty() && ComparePaths(path, position_) <= 0;
  if (is_passed || node.czxid() > zxid_ || copies_.contains(path)) return;
  copies_.emplace(std::string(path), state_.tree().ImageOf(path, node));
}

bool Snapshot::Next(size_t max_bytes, std::string& out) {
  if (ended_) return false;
  const size_t start = out.size();
  if (!started_) {
    SnapshotRecordWriter record(SnapshotRecord::kHeader, out);
    record->U32(kSnapshotMagic);
    record->U32(kSnapshotVersion);
    record->U64(zxid_.value());
    record->U64(digest_);
    started_ = true;
  }
  do {
    if (out.size() - start >= max_bytes) return true;
  } while (sessions_.Next(out));
  for (size_t cost = out.size() - start; cost < max_bytes;) {
    const size_t before = out.size();
    if (!NextNode(out)) {
      SnapshotRecordWriter record(SnapshotRecord::kEnd, out);
      record->U64(sessions_.num_written());
      record->U64(nodes_written_);
      ended_ = true;
      state_.tree_->RemoveObserver(this);
      return true;
    }
    cost += std::max(kPassingCost, out.size() - before);
  }
  return true;
}

// Writes or passes over one znode; false if there are no more.
bool Snapshot::NextNode(std::string& out) {
  const Tree& tree = state_.tree();
  const Znode* live = position_.empty() ? &tree.root()
                      : at_ != nullptr  ? Tree::Next(*at_)
                                        : tree.FirstAfter(position_);
  std::string path = live ? live->Path() : std::string();
  const auto copy = copies_.begin();
  if (copy == copies_.end() && live == nullptr) return false;
  const int order = copy == copies_.end() ? 1
                    : live == nullptr     ? -1
                                          : ComparePaths(copy->first, path);
  if (order <= 0) {
    position_ = copy->first;
    at_ = order == 0 ? live : nullptr;
    WriteNode(copy->second, out);
    copies_.erase(copy);
    return true;
  }
  if (live->czxid() <= zxid_) WriteNode(tree.ImageOf(path, *live), out);
  position_ = std::move(path);
  at_ = live;
  return true;
}

void Snapshot::WriteNode(const NodeImage& node, std::string& out) {
  const auto [number, is_new_address] = acl_numbers_.try_emplace(node.acl);
  if (is_new_address) {
    std::string encoding;
    WireWriter writer(encoding);
    WriteAcl(*node.acl, writer);
    const auto [id, is_new] =
        acl_ids_.try_emplace(encoding, static_cast<uint32_t>(acl_ids_.size()));
    number->second = id->second;
    if (is_new)
      WriteAcl(*node.acl, *SnapshotRecordWriter(SnapshotRecord::kAcl, out));
  }
  SnapshotRecordWriter record(SnapshotRecord::kNode, out);
  record->String(node.path);
  record->String(node.data);
  record->U32(number->second);
  record->U64(node.czxid.value());
  record->U64(node.mzxid.value());
  record->U64(node.pzxid.value());
  record->I64(node.ctime_ms);
  record->I64(node.mtime_ms);
  record->I32(node.version);
  record->I32(node.aversion);
  record->I32(node.creations);
  record->I64(node.ephemeral_owner);
  ++nodes_written_;
}

}  // namespace quorate::tree
