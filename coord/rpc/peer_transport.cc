#include "coord/rpc/peer_transport.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/bytes.h"
#include "coord/consensus/message.h"
#include "coord/replica/peer_message.h"
#include "coord/rpc/codec/peer_codec.h"
#include "coord/rpc/peer_link.h"
#include "coord/rpc/workers.h"

namespace quorate::rpc {
namespace {

// Links that are open at once. An ensemble has less than a hundred members;
// what a member is told of others' addresses is bounded, too.
constexpr size_t kMaxLinks = 512;
// Pieces of snapshots that may wait for the disk.
constexpr size_t kMaxChunksWaiting = 64;
constexpr int64_t kIdleMs = 60'000;
constexpr int64_t kLookForIdleMs = 10'000;

}  // namespace

std::shared_ptr<PeerTransport> PeerTransport::Make(
    std::shared_ptr<Context> context) {
  auto transport = std::make_shared<PeerTransport>(std::move(context));
  transport->CloseIdleLater();
  return transport;
}

void PeerTransport::Send(std::vector<consensus::Envelope> messages) {
  SendAll(std::move(messages));
}

void PeerTransport::Send(std::vector<replica::PeerEnvelope> messages) {
  SendAll(std::move(messages));
}

template <typename Envelope>
void PeerTransport::SendAll(std::vector<Envelope> messages) {
  std::vector<Workers::Task> flushes;
  for (Envelope& envelope : messages) {
    if constexpr (std::is_same_v<Envelope, consensus::Envelope>) {
      if (std::holds_alternative<consensus::SnapshotChunk>(envelope.message)) {
        SendChunk(std::move(envelope));
        continue;
      }
    }
    Keep(std::move(envelope), PeerMethod::kMessages, flushes);
  }
  if (!flushes.empty()) context_->workers.Add(std::move(flushes));
}

void PeerTransport::Keep(AnyEnvelope envelope, PeerMethod method,
                         std::vector<Workers::Task>& flushes) {
  std::shared_ptr<PeerLink> link = LinkTo(DestinationOf(envelope), method);
  if (link == nullptr) return CountDropped();
  if (!link->Keep(std::move(envelope))) return;
  flushes.push_back([link = std::move(link)] { link->Flush(); });
}

std::shared_ptr<PeerLink> PeerTransport::LinkTo(const std::string& address,
                                                PeerMethod method) {
  absl::MutexLock lock(&mutex_);
  if (closed_ || address.empty()) return nullptr;
  const auto it = links_.find({address, method});
  if (it != links_.end()) return it->second;
  if (links_.size() >= kMaxLinks) return nullptr;
  auto link = PeerLink::Make(context_, address, method);
  links_.emplace(Key(address, method), link);
  return link;
}

void PeerTransport::SendChunk(consensus::Envelope envelope) {
  {
    absl::MutexLock lock(&mutex_);
    if (closed_ || chunks_waiting_ >= kMaxChunksWaiting) return CountDropped();
    chunks_waiting_ += 1;
  }
  auto shared = std::make_shared<consensus::Envelope>(std::move(envelope));
  context_->disk.Add([self = shared_from_this(), shared] {
    self->ReadChunk(std::move(*shared));
  });
}

void PeerTransport::ReadChunk(consensus::Envelope envelope) {
  {
    absl::MutexLock lock(&mutex_);
    chunks_waiting_ -= 1;
    if (closed_) return CountDropped();
  }
  auto& chunk = std::get<consensus::SnapshotChunk>(envelope.message);
  absl::StatusOr<Bytes> data = context_->snapshots.ReadSnapshot(
      chunk.meta.zxid, chunk.offset, chunk.length);
  // The leader asks again, or sends a newer one.
  if (!data.ok()) return CountDropped();
  chunk.data = *std::move(data);
  std::vector<Workers::Task> flushes;
  Keep(std::move(envelope), PeerMethod::kSnapshots, flushes);
  context_->workers.Add(std::move(flushes));
}

void PeerTransport::CloseIdleLater() {
  context_->timer.After(kLookForIdleMs, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->CloseIdle();
    self->CloseIdleLater();
  });
}

void PeerTransport::CloseIdle() {
  std::vector<std::shared_ptr<PeerLink>> idle;
  {
    absl::MutexLock lock(&mutex_);
    for (auto it = links_.begin(); it != links_.end();) {
      if (it->second->IsIdle(kIdleMs)) {
        idle.push_back(std::move(it->second));
        it = links_.erase(it);
      } else {
        ++it;
      }
    }
  }
  for (const std::shared_ptr<PeerLink>& link : idle) link->Close();
}

void PeerTransport::Shutdown() {
  std::vector<std::shared_ptr<PeerLink>> links;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    for (auto& [key, link] : links_) links.push_back(std::move(link));
    links_.clear();
  }
  for (const std::shared_ptr<PeerLink>& link : links) link->Close();
  for (const std::shared_ptr<PeerLink>& link : links) link->AwaitClosed();
}

}  // namespace quorate::rpc
