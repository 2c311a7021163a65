#include "coord/server/monitor.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "coord/rpc/host.h"
#include "coord/rpc/server.h"
#include "coord/server/http_server.h"
#include "coord/server/metrics.h"
#include "coord/server/process_stats.h"
#include "coord/server/replica_facts.h"
#include "coord/storage/file_system.h"

namespace quorate::server {
namespace {

// How long the replica's thread is waited for.
constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr absl::Duration kLivePatience = absl::Seconds(5);

HttpAnswer NotReady(absl::string_view why) {
  return {503, absl::StrCat(why, "\n")};
}

// Whoever looks at an unsafe member is told.
absl::string_view Mark(const ReplicaFacts& facts) {
  return facts.unsafe ? "; UNSAFE: static membership" : "";
}

}  // namespace

void Monitor::SetPhase(absl::string_view phase) {
  const absl::MutexLock lock(&mutex_);
  phase_ = std::string(phase);
}

void Monitor::Attach(rpc::ReplicaHost& host, const rpc::Server& server) {
  const absl::MutexLock lock(&mutex_);
  host_ = &host;
  server_ = &server;
}

void Monitor::Detach(absl::string_view phase) {
  const absl::MutexLock lock(&mutex_);
  phase_ = std::string(phase);
  host_ = nullptr;
  server_ = nullptr;
}

HttpServer::Handlers Monitor::Handlers() {
  return {{"/metrics", [this] { return Metrics(); }},
          {"/livez", [this] { return Live(); }},
          {"/readyz", [this] { return Ready(); }}};
}

HttpAnswer Monitor::Metrics() {
  MetricsInput input;
  input.timings = &timings_;
  input.events = &events_;
  input.process = ReadProcessStats();
  {
    const absl::MutexLock lock(&mutex_);
    if (host_ != nullptr) {
      input.replica = AskForFacts(*host_, kPatience);
      input.server = server_->stats();
    }
  }
  if (const absl::StatusOr<uint64_t> free = files_.FreeBytes(directory_);
      free.ok()) {
    input.disk_free_bytes = *free;
  }
  return {200, RenderMetrics(input)};
}

HttpAnswer Monitor::Live() {
  const absl::MutexLock lock(&mutex_);
  if (host_ != nullptr && !AskForFacts(*host_, kLivePatience)) {
    return NotReady("the replica's thread does not answer");
  }
  return {200, "alive\n"};
}

HttpAnswer Monitor::Ready() {
  const absl::MutexLock lock(&mutex_);
  if (host_ == nullptr) return NotReady(phase_);
  const std::optional<ReplicaFacts> facts = AskForFacts(*host_, kPatience);
  if (!facts) return NotReady("the replica's thread does not answer");
  if (!facts->stop_reason.ok()) {
    return NotReady(
        absl::StrCat("stopped: ", facts->stop_reason.message(), Mark(*facts)));
  }
  if (!facts->serving) {
    return NotReady(
        absl::StrCat("not serving: ", facts->role,
                     facts->leader.IsNone() ? ", no leader known" : ", loading",
                     Mark(*facts)));
  }
  return {200, absl::StrCat("serving", Mark(*facts), "\n")};
}

}  // namespace quorate::server
