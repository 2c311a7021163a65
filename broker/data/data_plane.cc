#include "broker/data/data_plane.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "broker/data/fetch_call.h"
#include "broker/data/fetcher.h"
#include "broker/data/outside.h"
#include "broker/data/produce_call.h"
#include "broker/data/replica.h"
#include "broker/data/requests.h"
#include "broker/data/sync_thread.h"
#include "broker/data/tasks.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/log/partition_log.h"
#include "coord/base/check.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"

namespace quorate::broker {
namespace {

constexpr int kTaskThreads = 2;

absl::Status Stopping() {
  return BrokerError(ErrorKind::kStopping, "the broker stops");
}

// Of the name of a log. False: it is none of ours.
bool ParseLogName(absl::string_view name, PartitionId* of) {
  const size_t dash = name.rfind('-');
  if (dash == absl::string_view::npos || dash == 0) return false;
  of->topic = std::string(name.substr(0, dash));
  return absl::SimpleAtoi(name.substr(dash + 1), &of->partition) &&
         of->partition >= 0;
}

// (controller epoch, version): images are ordered by it.
std::pair<int64_t, uint64_t> OrderOf(const ClusterImage& image) {
  return {image.controller.controller_epoch, image.version};
}

// Those of two ensembles (unsafe) have no order: the one that comes counts.
bool IsOlder(const ClusterImage& image, const ClusterImage& than) {
  return image.controller.token.ensemble_id ==
             than.controller.token.ensemble_id &&
         OrderOf(image) < OrderOf(than);
}

class DataPlaneImpl final : public DataPlane {
 public:
  explicit DataPlaneImpl(DataOptions options);
  ~DataPlaneImpl() override { Stop(); }

  absl::Status OpenAll();
  void Begin();

  absl::Status ApplyImage(std::shared_ptr<const ClusterImage> image) override;
  std::shared_ptr<const ClusterImage> image() const override {
    const std::scoped_lock lock(mutex_);
    return image_;
  }
  void SetBrokerEpoch(uint64_t broker_epoch) override {
    broker_epoch_.store(broker_epoch);
  }
  void Produce(ProduceQuery query,
               std::function<void(ProduceReply)> done) override;
  void Fetch(FetchQuery query, std::function<void(FetchReply)> done) override;
  absl::StatusOr<int64_t> ListOffset(const PartitionId& of, OffsetKind at,
                                     int64_t timestamp_ms) override;
  std::vector<ReplicaInfo> Replicas() const override;
  void Stop() override;

 private:
  using ReplicaPointer = std::shared_ptr<Replica>;
  using ReplicaMap = std::map<PartitionId, ReplicaPointer>;

  // nullptr: `*why` tells.
  ReplicaPointer Find(const PartitionId& of, absl::Status* why) const;
  std::vector<ReplicaPointer> All() const;
  void Forget(const ClusterImage& image);
  void Delete(const ReplicaPointer& replica);
  absl::Status MakeMissing(const ClusterImage& image);
  void ChangeRoles(const ClusterImage& image);
  void ChangeFetchers(const ClusterImage& image);
  void LookAtIsrs();
  void KeepHouse();
  void EndFetches();

  const DataOptions options_;
  const std::shared_ptr<Replica::Owner> owner_ =
      std::make_shared<Replica::Owner>();
  std::atomic<uint64_t> broker_epoch_{0};
  std::atomic<uint64_t> rotation_{0};
  std::atomic<size_t> waiting_produces_{0};

  std::mutex apply_mutex_;  // one image after the other
  std::map<BrokerId, std::unique_ptr<Fetcher>> fetchers_;  // by apply_mutex_

  mutable std::mutex mutex_;
  // All below is guarded by mutex_.
  ReplicaMap replicas_;
  std::shared_ptr<const ClusterImage> image_;
  std::set<std::shared_ptr<FetchCall>> fetches_;
  bool stopping_ = false;

