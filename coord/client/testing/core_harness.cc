#include "coord/client/testing/core_harness.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/client/session_core.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {

namespace v1 = coord::v1;

CoreOptions HarnessOptions(size_t endpoints) {
  CoreOptions options;
  for (size_t i = 1; i <= endpoints; ++i) {
    options.endpoints.push_back(absl::StrCat("member", i, ":7000"));
  }
  options.password = "passwordpassword";
  options.timeout_ms = 9'000;
  return options;
}

CoreHarness::CoreHarness(CoreOptions options)
    : core(std::move(options), /*seed=*/1, now_ms) {
  Pump();
}

void CoreHarness::Pump() {
  CoreOutput output = core.TakeOutput();
  if (output.disconnect) {
    if (attempt != 0) ++disconnects;
    attempt = 0;
    hello.reset();
    requests.clear();
  }
  if (output.connect) {
    QUORATE_CHECK(attempt == 0);
    attempt = output.connect->attempt;
    endpoint = output.connect->endpoint;
    endpoints_tried.push_back(endpoint);
  }
  for (Notice& notice : output.notices) notices_.push_back(std::move(notice));
  while (std::optional<v1::ClientFrame> frame = core.NextFrame(now_ms)) {
    QUORATE_CHECK(attempt != 0);
    ++frames;
    if (frame->has_hello()) hello = frame->hello();
    for (const v1::Request& request : frame->requests()) {
      requests.push_back(request);
    }
  }
}

void CoreHarness::Advance(int64_t ms) {
  const int64_t end = now_ms + ms;
  while (core.NextTick() <= end) {
    now_ms = std::max(now_ms, core.NextTick());
    core.Tick(now_ms);
    Pump();
    // Due at once, and with nothing done: it would never end.
    if (core.NextTick() <= now_ms) ++now_ms;
  }
  now_ms = std::max(now_ms, end);
}

void CoreHarness::AdvanceToConnect() {
  for (int i = 0; i < 60'000 && attempt == 0; ++i) Advance(1);
  QUORATE_CHECK(attempt != 0);
}

v1::ServerMessage CoreHarness::WelcomeMessage(uint64_t zxid) {
  v1::ServerMessage message;
  v1::Welcome* welcome = message.mutable_welcome();
  welcome->set_ensemble_id(kHarnessEnsemble);
  welcome->set_member_id(1);
  welcome->set_session_id(kHarnessSession);
  welcome->set_timeout_ms(9'000);
  welcome->set_zxid(zxid);
  welcome->set_max_outstanding(100);
  welcome->set_max_outstanding_bytes(1 << 20);
  return message;
}

void CoreHarness::Give(const v1::ServerMessage& message) {
  v1::ServerFrame frame;
  *frame.add_messages() = message;
  core.OnFrame(attempt, frame, now_ms);
  Pump();
}

void CoreHarness::Welcome(uint64_t zxid) { Give(WelcomeMessage(zxid)); }

v1::Reply CoreHarness::NextReply() {
  QUORATE_CHECK(!requests.empty());
  v1::Reply reply;
  reply.set_tag(requests.front().tag());
  requests.erase(requests.begin());
  return reply;
}

void CoreHarness::GiveReply(const v1::Reply& reply) {
  v1::ServerMessage message;
  *message.mutable_reply() = reply;
  Give(message);
}

void CoreHarness::AnswerWrite(uint64_t zxid, const std::string& path) {
  v1::Reply reply = NextReply();
  reply.set_zxid(zxid);
  reply.mutable_write()->set_path(path);
  GiveReply(reply);
}

void CoreHarness::AnswerOk(uint64_t zxid) {
  v1::Reply reply = NextReply();
  reply.set_zxid(zxid);
  GiveReply(reply);
}

void CoreHarness::Refuse(const std::string& kind, bool not_taken,
                         absl::StatusCode code, uint64_t zxid) {
  v1::Reply reply = NextReply();
  reply.set_not_taken(not_taken);
  reply.set_zxid(zxid);
  reply.mutable_error()->set_kind(kind);
  reply.mutable_error()->set_code(static_cast<int>(code));
  GiveReply(reply);
}

void CoreHarness::GiveEvent(v1::EventType type, const std::string& path,
                            uint64_t zxid) {
  v1::ServerMessage message;
  message.mutable_event()->set_type(type);
  message.mutable_event()->set_path(path);
  message.mutable_event()->set_zxid(zxid);
  Give(message);
}

void CoreHarness::GiveGap(const std::string& path, v1::WatchKind kind,
                          uint64_t zxid) {
  v1::ServerMessage message;
  message.mutable_event()->set_gap(true);
  message.mutable_event()->set_kind(kind);
  message.mutable_event()->set_path(path);
  message.mutable_event()->set_zxid(zxid);
  Give(message);
}

void CoreHarness::Goodbye(const std::string& kind, absl::StatusCode code) {
  v1::ServerMessage message;
  v1::ErrorDetail* error = message.mutable_goodbye()->mutable_error();
  error->set_kind(kind);
  error->set_code(static_cast<int>(code));
  error->set_message(kind);
  Give(message);
}

void CoreHarness::BreakConnection() {
  core.OnBroken(attempt, absl::UnavailableError("broken"), now_ms);
  Pump();
}

std::vector<Notice> CoreHarness::TakeNotices() {
  return std::exchange(notices_, {});
}

std::vector<Completion> CoreHarness::TakeCompletions() {
  std::vector<Completion> completions;
  std::erase_if(notices_, [&](Notice& notice) {
    Completion* completion = std::get_if<Completion>(&notice);
    if (completion == nullptr) return false;
    completions.push_back(std::move(*completion));
    return true;
  });
  return completions;
}

std::vector<Firing> CoreHarness::TakeFirings() {
  std::vector<Firing> firings;
  std::erase_if(notices_, [&](Notice& notice) {
    Firing* firing = std::get_if<Firing>(&notice);
    if (firing == nullptr) return false;
    firings.push_back(std::move(*firing));
    return true;
  });
  return firings;
}

std::vector<int64_t> CoreHarness::SentWrites() const {
  std::vector<int64_t> ids;
  for (const v1::Request& request : requests) {
    if (request.has_write()) ids.push_back(request.write().request_id());
  }
  return ids;
}

}  // namespace quorate::client
