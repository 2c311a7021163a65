#include "coord/rpc/testing/test_member.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/options.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/options.h"
#include "coord/replica/output.h"
#include "coord/replica/replica.h"
#include "coord/replica/testing/disk.h"
#include "coord/rpc/server.h"

namespace quorate::rpc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kTick = std::chrono::milliseconds(20);

int64_t Milliseconds(Clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration)
      .count();
}

}  // namespace

TestMember::TestMember(uint64_t id, ServerOptions options)
    : id_(id), disk_({MemberId{id}, Incarnation{0x1000 + id}}) {
  if (options.listen_address.empty()) options.listen_address = "127.0.0.1:0";
  if (options.version.empty()) options.version = "test";
  auto server = Server::Start(options, *this, *this);
  QUORATE_CHECK(server.ok());
  server_ = *std::move(server);
  address_ = absl::StrCat("127.0.0.1:", server_->port());
}

TestMember::~TestMember() {
  server_->Shutdown();
  Stop();
}

void TestMember::Found(const std::map<uint64_t, std::string>& founders,
                       replica::Options options) {
  consensus::Manifest manifest;
  for (const auto& [id, address] : founders) {
    manifest.founders.push_back({.id = MemberId{id}, .address = address});
  }
  // Short, so that tests of membership need not wait.
  manifest.limits.stabilisation_ms = 1'000;
  manifest.limits.promotion_distance_ms = 1'000;
  if (founders.size() == 1) {
    // Nobody can be late.
    options.core.heartbeat_ms = 20;
    options.core.election_ms = 60;
  }
  options.core.manifest = manifest;
  Start(std::move(options));
}

void TestMember::Join(const std::string& seed, replica::Options options) {
  options.core.seeds = {seed};
  Start(std::move(options));
}

void TestMember::Start(replica::Options options) {
  options.core.address = address_;
  options.core.fresh_ensemble_id = {.high = 0xabcd, .low = id_};
  thread_ = std::thread([this, options] { Run(options); });
}

void TestMember::Stop() {
  std::deque<Work> dropped;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    dropped.swap(works_);
  }
  dropped.clear();
  if (thread_.joinable()) thread_.join();
}

void TestMember::Post(Work work) {
  absl::MutexLock lock(&mutex_);
  if (!stopping_) works_.push_back(std::move(work));
}

void TestMember::Pause() {
  absl::MutexLock lock(&mutex_);
  paused_ = true;
}

void TestMember::Resume() {
  absl::MutexLock lock(&mutex_);
  paused_ = false;
}

void TestMember::Await(const std::function<bool(replica::Replica&)>& holds) {
  absl::MutexLock lock(&mutex_);
  awaited_ = &holds;
  mutex_.Await(absl::Condition(
      +[](const std::function<bool(replica::Replica&)>** awaited) {
        return *awaited == nullptr;
      },
      &awaited_));
}

void TestMember::AwaitServing() {
  Await([](replica::Replica& replica) { return replica.IsServing(); });
}

std::deque<TestMember::Work> TestMember::TakeWorks(bool& stopping) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &TestMember::MayTake),
                          absl::FromChrono(kTick));
  stopping = stopping_;
  std::deque<Work> works;
  if (!paused_) works.swap(works_);
  return works;
}

void TestMember::Run(const replica::Options& options) {
  std::unique_ptr<replica::Replica> replica;
  {
    absl::MutexLock lock(&disk_mutex_);
    replica = std::make_unique<replica::Replica>(options, disk_.Recover(),
                                                 0x5eed + id_);
  }
  int64_t wall_ms = 1'700'000'000'000;
  Clock::time_point ticked = Clock::now();
  for (bool stopping = false; !stopping;) {
    for (const Work& work : TakeWorks(stopping)) work(*replica);
    const int64_t elapsed_ms = Milliseconds(Clock::now() - ticked);
    if (elapsed_ms >= Milliseconds(kTick)) {
      ticked += std::chrono::milliseconds(elapsed_ms);
      wall_ms += elapsed_ms;
      replica->Tick(elapsed_ms, wall_ms);
    }
    CarryOut(*replica);
    absl::MutexLock lock(&mutex_);
    if (awaited_ != nullptr && (*awaited_)(*replica)) awaited_ = nullptr;
  }
}

void TestMember::CarryOut(replica::Replica& replica) {
  for (;;) {
    replica::Output output = replica.TakeOutput();
    if (output.IsEmpty()) return;
    for (replica::Job& job : output.jobs) DoJob(replica, job);
    server_->peers().Send(std::move(output.consensus_messages));
    server_->peers().Send(std::move(output.peer_messages));
    server_->deliveries().Deliver(std::move(output.deliveries));
  }
}

void TestMember::DoJob(replica::Replica& replica, replica::Job& job) {
  absl::MutexLock lock(&disk_mutex_);
  if (const auto* write = std::get_if<replica::WriteBatch>(&job)) {
    disk_.Write(write->batch);
    replica.Written(write->id);
  } else if (const auto* begin = std::get_if<replica::SnapshotBegin>(&job)) {
    disk_.Begin(*begin);
  } else if (const auto* piece = std::get_if<replica::SnapshotPiece>(&job)) {
    disk_.Append(*piece);
    replica.SnapshotPieceWritten();
  } else if (const auto* finish = std::get_if<replica::SnapshotFinish>(&job)) {
    disk_.Finish(*finish);
    const std::optional<uint64_t> size = disk_.Publish(finish->zxid);
    if (size) {
      replica.SnapshotPublished(finish->zxid, *size);
    } else {
      replica.SnapshotFailed(absl::AbortedError("there is a newer one"));
    }
  } else if (std::holds_alternative<replica::SnapshotAbandon>(job)) {
    disk_.Abandon();
  } else if (const auto* load = std::get_if<replica::LoadSnapshot>(&job)) {
    replica.SnapshotLoaded(disk_.Load(load->zxid));
  } else {
    disk_.Drop(std::get<replica::Compact>(job));
  }
}

absl::StatusOr<Bytes> TestMember::ReadSnapshot(consensus::Zxid zxid,
                                               uint64_t offset,
                                               uint64_t length) {
  absl::MutexLock lock(&disk_mutex_);
  return MakeBytes(disk_.Read(zxid, offset, length));
}

}  // namespace quorate::rpc
