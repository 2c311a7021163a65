// ReplicaThread: the one thread that drives a replica.
//
// In turns: it ticks when it is time, runs the works that were posted (some
// hundred at most, so that no output waits long), takes one output and hands it
// out. So everything that happened during a turn shares one batch
// for the log and one frame for each peer.
//
// A process that was paused just finds that much time went by.

#ifndef QUORATE_COORD_SERVER_REPLICA_THREAD_H_
#define QUORATE_COORD_SERVER_REPLICA_THREAD_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/output.h"
#include "coord/replica/replica.h"
#include "coord/rpc/host.h"
#include "coord/server/timings.h"

namespace quorate::server {

// Who takes what the replica gives. All are called on the replica's thread and
// must not block.
struct ReplicaOutlets {
  std::function<void(std::vector<replica::Job>)> jobs;
  rpc::DeliverySink* deliveries = nullptr;
  rpc::PeerSink* peers = nullptr;
  std::function<void(const std::vector<consensus::Event>&)> events;
  // It begins or ceases to serve. Not serving at first.
  std::function<void(bool)> serving;
  // It has seen nothing of the world for so long: the process was paused, or
  // the machine is overloaded.
  std::function<void(int64_t ms)> paused;
  // It has stopped for good: why. Once.
  std::function<void(const absl::Status&)> stopped;
};

class ReplicaThread final : public rpc::ReplicaHost {
 public:
  // Works of one turn.
  static constexpr size_t kMaxTurnWorks = 512;

  // Does not start yet: works may be posted and wait. `timings` must outlive
  // this. Ticks every `tick_ms`; a tick after `pause_ms` or more is a pause.
  ReplicaThread(std::unique_ptr<replica::Replica> replica, int64_t tick_ms,
                int64_t pause_ms, Timings& timings);
  // Stops.
  ~ReplicaThread() override;

  // The outlets must work until Stop() has returned. Call once.
  void Start(ReplicaOutlets outlets);
  // Ends the thread after the turn under way. Works that wait are destroyed
  // without having run.
  void Stop();

  void Post(std::function<void(replica::Replica&)> work) override;

 private:
  struct Work {
    std::function<void(replica::Replica&)> run;
    int64_t posted_us = 0;
  };
  // On a leader: what was proposed up to `zxid` by the end of a turn.
  struct Proposed {
    consensus::Zxid zxid;
    int64_t at_us = 0;
  };

  void Run();
  // Waits for works until it is time to tick; false: to stop.
  bool Take(std::deque<Work>* works);
  void RunTurn(std::deque<Work>* works);
  replica::Output TakeOutput();
  void HandOut(replica::Output output);
  void Observe(int64_t begin_us, size_t works);
  void ObserveQuorum(int64_t now_us);
  void TellState();

  const std::unique_ptr<replica::Replica> replica_;
  const int64_t tick_us_;
  const int64_t pause_ms_;
  Timings& timings_;
  ReplicaOutlets outlets_;

  // The thread's.
  int64_t ticked_us_ = 0;
  bool serving_ = false;
  bool stopped_ = false;
  std::deque<Proposed> proposed_;  // ascending

  // Not Abseil's, whose timed waits go by the wall clock: if that were set
  // back, no tick would come for as long.
  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<Work> posted_;  // guarded by mutex_
  bool stopping_ = false;    // guarded by mutex_
  std::thread thread_;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_REPLICA_THREAD_H_