  Tasks tasks_{kTaskThreads};
  SyncThread sync_;
};

DataPlaneImpl::DataPlaneImpl(DataOptions options)
    : options_(std::move(options)) {
  owner_->id = options_.id;
  owner_->replica_lag_ms = options_.replica_lag_ms;
  owner_->directory = storage::JoinPath(options_.directory, "data");
  owner_->files = options_.file_system;
  owner_->grown = [this](ReplicaPointer replica) {
    sync_.Add(std::move(replica));
  };
  owner_->failed = options_.on_failed;
}

absl::Status DataPlaneImpl::OpenAll() {
  absl::Status made = options_.file_system->CreateDirectory(owner_->directory);
  if (!made.ok()) return made;
  const absl::StatusOr<std::vector<std::string>> names =
      PartitionLog::List(*options_.file_system, owner_->directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    PartitionId of;
    if (!ParseLogName(name, &of)) continue;
    replicas_[of] = Replica::Open(owner_, of);
  }
  return absl::OkStatus();
}

void DataPlaneImpl::Begin() {
  LookAtIsrs();
  tasks_.After(options_.housekeeping_ms, [this] { KeepHouse(); });
}

// --- Images -----------------------------------------------------------------

absl::Status DataPlaneImpl::ApplyImage(
    std::shared_ptr<const ClusterImage> image) {
  const std::string& ensemble = image->controller.token.ensemble_id;
  if (!options_.ensemble_id.empty() && ensemble != options_.ensemble_id) {
    return BrokerError(ErrorKind::kWrongEnsemble,
                       "the image is of a controller of another ensemble");
  }
  const std::scoped_lock apply_lock(apply_mutex_);
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return Stopping();
    if (image_ != nullptr && IsOlder(*image, *image_)) {
      return absl::OkStatus();
    }
  }
  Forget(*image);
  absl::Status made = MakeMissing(*image);
  {
    const std::scoped_lock lock(mutex_);
    image_ = image;
  }
  ChangeRoles(*image);
  ChangeFetchers(*image);
  return made;
}

// Deletes replicas that are not in the image.
void DataPlaneImpl::Forget(const ClusterImage& image) {
  std::vector<ReplicaPointer> gone;
  for (const ReplicaPointer& replica : All()) {
    const PartitionState* state =
        image.Find(replica->of().topic, replica->of().partition);
    // Of one whose id cannot be read it is not known that it is another.
    const bool is_other =
        state != nullptr && replica->topic_id() != 0 &&
        image.topics.at(replica->of().topic).topic_id != replica->topic_id();
    if (state == nullptr || is_other || !state->IsReplica(options_.id)) {
      gone.push_back(replica);
    }
  }
  for (const ReplicaPointer& replica : gone) Delete(replica);
}

void DataPlaneImpl::Delete(const ReplicaPointer& replica) {
  {
    const std::scoped_lock lock(mutex_);
    replicas_.erase(replica->of());
  }
  replica->Retire(BrokerError(ErrorKind::kNoTopic,
                              "the partition is not on this broker any more"));
  const absl::Status removed = PartitionLog::Remove(
      *options_.file_system, owner_->directory,
      absl::StrCat(replica->of().topic, "-", replica->of().partition));
  if (removed.ok()) return;
  if (options_.on_failed) options_.on_failed(replica->of(), removed);
  // What remains is looked at again with the next image.
  const std::scoped_lock lock(mutex_);
  replicas_[replica->of()] = replica;
}

absl::Status DataPlaneImpl::MakeMissing(const ClusterImage& image) {
  absl::Status first_error;
  for (const auto& [name, topic] : image.topics) {
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      const PartitionId of{name, static_cast<int32_t>(i)};
      if (!topic.partitions[i].IsReplica(options_.id)) continue;
      {
        const std::scoped_lock lock(mutex_);
        if (replicas_.contains(of)) continue;
      }
      absl::StatusOr<ReplicaPointer> made =
          Replica::Create(owner_, of, topic.topic_id);
      if (made.ok()) {
        const std::scoped_lock lock(mutex_);
        replicas_[of] = *std::move(made);
        continue;
      }
      // The next image tries again.
      if (options_.on_failed && !storage::IsDiskFull(made.status())) {
        options_.on_failed(of, made.status());
      }
      if (first_error.ok()) {
        first_error =
            storage::IsDiskFull(made.status())
                ? BrokerError(ErrorKind::kDiskFull, made.status().message())
                : made.status();
      }
    }
  }
  return first_error;
}

