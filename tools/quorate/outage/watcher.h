// Watcher: asks every member and broker what it believes, again and again, and
// keeps their lanes. It has a thread of its own; it changes nothing.
//
// Thread-safe.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_WATCHER_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_WATCHER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/quorate/outage/facts.h"

namespace quorate::tools {

struct WatchOptions {
  std::map<int, std::string> members = {};  // "host:port", by id
  std::map<int, std::string> brokers = {};
  std::string topic = {};                // whether the brokers know it
  std::function<int64_t()> now_ms = {};  // since the run began; thread-safe
};

// What one broker says when it is asked.
struct BrokerLook {
  Belief belief = {};
  bool topic_known = false;
  // It is, and each of its partitions has a leader and all replicas in sync.
  bool topic_whole = false;
  int leads = 0;  // partitions of the topic, as it says itself
  std::vector<int64_t> brokers = {};  // those that are registered
};

class Watcher {
 public:
  // Begins at once.
  explicit Watcher(WatchOptions options);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  // Stops.
  ~Watcher();

  // What every broker said last; empty before it was asked.
  std::map<int, BrokerLook> Brokers() const;

  // Lanes and samples so far, into `act`; they begin anew.
  void HandOver(ActFacts& act);

 private:
  class Looker;
  const std::unique_ptr<Looker> looker_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_WATCHER_H_
