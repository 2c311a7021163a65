#include "tools/quorate/outage/scene.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/coordd_stage.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/runner.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/outage/broker_stage.h"
#include "tools/quorate/outage/effects.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/feeder.h"
#include "tools/quorate/outage/mailroom.h"
#include "tools/quorate/outage/watcher.h"

namespace quorate::tools {
namespace {

// Ends a demo that would never end, on the busiest machine.
constexpr absl::Duration kLongest = absl::Minutes(2);
constexpr absl::Duration kRestartPatience = absl::Minutes(1);
// How long writing the input takes if nothing else decides, and how many lines
// are written a second at least.
constexpr double kPassSeconds = 25;
constexpr double kLeastPerSecond = 20;
// How much faster the rest is written once everything has been seen.
constexpr double kHurry = 4;

absl::StatusOr<std::string> MakeRoom(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return LocalError(absl::StrCat(path, ": ", error.message()));
  return path;
}

double PaceOf(const Input& input) {
  return std::max(kLeastPerSecond,
                  static_cast<double>(input.lines.size()) / kPassSeconds);
}

// The drill's schedule that made the outage.
Schedule TheSchedule() { return SchedulesNamed({"quick"})->front(); }

}  // namespace

Scene::Scene(const Production& production, Mode mode, std::string directory)
    : production_(production),
      mode_(mode),
      directory_(std::move(directory)),
      schedule_(TheSchedule()),
      plan_(PlanOf(schedule_, production.seed)) {}

// The clients end before the brokers, and these before the members.
Scene::~Scene() {
  watcher_.reset();
  if (feeder_ != nullptr) feeder_->Stop();
  mailroom_.reset();
  feeders_.clear();
  brokers_.reset();
}

absl::Status Scene::Raise() {
  const absl::StatusOr<std::string> room =
      MakeRoom(absl::StrCat(directory_, "/members"));
  if (!room.ok()) return room.status();
  absl::StatusOr<std::unique_ptr<Stage>> members =
      mode_ == Mode::kLists
          ? MakeListStage(*room, production_.coordd)
          : MakeRulesStage(*room, production_.coordd, production_.patience,
                           production_.timeline);
  if (!members.ok()) return members.status();
  members_ = *std::move(members);
  runner_ = std::make_unique<Runner>(schedule_, plan_, mode_, *members_,
                                     production_.patience, production_.timeline,
                                     record_);
  absl::Status status = runner_->Found();
  if (status.ok()) status = RaiseBrokers();
  if (!status.ok()) return status;

  const absl::StatusOr<std::string> clients =
      MakeRoom(absl::StrCat(directory_, "/clients"));
  if (!clients.ok()) return clients.status();
  MailroomOptions options{
      .directory = *clients, .topic = kTopic, .unsafe = mode_ == Mode::kLists};
  const Patience& patience = production_.patience;
  options.should_stop = [&patience] {
    return !patience.Wait(absl::ZeroDuration()).ok();
  };
  for (const auto& [id, address] : brokers_->addresses()) {
    options.brokers.push_back(address);
  }
  absl::StatusOr<std::unique_ptr<Mailroom>> mailroom = Mailroom::Make(options);
  if (!mailroom.ok()) return mailroom.status();
  mailroom_ = *std::move(mailroom);
  return AwaitWhole(/*with_topic=*/true);
}

absl::Status Scene::RaiseBrokers() {
  const absl::StatusOr<std::string> room =
      MakeRoom(absl::StrCat(directory_, "/brokers"));
  if (!room.ok()) return room.status();
  absl::StatusOr<std::unique_ptr<BrokerStage>> brokers = BrokerStage::Make(
      *room, production_.brokerd, kBrokers, mode_ == Mode::kRules);
  if (!brokers.ok()) return brokers.status();
  brokers_ = *std::move(brokers);
  absl::Status status = brokers_->Format(Endpoints(1, kOldMembers));
  if (!status.ok()) return status;

  WatchOptions watch{.brokers = brokers_->addresses(), .topic = kTopic};
  for (uint64_t id = 1; id <= kAllMembers; ++id) {
    watch.members[static_cast<int>(id)] = members_->AddressOf(id);
  }
  const Timeline& timeline = production_.timeline;
  watch.now_ms = [&timeline] { return timeline.NowMs(); };
  watcher_ = std::make_unique<Watcher>(std::move(watch));
  // The first one is to be the controller.
  for (const int id : brokers_->Ids()) {
    status = brokers_->Start(id, Endpoints(1, kAllMembers));
    if (status.ok()) status = AwaitBelief(id).status();
    if (!status.ok()) return status;
  }
  status = AwaitWhole(/*with_topic=*/false);
  if (status.ok()) {
    production_.timeline.Say(absl::StrCat("brokers 1 2 3 serve, broker ",
                                          Controller(), " is controller"));
  }
  return status;
}

std::vector<std::string> Scene::Endpoints(uint64_t first, uint64_t last) const {
  std::vector<std::string> endpoints;
  for (uint64_t id = first; id <= last; ++id) {
    endpoints.push_back(members_->AddressOf(id));
  }
  return endpoints;
}

int Scene::Controller() const {
  std::map<int64_t, int> named;
  for (const auto& [id, look] : Looks()) {
    if (look.belief.whom != 0) ++named[look.belief.whom];
  }
  const auto most = std::max_element(
      named.begin(), named.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == named.end() ? 0 : static_cast<int>(most->first);
}

absl::StatusOr<Belief> Scene::AwaitBelief(int id) {
  Belief belief;
  absl::Status ended;
  const absl::Status status = production_.patience.Until(
      [&] {
        belief = Looks()[id].belief;
        ended = brokers_->CheckAll();
        return belief.whom != 0 || !ended.ok();
      },
      kRestartPatience, absl::StrCat("broker ", id, " has a controller"));
  if (!ended.ok()) return ended;
  if (!status.ok()) return status;
  return belief;
}

absl::StatusOr<Belief> Scene::RestartBroker(
    int id, const std::vector<std::string>& endpoints) {
  absl::Status status = brokers_->Stop(id);
  // Nothing of its former life is taken for the new one's.
  if (status.ok()) {
    status = production_.patience.Until(
        [&] { return Looks()[id].belief.state == "down"; }, kRestartPatience,
        absl::StrCat("broker ", id, " is down"));
  }
  if (status.ok()) status = brokers_->Start(id, endpoints);
  if (!status.ok()) return status;
  return AwaitBelief(id);
}

absl::Status Scene::AwaitWhole(bool with_topic) {
  absl::Status ended;
  const auto is_whole = [&] {
    ended = brokers_->CheckAll();
    if (!ended.ok()) return true;
    const std::map<int, BrokerLook> looks = Looks();
    const int64_t controller = Controller();
    return looks.size() == static_cast<size_t>(kBrokers) && controller != 0 &&
           std::all_of(looks.begin(), looks.end(), [&](const auto& one) {
             const BrokerLook& look = one.second;
             return look.belief.whom == controller &&
                    look.brokers.size() == static_cast<size_t>(kBrokers) &&
                    (!with_topic || look.topic_whole);
           });
  };
  const absl::Status status = production_.patience.Until(
      is_whole, kLongest,
      with_topic ? "every partition has all its replicas in sync"
                 : "all brokers obey one controller");
  return ended.ok() ? status : ended;
}

void Scene::BeginAct(ActFacts& act) {
  act_ = &act;
  act.begin_ms = production_.timeline.NowMs();
  first_event_ = production_.timeline.entries().size();
  // What was seen while it was raised belongs to no act.
  ActFacts before;
  watcher_->HandOver(before);
  const Timeline& timeline = production_.timeline;
  feeders_.push_back(std::make_unique<Feeder>(
      FeedOptions{.input = production_.input,
                  .act = act.number,
                  .topic = kTopic,
                  .per_second = PaceOf(production_.input),
                  .producers = mailroom_->Senders(),
                  .now_ms = [&timeline] { return timeline.NowMs(); }}));
  feeder_ = feeders_.back().get();
}

void Scene::Mark(const std::string& text) {
  act_->marks.push_back({production_.timeline.NowMs(), text});
  production_.timeline.Say(text);
}

absl::Status Scene::FinishWrites(bool in_a_hurry) {
  if (in_a_hurry) feeder_->SetPace(kHurry * PaceOf(production_.input));
  feeder_->Finish();
  absl::Status status = production_.patience.Until(
      [&] { return feeder_->HasSentAll(); }, kLongest, "every line was sent");
  if (!status.ok()) return status;
  feeder_->Stop();
  return production_.patience.Until(
      [&] { return feeder_->ended() == feeder_->sent(); }, kLongest,
      "every write has ended");
}

absl::Status Scene::AwaitProcessed(const ActFacts& act) {
  const int64_t expected = SentIn(act);
  absl::Status status = production_.patience.Until(
      [&] {
        return CountEffects(mailroom_->database(), act.number) >= expected;
      },
      kLongest,
      absl::StrCat("all ", expected, " messages of act ", act.number,
                   " are processed"));
  const absl::Status trouble = mailroom_->ConsumerTrouble();
  if (status.ok() || trouble.ok()) return status;
  return absl::Status(
      status.code(),
      absl::StrCat(status.message(), "; the consumer: ", trouble.message()));
}

absl::Status Scene::EndAct() {
  ActFacts& act = *act_;
  feeder_->Stop();
  act.writes = feeder_->writes();
  act.record = record_;
  const absl::StatusOr<ProcessedFacts> processed = Processed(act);
  if (processed.ok()) act.processed = *processed;
  watcher_->HandOver(act);
  act.end_ms = production_.timeline.NowMs();
  const std::vector<TimelineEntry>& entries = production_.timeline.entries();
  act.events.assign(entries.begin() + static_cast<std::ptrdiff_t>(first_event_),
                    entries.end());
  act_ = nullptr;
  feeder_ = nullptr;
  return processed.status();
}

int64_t Scene::SentIn(const ActFacts& act) const {
  return act_ == &act ? feeder_->sent()
                      : static_cast<int64_t>(act.writes.size());
}

absl::StatusOr<ProcessedFacts> Scene::Processed(const ActFacts& act) const {
  return ReadEffects(mailroom_->database(), production_.input, act.number,
                     SentIn(act));
}

}  // namespace quorate::tools