void DataPlaneImpl::ChangeRoles(const ClusterImage& image) {
  const int64_t now_ms = MonotonicMs();
  for (const ReplicaPointer& replica : All()) {
    const PartitionState* state =
        image.Find(replica->of().topic, replica->of().partition);
    if (state == nullptr) continue;
    const TopicConfig& config = image.topics.at(replica->of().topic).config;
    Assignment assignment;
    assignment.state = *state;
    assignment.min_insync_replicas = config.min_insync_replicas;
    const auto leader = image.brokers.find(state->leader);
    if (leader != image.brokers.end()) {
      assignment.leader_address = leader->second.address;
    }
    replica->Apply(assignment, config, now_ms);
  }
}

void DataPlaneImpl::ChangeFetchers(const ClusterImage& image) {
  std::map<BrokerId, std::vector<ReplicaPointer>> followed;
  for (const ReplicaPointer& replica : All()) {
    const PartitionState* state =
        image.Find(replica->of().topic, replica->of().partition);
    if (state == nullptr || state->leader == options_.id) continue;
    if (image.brokers.contains(state->leader)) {
      followed[state->leader].push_back(replica);
    }
  }
  std::erase_if(fetchers_, [&](const auto& fetcher) {
    return !followed.contains(fetcher.first);
  });
  for (auto& [leader, replicas] : followed) {
    std::unique_ptr<Fetcher>& fetcher = fetchers_[leader];
    if (fetcher == nullptr) {
      fetcher = std::make_unique<Fetcher>(options_, leader, broker_epoch_);
    }
    fetcher->Follow(image.brokers.at(leader).address, std::move(replicas));
  }
}

// --- Requests ---------------------------------------------------------------

DataPlaneImpl::ReplicaPointer DataPlaneImpl::Find(const PartitionId& of,
                                                  absl::Status* why) const {
  const std::scoped_lock lock(mutex_);
  const auto found = replicas_.find(of);
  if (stopping_) {
    *why = Stopping();
  } else if (image_ == nullptr) {
    *why = BrokerError(ErrorKind::kNotReady,
                       "no controller has told this broker of topics yet");
  } else if (found != replicas_.end()) {
    return found->second;
  } else if (const PartitionState* state =
                 image_->Find(of.topic, of.partition)) {
    const auto leader = image_->brokers.find(state->leader);
    const std::string address =
        leader == image_->brokers.end() ? "" : leader->second.address;
    *why = state->leader == options_.id
               ? BrokerError(ErrorKind::kNotReady, "the log is not made yet")
               : BrokerError(ErrorKind::kNotLeader,
                             "the partition is not on this broker", address);
  } else {
    *why = BrokerError(ErrorKind::kNoTopic,
                       absl::StrCat("there is no partition ", of.partition,
                                    " of topic ", of.topic));
  }
  return nullptr;
}

std::vector<DataPlaneImpl::ReplicaPointer> DataPlaneImpl::All() const {
  std::vector<ReplicaPointer> all;
  const std::scoped_lock lock(mutex_);
  for (const auto& [of, replica] : replicas_) all.push_back(replica);
  return all;
}

void DataPlaneImpl::Produce(ProduceQuery query,
                            std::function<void(ProduceReply)> done) {
  if (waiting_produces_.fetch_add(1) >= options_.max_waiting_produces) {
    waiting_produces_.fetch_sub(1);
    ProduceReply reply;
    for (ProduceBatch& batch : query.batches) {
      BatchReply one;
      one.of = std::move(batch.of);
      one.status =
          BrokerError(ErrorKind::kOverloaded, "too many produce requests wait");
      reply.results.push_back(std::move(one));
    }
    done(std::move(reply));
    return;
  }
  const auto call = std::make_shared<ProduceCall>(
      tasks_, [this, done = std::move(done)](ProduceReply reply) {
        waiting_produces_.fetch_sub(1);
        done(std::move(reply));
      });
  call->Start(std::move(query),
              [this](const PartitionId& of, absl::Status* why) {
                return Find(of, why);
              });
}

