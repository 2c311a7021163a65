// FanOut: one change of a znode that all sessions watch, and who was told of it
// yet. Shared by the threads of a load; thread-safe.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_FAN_OUT_H_
#define QUORATE_TOOLS_QUORATE_BENCH_FAN_OUT_H_

#include <atomic>
#include <cstdint>

namespace quorate::tools {

class FanOut {
 public:
  explicit FanOut(int64_t watchers) : watchers_(watchers) {}

  // The znode is about to be changed.
  void Begin(int64_t now_ns) {
    told_.store(0);
    begun_ns_.store(now_ns);
  }
  void Told() { told_.fetch_add(1); }

  int64_t begun_ns() const { return begun_ns_.load(); }
  bool AllTold() const { return told_.load() >= watchers_; }

 private:
  const int64_t watchers_;
  std::atomic<int64_t> told_ = 0;
  std::atomic<int64_t> begun_ns_ = 0;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_FAN_OUT_H_
