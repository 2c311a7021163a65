#include "tools/quorate/outage/watcher.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/client/admin.h"
#include "broker/client/client_options.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "coord/client/admin.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/lanes.h"

namespace quorate::tools {
namespace {

constexpr std::chrono::milliseconds kPause(150);
constexpr int64_t kAnswerMs = 1'000;

// Whether anybody listens at an address of this machine, "127.0.0.1:PORT". Who
// does not is down, not silent.
bool IsListening(absl::string_view address) {
  uint32_t port = 0;
  if (!absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port)) {
    return false;
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<uint16_t>(port));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool listening = connect(fd, reinterpret_cast<const sockaddr*>(&where),
                                 sizeof(where)) == 0;
  close(fd);
  return listening;
}

Belief LookAtMember(const std::string& address) {
  if (!IsListening(address)) return {};
  const absl::StatusOr<std::unique_ptr<client::AdminClient>> client =
      client::AdminClient::Create(
          {.endpoints = {address}, .timeout_ms = kAnswerMs});
  if (!client.ok()) return {"silent", 0, 0};
  const absl::StatusOr<coord::v1::StatusResponse> status =
      (*client)->Status(address);
  if (!status.ok()) return {"silent", 0, 0};
  const std::string& role = status->role();
  return {role == "leader"     ? "leads"
          : role == "follower" ? "follows"
                               : role,
          static_cast<int64_t>(status->leader_id()), status->epoch()};
}

bool IsWhole(const broker::TopicState& topic) {
  return !topic.partitions.empty() &&
         std::all_of(topic.partitions.begin(), topic.partitions.end(),
                     [](const broker::PartitionState& partition) {
                       return partition.leader != broker::kNoBroker &&
                              partition.isr.size() == partition.replicas.size();
                     });
}

BrokerLook LookAtBroker(int id, const std::string& address,
                        const std::string& topic) {
  BrokerLook look;
  if (!IsListening(address)) return look;
  look.belief.state = "silent";
  const absl::StatusOr<std::unique_ptr<broker::Admin>> admin =
      broker::Admin::Create({.bootstrap = {address},
                             .client_id = "watcher",
                             .call_timeout_ms = kAnswerMs},
                            kAnswerMs);
  if (!admin.ok()) return look;
  const absl::StatusOr<broker::MetadataView> view =
      (*admin)->MetadataOf(address);
  if (!view.ok()) {
    // It answers, but knows of no controller yet.
    if (broker::Is(view.status(), broker::ErrorKind::kNotReady)) {
      look.belief.state = "waits";
    }
    return look;
  }
  const broker::ControllerToken& controller = view->image.controller;
  look.belief = {controller.broker_id == id ? "controls" : "obeys",
                 controller.broker_id, controller.controller_epoch};
  for (const auto& [other, info] : view->image.brokers) {
    look.brokers.push_back(other);
  }
  const auto found = view->image.topics.find(topic);
  look.topic_known = found != view->image.topics.end();
  if (!look.topic_known) return look;
  look.topic_whole = IsWhole(found->second);
  for (const broker::PartitionState& partition : found->second.partitions) {
    if (partition.leader == id) ++look.leads;
  }
  return look;
}

}  // namespace

class Watcher::Looker {
 public:
  explicit Looker(WatchOptions options) : options_(std::move(options)) {
    Begin();
    thread_ = std::thread([this] { Run(); });
  }

  ~Looker() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    stop_.notify_all();
    thread_.join();
  }

  std::map<int, BrokerLook> Brokers() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return last_;
  }

  void HandOver(ActFacts& act) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int64_t now_ms = options_.now_ms();
    for (auto* lanes : {&members_, &brokers_}) {
      for (auto& [id, lane] : *lanes) EndAt(lane, now_ms);
    }
    for (auto& [id, lane] : members_) act.members.push_back(std::move(lane));
    for (auto& [id, lane] : brokers_) act.brokers.push_back(std::move(lane));
    act.metadata = std::move(samples_);
    Begin();
  }

 private:
  void Begin() {
    members_.clear();
    brokers_.clear();
    samples_.clear();
    for (const auto& [id, address] : options_.members) {
      members_[id].name = absl::StrCat("member ", id);
    }
    for (const auto& [id, address] : options_.brokers) {
      brokers_[id].name = absl::StrCat("broker ", id);
    }
  }

  void Run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      LookAtAll();
      lock.lock();
      stop_.wait_for(lock, kPause, [this] { return stopping_; });
    }
  }

  void LookAtAll() {
    std::map<int, Belief> members;
    std::map<int, BrokerLook> brokers;
    // Places of their own for the threads.
    for (const auto& [id, address] : options_.members) members[id];
    for (const auto& [id, address] : options_.brokers) brokers[id];
    std::vector<std::thread> threads;
    for (auto& [id, belief] : members) {
      threads.emplace_back(
          [&belief = belief, &address = options_.members.at(id)] {
            belief = LookAtMember(address);
          });
    }
    for (auto& [id, look] : brokers) {
      threads.emplace_back([this, id = id, &look = look] {
        look = LookAtBroker(id, options_.brokers.at(id), options_.topic);
      });
    }
    for (std::thread& thread : threads) thread.join();
    Note(members, std::move(brokers));
  }

  void Note(const std::map<int, Belief>& members,
            std::map<int, BrokerLook> brokers) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int64_t now_ms = options_.now_ms();
    MetadataSample sample{.at_ms = now_ms};
    std::set<int64_t> controllers;
    for (const auto& [id, belief] : members) {
      AddSample(members_[id], now_ms, belief);
    }
    for (const auto& [id, look] : brokers) {
      AddSample(brokers_[id], now_ms, look.belief);
      if (look.belief.whom == 0) continue;
      ++sample.answers;
      controllers.insert(look.belief.whom);
      if (look.topic_known) ++sample.topic_known;
    }
    sample.different = static_cast<int>(controllers.size());
    samples_.push_back(sample);
    last_ = std::move(brokers);
  }

  const WatchOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::map<int, Lane> members_;
  std::map<int, Lane> brokers_;
  std::vector<MetadataSample> samples_;
  std::map<int, BrokerLook> last_;
  std::thread thread_;
};

Watcher::Watcher(WatchOptions options)
    : looker_(std::make_unique<Looker>(std::move(options))) {}

Watcher::~Watcher() = default;

std::map<int, BrokerLook> Watcher::Brokers() const {
  return looker_->Brokers();
}

void Watcher::HandOver(ActFacts& act) { looker_->HandOver(act); }

}  // namespace quorate::tools