void DataPlaneImpl::Fetch(FetchQuery query,
                          std::function<void(FetchReply)> done) {
  // The call knows itself, to be forgotten when it has ended.
  const auto self = std::make_shared<std::weak_ptr<FetchCall>>();
  const auto call = std::make_shared<FetchCall>(
      std::move(query), rotation_.fetch_add(1), *options_.file_system, tasks_,
      [this](const PartitionId& of, absl::Status* why) {
        return Find(of, why);
      },
      [this, self, done = std::move(done)](FetchReply reply) {
        {
          const std::scoped_lock lock(mutex_);
          fetches_.erase(self->lock());
        }
        done(std::move(reply));
      });
  *self = call;
  absl::Status refused;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) {
      refused = Stopping();
    } else if (fetches_.size() >= options_.max_waiting_fetches) {
      refused = BrokerError(ErrorKind::kOverloaded, "too many fetches wait");
    } else {
      fetches_.insert(call);
    }
  }
  if (refused.ok()) {
    call->Start();
  } else {
    call->End(refused);
  }
}

absl::StatusOr<int64_t> DataPlaneImpl::ListOffset(const PartitionId& of,
                                                  OffsetKind at,
                                                  int64_t timestamp_ms) {
  absl::Status why;
  const ReplicaPointer replica = Find(of, &why);
  if (replica == nullptr) return why;
  return replica->ListOffset(at, timestamp_ms);
}

std::vector<ReplicaInfo> DataPlaneImpl::Replicas() const {
  std::vector<ReplicaInfo> infos;
  for (const ReplicaPointer& replica : All()) infos.push_back(replica->Info());
  return infos;
}

// --- Now and then -----------------------------------------------------------

void DataPlaneImpl::LookAtIsrs() {
  for (const ReplicaPointer& replica : All()) {
    const std::optional<IsrChange> change =
        replica->ProposeIsr(broker_epoch_.load(), MonotonicMs());
    if (!change) continue;
    const std::weak_ptr<Replica> asker = replica;
    options_.isr->AlterIsr(*change,
                           [asker, version = change->version](
                               const absl::StatusOr<PartitionState>& answer) {
                             const ReplicaPointer alive = asker.lock();
                             if (alive == nullptr) return;
                             alive->IsrAnswered(version, answer, MonotonicMs());
                           });
  }
  tasks_.After(std::clamp<int64_t>(options_.replica_lag_ms / 10, 10, 500),
               [this] { LookAtIsrs(); });
}

void DataPlaneImpl::KeepHouse() {
  const int64_t wall_ms = absl::ToUnixMillis(absl::Now());
  for (const ReplicaPointer& replica : All()) replica->KeepHouse(wall_ms);
  tasks_.After(options_.housekeeping_ms, [this] { KeepHouse(); });
}

void DataPlaneImpl::EndFetches() {
  std::set<std::shared_ptr<FetchCall>> fetches;
  {
    const std::scoped_lock lock(mutex_);
    fetches = fetches_;
  }
  for (const std::shared_ptr<FetchCall>& call : fetches) call->End(Stopping());
}

void DataPlaneImpl::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  EndFetches();
  {
    const std::scoped_lock lock(apply_mutex_);
    fetchers_.clear();
  }
  // What was appended is still made durable and, where it can be, answered.
  sync_.Stop();
  tasks_.Stop();
  const int64_t wall_ms = absl::ToUnixMillis(absl::Now());
  for (const ReplicaPointer& replica : All()) {
    replica->KeepHouse(wall_ms);
    replica->Retire(Stopping());
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataPlane>> DataPlane::Open(
    DataOptions options) {
  QUORATE_CHECK(options.file_system != nullptr && options.isr != nullptr &&
                options.fetch != nullptr);
  auto plane = std::make_unique<DataPlaneImpl>(std::move(options));
  absl::Status opened = plane->OpenAll();
  if (!opened.ok()) return opened;
  plane->Begin();
  return plane;
}

}  // namespace quorate::broker
