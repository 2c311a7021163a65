#include "broker/controller/reign.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/cluster_reader.h"
#include "broker/controller/leadership.h"
#include "broker/controller/planner.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/image/rules.h"
#include "broker/image/znodes.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "coord/server/logger.h"
#include "coord/server/monotonic_clock.h"

namespace quorate::broker {
namespace {

using server::LogLevel;

// Partitions that one multi writes; each znode's data and path are below 1 KiB.
constexpr size_t kMaxWrites = 500;
constexpr int64_t kRetryMs = 200;
// Damage goes away by somebody's hand.
constexpr int64_t kRetryDamagedMs = 5'000;
// One line in so long for each broker that cannot be told.
constexpr int64_t kPushLogUs = 10'000'000;
// How long it may look for work without being told of any.
constexpr int64_t kIdleMs = 1'000;
// How long a request waits until brokers have been told.
constexpr int64_t kTellMs = 10'000;
constexpr int64_t kTellOfResignationMs = 2'000;

int64_t NowMs() { return server::MonotonicUs() / 1'000; }

absl::Status NotControllerError() {
  return BrokerError(ErrorKind::kNotController,
                     "this broker is not controller any more");
}

absl::Status NotToldError() {
  return BrokerError(ErrorKind::kRequestTimedOut,
                     "it is done, but not all brokers have been told yet");
}

}  // namespace

Reign::Reign(const Leadership& leadership, client::Session& session,
             ReignOutside outside)
    : leadership_(leadership),
      session_(session),
      outside_(std::move(outside)),
      push_failures_(kPushLogUs),
      pushers_(absl::make_unique<ImagePushers>(
          outside_.open_link, *outside_.timer,
          [this](BrokerId broker, const absl::Status& status) {
            Answered(broker, status);
          })) {
  outside_.logger->Log(
      LogLevel::kInfo, "became controller",
      {{"controller_epoch", leadership_.token.controller_epoch},
       {"token", ToString(leadership_.token.token)}});
}

Reign::~Reign() {
  pushers_.reset();
  if (was_told_) {
    for (LeadershipListener* listener : outside_.listeners) listener->Ended();
  }
  for (PendingIsr& pending : isrs_) pending.done(NotControllerError());
  // What these wait for is done; the next controller tells the brokers.
  for (Waiter& waiter : waiters_) waiter.done(NotToldError());
  outside_.logger->Log(
      LogLevel::kInfo, "is controller no more",
      {{"controller_epoch", leadership_.token.controller_epoch}});
}

void Reign::Answered(BrokerId broker, const absl::Status& status) {
  if (status.ok()) return outside_.wake();
  if (const auto left_out = push_failures_.Admit(static_cast<uint64_t>(broker),
                                                 server::MonotonicUs())) {
    outside_.logger->Log(LogLevel::kWarn, "a broker has not taken the image",
                         {{"broker", broker},
                          {"why", std::string(status.message())},
                          {"left_out", *left_out}});
  }
  if (Is(status, ErrorKind::kStaleController)) outside_.doubt();
}

// --- Work ------------------------------------------------------------------

void Reign::Work() {
  if (!is_over_ && NowMs() >= retry_at_ms_) Decide();
  if (!is_over_) AnswerWaiters();
}

void Reign::Decide() {
  if (!is_loaded_ && !Load()) return;
  if (brokers_changed_ && !RefreshBrokers()) return;
  (void)Commit(PlanLeaders(cluster_));  // if it failed, it is planned again
  DecideIsrs();
  if (changed_ && !is_over_) Publish();
}

int64_t Reign::WaitMs() const {
  int64_t until = NowMs() + kIdleMs;
  if (retry_at_ms_ != 0) until = std::min(until, retry_at_ms_);
  for (const Waiter& waiter : waiters_) {
    until = std::min(until, waiter.deadline_ms);
  }
  return std::max<int64_t>(until - NowMs(), 0);
}

bool Reign::Load() {
  absl::StatusOr<RegisteredBrokers> brokers = ReadBrokers(session_);
  absl::StatusOr<Cluster> topics =
      brokers.ok() ? ReadTopics(session_)
                   : absl::StatusOr<Cluster>(brokers.status());
  if (!topics.ok()) {
    Failed(topics.status(), "cannot read the cluster");
    return false;
  }
  const uint64_t version = cluster_.image.version;
  cluster_ = *std::move(topics);
  cluster_.image.version = version;
  cluster_.image.controller = leadership_.token;
  TakeBrokers(*std::move(brokers));
  brokers_changed_ = false;
  is_loaded_ = true;
  retry_at_ms_ = 0;
  changed_ = true;
  return true;
}

bool Reign::RefreshBrokers() {
  // What changes from here on is told by another event.
  brokers_changed_ = false;
  absl::StatusOr<RegisteredBrokers> brokers = ReadBrokers(session_);
  if (!brokers.ok()) {
    Failed(brokers.status(), "cannot read the brokers");
    return false;
  }
  if (brokers->brokers == cluster_.image.brokers) return true;
  TakeBrokers(*std::move(brokers));
  changed_ = true;
  return true;
}

void Reign::TakeBrokers(RegisteredBrokers found) {
  for (const std::string& why : found.ignored) {
    outside_.logger->Log(LogLevel::kWarn, "ignored what is no registration",
                         {{"why", why}});
  }
  cluster_.image.brokers = std::move(found.brokers);
  cluster_.resigning.clear();
  for (auto it = resigning_.begin(); it != resigning_.end();) {
    const auto broker = cluster_.image.brokers.find(it->first);
    if (broker == cluster_.image.brokers.end() ||
        broker->second.broker_epoch != it->second) {
      it = resigning_.erase(it);
      continue;
    }
    cluster_.resigning.insert(it->first);
    ++it;
  }
}

void Reign::Doubt() {
  if (is_over_) return;
  const absl::StatusOr<client::Data> office = session_.GetData(kControllerPath);
  if (office.ok() && office->stat.czxid == leadership_.token.token.czxid) {
    return;
  }
  if (office.ok() || client::IsError(office.status(), "NoNode")) {
    End("/broker/controller is not ours");
  } else {
    Failed(office.status(), "cannot read /broker/controller");
  }
}

// --- Writing ---------------------------------------------------------------

absl::StatusOr<client::WriteResult> Reign::Write(
    std::vector<client::MultiOp> ops) {
  ops.insert(ops.begin(),
             client::Check{kControllerEpochPath, leadership_.fence_version});
  absl::StatusOr<client::WriteResult> written =
      session_.Write(client::Multi{std::move(ops)});
  if (!written.ok()) Failed(written.status(), "cannot write");
  return written;
}

absl::Status Reign::Commit(const std::vector<PartitionChange>& changes) {
  for (size_t begin = 0; begin < changes.size(); begin += kMaxWrites) {
    const size_t end = std::min(begin + kMaxWrites, changes.size());
    std::vector<client::MultiOp> ops;
    for (size_t i = begin; i < end; ++i) {
      const PartitionChange& change = changes[i];
      ops.push_back(
          client::SetData{PartitionPath(change.topic, change.partition),
                          FormatPartition(change.state), change.state.version});
    }
    const absl::StatusOr<client::WriteResult> written = Write(std::move(ops));
    if (!written.ok()) return written.status();
    for (size_t i = begin; i < end; ++i) {
      const PartitionChange& change = changes[i];
      // The first op is the check.
      const client::Stat stat = written->ops[1 + i - begin].stat.value();
      const auto partition = static_cast<size_t>(change.partition);
      PartitionState& state =
          cluster_.image.topics.at(change.topic).partitions.at(partition);
      state = change.state;
      state.version = stat.version;
      cluster_.written.at(change.topic).at(partition) = stat.mzxid;
    }
    changed_ = true;
  }
  return absl::OkStatus();
}

void Reign::Failed(const absl::Status& status, const char* what) {
  if (is_over_) return;
  const std::optional<client::ErrorInfo> info = client::ErrorInfoOf(status);
  // The first op of each of our multis is the check; what fails before the
  // others is it.
  if (info && !info->op_codes.empty() && info->op_codes.front() < 0 &&
      (info->kind == "BadVersion" || info->kind == "NoNode")) {
    End("another controller was elected");
    return;
  }
  const client::SessionState state = session_.state();
  if (state == client::SessionState::kExpired ||
      state == client::SessionState::kClosed) {
    End("the session is over");
    return;
  }
  outside_.logger->Log(LogLevel::kWarn, what,
                       {{"why", std::string(status.message())}});
  // What is there now? A write may have been applied, also later; a read comes
  // after it.
  is_loaded_ = false;
  retry_at_ms_ =
      NowMs() + (absl::IsDataLoss(status) ? kRetryDamagedMs : kRetryMs);
}

void Reign::End(const char* why) {
  is_over_ = true;
  outside_.logger->Log(LogLevel::kWarn, "gives up being controller",
                       {{"why", why}});
}

absl::Status Reign::AnswerFor(const absl::Status& status) const {
  const std::optional<client::ErrorInfo> info = client::ErrorInfoOf(status);
  // The multi was refused as a whole only if somebody says so.
  if (!info || info->op_codes.empty()) {
    return BrokerError(ErrorKind::kRequestTimedOut,
                       absl::StrCat("the ensemble has not answered; it may "
                                    "have been done: ",
                                    status.message()));
  }
  if (is_over_) return NotControllerError();
  return BrokerError(ErrorKind::kNotReady,
                     absl::StrCat("the ensemble has refused it; the controller "
                                  "looks again: ",
                                  status.message()));
}

absl::Status Reign::CheckReady() const {
  if (is_over_) return NotControllerError();
  if (is_loaded_) return absl::OkStatus();
  return BrokerError(ErrorKind::kNotReady,
                     "the controller is still reading the cluster");
}

// --- Telling ---------------------------------------------------------------

void Reign::Publish() {
  changed_ = false;
  ++cluster_.image.version;
  const auto image = std::make_shared<const ClusterImage>(cluster_.image);
  pushers_->Push(image);
  for (LeadershipListener* listener : outside_.listeners) {
    if (was_told_) {
      listener->ImageChanged(image);
    } else {
      listener->Began(leadership_, session_, image);
    }
  }
  was_told_ = true;
}

void Reign::WaitUntilTold(std::vector<BrokerInfo> brokers, int64_t timeout_ms,
                          std::function<void(const absl::Status&)> done) {
  if (changed_) Publish();
  waiters_.push_back({cluster_.image.version, std::move(brokers),
                      NowMs() + timeout_ms, std::move(done)});
}

void Reign::AnswerWaiters() {
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    const bool told = std::all_of(
        it->brokers.begin(), it->brokers.end(), [&](const BrokerInfo& broker) {
          const auto found = cluster_.image.brokers.find(broker.id);
          // Who has gone is told by nobody.
          return found == cluster_.image.brokers.end() ||
                 found->second != broker ||
                 pushers_->Acknowledged(broker) >= it->version;
        });
    if (!told && NowMs() < it->deadline_ms) {
      ++it;
      continue;
    }
    it->done(told ? absl::OkStatus() : NotToldError());
    it = waiters_.erase(it);
  }
}

std::vector<BrokerInfo> Reign::LeadersOf(const TopicState& topic) const {
  std::map<BrokerId, BrokerInfo> leaders;
  for (const PartitionState& state : topic.partitions) {
    const auto broker = cluster_.image.brokers.find(state.leader);
    if (broker != cluster_.image.brokers.end()) leaders.insert(*broker);
  }
  std::vector<BrokerInfo> list;
  for (const auto& [id, broker] : leaders) list.push_back(broker);
  return list;
}

// --- Requests --------------------------------------------------------------

void Reign::AlterIsr(IsrRequest request, Done<PartitionState> done) {
  if (is_over_) {
    done(NotControllerError());
    return;
  }
  isrs_.push_back({std::move(request), std::move(done)});
}

void Reign::DecideIsrs() {
  std::vector<PendingIsr> pending = std::exchange(isrs_, {});
  if (absl::Status ready = CheckReady(); !ready.ok()) {
    for (PendingIsr& isr : pending) isr.done(ready);
    return;
  }
  // Each on what those before it have left; all in one write.
  std::map<std::pair<std::string, int32_t>, PartitionChange> changes;
  std::vector<PendingIsr> written;
  for (PendingIsr& isr : pending) {
    const IsrRequest& request = isr.request;
    if (changes.contains({request.topic, request.partition})) {
      isrs_.push_back(std::move(isr));  // decided on the outcome, next time
      continue;
    }
    const absl::StatusOr<std::optional<PartitionState>> decided =
        DecideIsr(cluster_, request);
    if (!decided.ok()) {
      isr.done(decided.status());
    } else if (!decided->has_value()) {
      isr.done(*cluster_.image.Find(request.topic, request.partition));
    } else {
      changes[{request.topic, request.partition}] = {
          request.topic, request.partition, **decided};
      written.push_back(std::move(isr));
    }
  }
  std::vector<PartitionChange> list;
  for (auto& [place, change] : changes) list.push_back(std::move(change));
  const absl::Status status = Commit(list);
  for (PendingIsr& isr : written) {
    if (status.ok()) {
      isr.done(*cluster_.image.Find(isr.request.topic, isr.request.partition));
    } else {
      isr.done(AnswerFor(status));
    }
  }
  if (!isrs_.empty()) DecideIsrs();
}

void Reign::CreateTopic(const NewTopic& topic, const Done<TopicState>& done) {
  if (absl::Status s = CheckReady(); !s.ok()) return done(s);
  if (cluster_.image.topics.contains(topic.name)) {
    return done(BrokerError(ErrorKind::kTopicExists,
                            absl::StrCat("topic ", topic.name, " exists")));
  }
  size_t partitions = static_cast<size_t>(topic.partitions);
  for (const auto& [name, written] : cluster_.written) {
    partitions += written.size();
  }
  if (partitions > kMaxPartitions) {
    return done(
        BrokerError(ErrorKind::kBadRequest,
                    absl::StrCat("a cluster has at most ", kMaxPartitions,
                                 " partitions; with this topic it would have ",
                                 partitions)));
  }
  TopicState made = {
      .config = WithDefaults(topic.config, cluster_.image.brokers.size())};
  if (absl::Status s = CheckConfig(made.config); !s.ok()) return done(s);
  absl::StatusOr<std::vector<PartitionState>> placed =
      PlaceReplicas(cluster_, topic.partitions, made.config.replication_factor);
  if (!placed.ok()) return done(placed.status());
  made.partitions = *std::move(placed);

  std::vector<client::MultiOp> ops;
  ops.push_back(client::Create{.path = TopicPath(topic.name),
                               .data = FormatConfig(made.config)});
  for (size_t i = 0; i < made.partitions.size(); ++i) {
    ops.push_back(client::Create{
        .path = PartitionPath(topic.name, static_cast<int32_t>(i)),
        .data = FormatPartition(made.partitions[i])});
  }
  const absl::StatusOr<client::WriteResult> written = Write(std::move(ops));
  if (!written.ok()) return done(AnswerFor(written.status()));
  made.topic_id = written->ops[1].stat.value().czxid;
  cluster_.written[topic.name].assign(made.partitions.size(), made.topic_id);
  cluster_.image.topics[topic.name] = made;
  changed_ = true;
  outside_.logger->Log(LogLevel::kInfo, "created a topic",
                       {{"topic", topic.name},
                        {"topic_id", made.topic_id},
                        {"partitions", made.partitions.size()}});
  WaitUntilTold(LeadersOf(made), kTellMs,
                [done, made](const absl::Status& told) {
                  if (told.ok()) {
                    done(made);
                  } else {
                    done(told);
                  }
                });
}

void Reign::DeleteTopic(const std::string& name, const Done<bool>& done) {
  if (absl::Status s = CheckReady(); !s.ok()) return done(s);
  const auto topic = cluster_.image.topics.find(name);
  if (topic == cluster_.image.topics.end()) {
    return done(BrokerError(ErrorKind::kNoTopic,
                            absl::StrCat("there is no topic ", name)));
  }
  std::vector<client::MultiOp> ops;
  for (size_t i = 0; i < topic->second.partitions.size(); ++i) {
    ops.push_back(client::Delete{PartitionPath(name, static_cast<int32_t>(i))});
  }
  ops.push_back(client::Delete{TopicPath(name)});
  const absl::StatusOr<client::WriteResult> written = Write(std::move(ops));
  if (!written.ok()) return done(AnswerFor(written.status()));
  cluster_.image.topics.erase(topic);
  cluster_.written.erase(name);
  changed_ = true;
  outside_.logger->Log(LogLevel::kInfo, "deleted a topic", {{"topic", name}});
  done(true);
}

void Reign::ElectPreferred(const Done<int32_t>& done) {
  if (absl::Status s = CheckReady(); !s.ok()) return done(s);
  const std::vector<PartitionChange> changes = PlanPreferred(cluster_);
  if (absl::Status s = Commit(changes); !s.ok()) return done(AnswerFor(s));
  done(static_cast<int32_t>(changes.size()));
}

void Reign::Resign(BrokerId broker, uint64_t broker_epoch,
                   const Done<int32_t>& done) {
  if (absl::Status s = CheckReady(); !s.ok()) return done(s);
  const auto found = cluster_.image.brokers.find(broker);
  if (found == cluster_.image.brokers.end() ||
      found->second.broker_epoch != broker_epoch) {
    return done(BrokerError(
        ErrorKind::kStaleBroker,
        absl::StrCat("broker ", broker, " is not registered by its life ",
                     broker_epoch)));
  }
  resigning_[broker] = broker_epoch;
  cluster_.resigning.insert(broker);
  if (absl::Status s = Commit(PlanLeaders(cluster_)); !s.ok()) {
    return done(AnswerFor(s));
  }
  std::vector<BrokerInfo> others;
  for (const auto& [id, info] : cluster_.image.brokers) {
    if (!cluster_.resigning.contains(id)) others.push_back(info);
  }
  // Whoever cannot be told in time must not keep it from stopping.
  WaitUntilTold(std::move(others), kTellOfResignationMs,
                [this, broker, done](const absl::Status&) {
                  done(CountRemaining(cluster_, broker));
                });
}

size_t Reign::under_replicated() const {
  size_t count = 0;
  for (const auto& [name, topic] : cluster_.image.topics) {
    count += static_cast<size_t>(
        std::count_if(topic.partitions.begin(), topic.partitions.end(),
                      [](const PartitionState& state) {
                        return state.leader == kNoBroker ||
                               state.isr.size() < state.replicas.size();
                      }));
  }
  return count;
}

}  // namespace quorate::broker
