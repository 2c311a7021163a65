// SessionCore: what is sent.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "coord/client/codec.h"
#include "coord/client/session.h"
#include "coord/client/session_core.h"
#include "coord/client/watch_registry.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

constexpr uint32_t kApiVersion = 1;

// True if a leader must have heard of the session for this to be answered.
bool ProvesLife(const v1::Request& request) {
  return request.has_write() || request.has_ping() ||
         (request.has_read() && !request.read().local());
}

}  // namespace

std::optional<v1::ClientFrame> SessionCore::NextFrame(int64_t now_ms) {
  v1::ClientFrame frame;
  if (phase_ == Phase::kConnecting) {
    Greet(now_ms, frame);
    return frame;
  }
  // Until it is welcomed, a client does not know whether this is its ensemble,
  // nor whether the session that its writes are numbered in is this one.
  if (phase_ != Phase::kLive) return std::nullopt;
  if (resend_at_ms_ == 0) {
    SendRearms(now_ms, frame);
    if (rearms_sent_ == rearms_.size()) SendQueued(now_ms, frame);
  }
  if (ping_due_ && now_ms >= last_proof_sent_ms_ + timeout_ms_ / 3) {
    v1::Request ping;
    ping.mutable_ping();
    Send(ping, SentKind::kPing, 0, now_ms, frame);
  }
  ping_due_ = false;
  if (frame.requests().empty()) return std::nullopt;
  return frame;
}

void SessionCore::Greet(int64_t now_ms, v1::ClientFrame& frame) {
  phase_ = Phase::kGreeting;
  greeted_ms_ = now_ms;
  v1::Hello* hello = frame.mutable_hello();
  hello->set_api_version(kApiVersion);
  EncodePin(pin_, *hello->mutable_pin());
  hello->set_session_id(session_id_);
  hello->set_password(options_.password);
  hello->set_timeout_ms(options_.timeout_ms);
  for (const Credential& credential : credentials_) {
    // Valid: a credential that is not is refused before it gets here.
    (void)EncodeCredential(credential, *hello->add_credentials());
  }
}

bool SessionCore::Fits(size_t bytes) const {
  if (sent_.empty()) return true;
  if (one_at_a_time_) return false;
  return sent_.size() < window_ && sent_bytes_ + bytes <= window_bytes_;
}

void SessionCore::Send(v1::Request& request, SentKind kind, size_t bytes,
                       int64_t now_ms, v1::ClientFrame& frame) {
  Sent sent = {.tag = ++last_tag_,
               .kind = kind,
               .proves_life = ProvesLife(request),
               .bytes = bytes,
               .sent_ms = now_ms};
  request.set_tag(sent.tag);
  if (request.has_write()) {
    request.mutable_write()->set_acked_through(answered_through_);
  }
  if (sent.proves_life) last_proof_sent_ms_ = now_ms;
  sent_bytes_ += bytes;
  sent_.push_back(sent);
  *frame.add_requests() = request;
}

void SessionCore::SendRearms(int64_t now_ms, v1::ClientFrame& frame) {
  size_t frame_bytes = 0;
  while (rearms_sent_ < rearms_.size() && frame_bytes < kMaxFrameBytes) {
    const WatchKey& key = rearms_[rearms_sent_];
    v1::Request request;
    v1::AddWatch* watch = request.mutable_add_watch();
    watch->set_path(key.path);
    watch->set_kind(static_cast<v1::WatchKind>(key.kind));
    watch->set_resume_after(registry_.complete());
    const size_t bytes = request.ByteSizeLong();
    if (!Fits(bytes)) return;
    Send(request, SentKind::kRearm, bytes, now_ms, frame);
    ++rearms_sent_;
    frame_bytes += bytes;
  }
}

void SessionCore::SendQueued(int64_t now_ms, v1::ClientFrame& frame) {
  size_t frame_bytes = 0;
  while (next_ < queue_.size() && Fits(queue_[next_].bytes)) {
    Queued& queued = queue_[next_];
    frame_bytes += queued.bytes;
    // A request that is larger than a frame should be goes alone.
    if (frame_bytes > kMaxFrameBytes && !frame.requests().empty()) return;
    Send(queued.request, SentKind::kRequest, queued.bytes, now_ms, frame);
    ++next_;
  }
}

}  // namespace quorate::client
