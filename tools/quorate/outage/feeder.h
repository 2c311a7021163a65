// Feeder: writes the lines of the input at a steady pace, round and round until
// it is told to finish, and notes what became of each.
//
// Message number n of an act holds line n modulo the number of lines. A line
// that a producer does not take (no memory, a tripped breaker) is offered again
// until it does.
//
// Thread-safe, except that Stop() and the destructor are called by one thread.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_FEEDER_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_FEEDER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "broker/client/delivery.h"
#include "broker/client/producer_core.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/input.h"

namespace quorate::tools {

struct FeedOptions {
  const Input& input;  // outlives the feeder
  int act = 0;
  std::string topic = {};
  double per_second = 1;
  // As broker::Producer::Send(); lines go to them in turns. At least one.
  using Told = std::function<void(const broker::Delivery&)>;
  std::vector<std::function<absl::Status(broker::Message, Told)>> producers =
      {};
  std::function<int64_t()> now_ms = {};  // since the run began; thread-safe
};

class Feeder {
 public:
  // Begins at once.
  explicit Feeder(FeedOptions options);
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;
  // REQUIRES: every message that was taken has been told of.
  ~Feeder();

  void SetPace(double per_second);
  // It ends by itself as soon as every line was taken by a producer once; at
  // once if they have been.
  void Finish();
  bool HasSentAll() const;
  // Nothing more is sent after it has returned.
  void Stop();

  // Messages 0 to sent() - 1 were taken by producers.
  int64_t sent() const;
  // How many of them have ended.
  int64_t ended() const;
  std::vector<WriteFact> writes() const;

 private:
  void Run();
  // False: it is to stop.
  bool AwaitTurn(int64_t number);
  // False: it is to stop, and the message was not taken.
  bool SendOne(int64_t number);
  void Note(int64_t sent_ms, bool refused, const broker::Delivery& delivery);

  const FeedOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool finishing_ = false;
  double per_second_;
  int64_t pace_since_ms_ = 0;  // message `pace_from_` is due then
  int64_t pace_from_ = 0;
  int64_t sent_ = 0;
  std::vector<WriteFact> writes_;
  std::thread thread_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_FEEDER_H_
