// TestMember: one member with a real replica and a real server, whose disk is
// in memory, for tests.
//
//   TestMember member(1);                   // listens
//   member.Found({{1, member.address()}});  // and begins to live
//   member.AwaitServing();

#ifndef QUORATE_COORD_RPC_TESTING_TEST_MEMBER_H_
#define QUORATE_COORD_RPC_TESTING_TEST_MEMBER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/options.h"
#include "coord/replica/output.h"
#include "coord/replica/replica.h"
#include "coord/replica/testing/disk.h"
#include "coord/rpc/host.h"
#include "coord/rpc/server.h"
#include "coord/rpc/server_options.h"

namespace quorate::rpc {

class TestMember : public ReplicaHost, public SnapshotSource {
 public:
  explicit TestMember(uint64_t id, ServerOptions options = {});
  ~TestMember() override;

  const std::string& address() const { return address_; }
  uint64_t id() const { return id_; }
  Server& server() { return *server_; }

  // Starts the replica, as a founder of an ensemble of these (id to address),
  // or as one that asks `seed` for admission. `options`: all but the core's
  // address, manifest and seeds.
  void Found(const std::map<uint64_t, std::string>& founders,
             replica::Options options = {});
  void Join(const std::string& seed, replica::Options options = {});

  // Runs `ask` on the replica's thread and returns what it says.
  template <typename T>
  T Ask(std::function<T(replica::Replica&)> ask) {
    std::optional<T> answer;
    absl::Mutex mutex;
    Post([&](replica::Replica& replica) {
      T said = ask(replica);
      absl::MutexLock lock(&mutex);
      answer = std::move(said);
    });
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(
        +[](std::optional<T>* a) { return a->has_value(); }, &answer));
    return *std::move(answer);
  }
  // Waits until `holds` does; asks after each change.
  void Await(const std::function<bool(replica::Replica&)>& holds)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void AwaitServing();

  // Works wait from now on, as on a replica that is busy; and go on.
  void Pause() ABSL_LOCKS_EXCLUDED(mutex_);
  void Resume() ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends the replica's thread; works that wait are dropped.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  // As ReplicaHost and SnapshotSource.
  void Post(std::function<void(replica::Replica&)> work) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Bytes> ReadSnapshot(consensus::Zxid zxid, uint64_t offset,
                                     uint64_t length) override
      ABSL_LOCKS_EXCLUDED(disk_mutex_);

 private:
  using Work = std::function<void(replica::Replica&)>;

  void Start(replica::Options options);
  void Run(const replica::Options& options);
  // Waits for works, at most until the next tick.
  std::deque<Work> TakeWorks(bool& stopping) ABSL_LOCKS_EXCLUDED(mutex_);
  void CarryOut(replica::Replica& replica);
  void DoJob(replica::Replica& replica, replica::Job& job)
      ABSL_LOCKS_EXCLUDED(disk_mutex_);
  bool MayTake() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || (!paused_ && !works_.empty());
  }

  const uint64_t id_;
  std::string address_;

  absl::Mutex mutex_;
  std::deque<Work> works_ ABSL_GUARDED_BY(mutex_);
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // What the replica's thread was asked to wait for.
  const std::function<bool(replica::Replica&)>* awaited_
      ABSL_GUARDED_BY(mutex_) = nullptr;

  absl::Mutex disk_mutex_;
  replica::MemoryDisk disk_ ABSL_GUARDED_BY(disk_mutex_);

  std::unique_ptr<Server> server_;
  std::thread thread_;
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_TESTING_TEST_MEMBER_H_
