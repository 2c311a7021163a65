#include "coord/server/replica_thread.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "coord/consensus/core.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/replica/replica.h"
#include "coord/server/monotonic_clock.h"
#include "coord/server/timings.h"

namespace quorate::server {
namespace {

// Turns whose proposals wait for a quorum, and are timed.
constexpr size_t kMaxProposed = 4096;

int64_t WallMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ReplicaThread::ReplicaThread(std::unique_ptr<replica::Replica> replica,
                             int64_t tick_ms, int64_t pause_ms,
                             Timings& timings)
    : replica_(std::move(replica)),
      tick_us_(std::max<int64_t>(tick_ms, 1) * 1000),
      pause_ms_(pause_ms),
      timings_(timings) {}

ReplicaThread::~ReplicaThread() { Stop(); }

void ReplicaThread::Start(ReplicaOutlets outlets) {
  outlets_ = std::move(outlets);
  ticked_us_ = MonotonicUs();
  thread_ = std::thread([this] { Run(); });
}

void ReplicaThread::Stop() {
  std::deque<Work> dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    dropped.swap(posted_);
  }
  wanted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ReplicaThread::Post(std::function<void(replica::Replica&)> work) {
  const int64_t now_us = MonotonicUs();
  const std::scoped_lock lock(mutex_);
  if (stopping_) return;
  posted_.push_back({std::move(work), now_us});
  // The thread takes all that waits: only the first one has to wake it.
  if (posted_.size() == 1) wanted_.notify_one();
}

void ReplicaThread::Run() {
  replica_->Tick(0, WallMs());
  HandOut(replica_->TakeOutput());
  std::deque<Work> works;
  while (Take(&works)) RunTurn(&works);
}

bool ReplicaThread::Take(std::deque<Work>* works) {
  std::unique_lock lock(mutex_);
  if (works->empty()) {
    const int64_t wait_us = ticked_us_ + tick_us_ - MonotonicUs();
    wanted_.wait_for(lock,
                     std::chrono::microseconds(std::max<int64_t>(wait_us, 0)),
                     [this] { return stopping_ || !posted_.empty(); });
    works->swap(posted_);
  }
  return !stopping_;
}

void ReplicaThread::RunTurn(std::deque<Work>* works) {
  const int64_t begin_us = MonotonicUs();
  // First, so that whoever was paused learns of it before anything else.
  if (begin_us - ticked_us_ >= tick_us_) {
    // What is left of a millisecond counts for the next tick.
    const int64_t elapsed_ms = (begin_us - ticked_us_) / 1000;
    ticked_us_ += elapsed_ms * 1000;
    if (elapsed_ms >= pause_ms_) outlets_.paused(elapsed_ms);
    replica_->Tick(elapsed_ms, WallMs());
  }
  const size_t count = std::min(works->size(), kMaxTurnWorks);
  for (size_t i = 0; i < count; ++i) {
    const Work work = std::move(works->front());
    works->pop_front();
    timings_.queue_us.Observe(
        static_cast<uint64_t>(std::max<int64_t>(begin_us - work.posted_us, 0)));
    work.run(*replica_);
  }
  HandOut(TakeOutput());
  if (count > 0) Observe(begin_us, count);
}

// The replica applies while it makes its output.
replica::Output ReplicaThread::TakeOutput() {
  const consensus::Zxid applied = replica_->state().applied();
  const int64_t begin_us = MonotonicUs();
  replica::Output output = replica_->TakeOutput();
  if (replica_->state().applied() != applied) {
    timings_.apply_us.Observe(static_cast<uint64_t>(MonotonicUs() - begin_us));
  }
  return output;
}

void ReplicaThread::HandOut(replica::Output output) {
  if (!output.jobs.empty()) outlets_.jobs(std::move(output.jobs));
  if (!output.consensus_messages.empty()) {
    outlets_.peers->Send(std::move(output.consensus_messages));
  }
  if (!output.peer_messages.empty()) {
    outlets_.peers->Send(std::move(output.peer_messages));
  }
  if (!output.deliveries.empty()) {
    outlets_.deliveries->Deliver(std::move(output.deliveries));
  }
  if (!output.events.empty()) outlets_.events(output.events);
  TellState();
}

void ReplicaThread::TellState() {
  if (const bool serving = replica_->IsServing(); serving != serving_) {
    serving_ = serving;
    outlets_.serving(serving);
  }
  if (stopped_) return;
  const absl::Status why = replica_->stop_reason();
  if (why.ok()) return;
  stopped_ = true;
  outlets_.stopped(why);
}

void ReplicaThread::Observe(int64_t begin_us, size_t works) {
  const int64_t now_us = MonotonicUs();
  timings_.turn_us.Observe(static_cast<uint64_t>(now_us - begin_us));
  timings_.turn_works.Observe(works);
  ObserveQuorum(now_us);
}

void ReplicaThread::ObserveQuorum(int64_t now_us) {
  const consensus::Core& core = replica_->core();
  if (!core.IsLeader()) {
    proposed_.clear();
    return;
  }
  while (!proposed_.empty() && proposed_.front().zxid <= core.commit()) {
    timings_.quorum_us.Observe(
        static_cast<uint64_t>(now_us - proposed_.front().at_us));
    proposed_.pop_front();
  }
  const consensus::Zxid last = core.log().last();
  if (last > core.commit() && proposed_.size() < kMaxProposed &&
      (proposed_.empty() || proposed_.back().zxid < last)) {
    proposed_.push_back({last, now_us});
  }
}

}  // namespace quorate::server
