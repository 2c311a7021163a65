// Scene: one ensemble with its brokers, producers, dead letter queue and
// consumer, as the acts need them. Everything ends with it.
//
// Errors: Local, Timeout, Cancelled (the user wants to stop). Not thread-safe.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_SCENE_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_SCENE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/runner.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"
#include "tools/quorate/outage/broker_stage.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/feeder.h"
#include "tools/quorate/outage/input.h"
#include "tools/quorate/outage/mailroom.h"
#include "tools/quorate/outage/watcher.h"

namespace quorate::tools {

inline constexpr int kBrokers = 3;
inline constexpr char kTopic[] = "lines";

// What all scenes share; outlives them.
struct Production {
  const Patience& patience;
  Timeline& timeline;
  const Input& input;
  std::string coordd = {};
  std::string brokerd = {};
  uint64_t seed = 0;
};

class Scene {
 public:
  // `mode`: kLists with brokers that are not pinned, or kRules with pinned
  // ones. `directory` is there and empty.
  Scene(const Production& production, Mode mode, std::string directory);
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene();

  // Three members, three brokers, a topic, a consumer; all of it serves.
  absl::Status Raise();

  // --- Acts ------------------------------------------------------------------
  // From now on lines are written, and what is seen goes into `act`, whose
  // number is set; it must live until EndAct().
  void BeginAct(ActFacts& act);
  // A moment for the charts and the timeline.
  void Mark(const std::string& text);
  // Goes on until every line was sent, as fast as is good for it, and all that
  // was sent has ended one way or another.
  absl::Status FinishWrites(bool in_a_hurry);
  // Waits until the consumer has processed all that it can be expected to.
  absl::Status AwaitProcessed(const ActFacts& act);
  // Puts what was seen into the act, also if it was cut short.
  absl::Status EndAct();
  // What the consumer's database says of an act, now.
  absl::StatusOr<ProcessedFacts> Processed(const ActFacts& act) const;

  // --- What is done to it ----------------------------------------------------
  Runner& runner() { return *runner_; }
  Stage& members() { return *members_; }
  BrokerStage& brokers() { return *brokers_; }
  Mailroom& mailroom() { return *mailroom_; }
  const Record& record() const { return record_; }

  // "host:port" of members `first` to `last`.
  std::vector<std::string> Endpoints(uint64_t first, uint64_t last) const;
  // The broker that most others take for the controller; 0: none.
  int Controller() const;
  // Waits until all brokers obey one controller, know each other, and every
  // partition has all its replicas in sync.
  absl::Status AwaitWhole(bool with_topic);
  // Restarts a broker as an operator does, with these entries, and waits until
  // it has a controller: what it believes then.
  absl::StatusOr<Belief> RestartBroker(
      int id, const std::vector<std::string>& endpoints);
  // What each broker has said last.
  std::map<int, BrokerLook> Looks() const { return watcher_->Brokers(); }

 private:
  absl::Status RaiseBrokers();
  absl::StatusOr<Belief> AwaitBelief(int id);
  // Messages of an act that were sent.
  int64_t SentIn(const ActFacts& act) const;

  const Production& production_;
  const Mode mode_;
  const std::string directory_;
  const Schedule schedule_;
  const Plan plan_;
  Record record_;
  std::unique_ptr<Stage> members_;
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<BrokerStage> brokers_;
  std::unique_ptr<Watcher> watcher_;
  std::unique_ptr<Mailroom> mailroom_;
  // Of the act that is played.
  ActFacts* act_ = nullptr;
  Feeder* feeder_ = nullptr;
  size_t first_event_ = 0;
  // Of all acts: a producer may tell of a message late.
  std::vector<std::unique_ptr<Feeder>> feeders_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_SCENE_H_
