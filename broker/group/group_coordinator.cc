#include "broker/group/group_coordinator.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/leadership.h"
#include "broker/error/broker_error.h"
#include "broker/group/group_record.h"
#include "broker/group/group_state.h"
#include "broker/group/group_table.h"
#include "broker/group/group_types.h"
#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::broker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick(100);
// More time than this between two looks at the clock is no time of the groups:
// this process stood still, and could not hear its members.
constexpr int64_t kMaxStepMs = 500;
constexpr int64_t kListAgainMs = 1'000;
constexpr size_t kReadsAtOnce = 32;
constexpr size_t kTopicsPerRead = 500;

constexpr int32_t kBadVersion = -103;
constexpr int32_t kNoNode = -101;
constexpr int32_t kNodeExists = -110;
constexpr int32_t kNotEmpty = -111;
// Of an op of a multi that was not tried because another had failed.
constexpr int32_t kNotTried = -2;

std::shared_ptr<const TopicTable> TopicsOf(const ClusterImage& image) {
  auto table = std::make_shared<TopicTable>();
  for (const auto& [name, topic] : image.topics) {
    (*table)[name] = {
        .topic_id = topic.topic_id,
        .partitions = static_cast<int32_t>(topic.partitions.size())};
  }
  return table;
}

struct Verdict {
  GroupWriteOutcome outcome = GroupWriteOutcome::kDone;
  bool fenced = false;  // somebody else is controller
};

Verdict Judge(const absl::Status& status) {
  if (status.ok()) return {};
  const std::optional<client::ErrorInfo> info = client::ErrorInfoOf(status);
  if (!info) return {.outcome = GroupWriteOutcome::kUnknown};
  for (size_t i = 0; i < info->op_codes.size(); ++i) {
    const int32_t code = info->op_codes[i];
    if (code == 0 || code == kNotTried) continue;
    const bool differs = code == kBadVersion || code == kNoNode ||
                         code == kNodeExists || code == kNotEmpty;
    return {.outcome = differs ? GroupWriteOutcome::kConflict
                               : GroupWriteOutcome::kRefused,
            .fenced = i == 0 && differs};
  }
  if (info->kind == "SessionExpired" || info->kind == "UnknownOutcome") {
    return {.outcome = GroupWriteOutcome::kUnknown};
  }
  return {.outcome = GroupWriteOutcome::kRefused};
}

absl::Status NotController() {
  return BrokerError(ErrorKind::kNotController,
                     "this broker is not controller");
}

// What sessions call back; it may outlive the coordinator.
class Events {
 public:
  void Push(std::function<void()> event) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    events_.push_back(std::move(event));
    changed_.notify_one();
  }

  // Waits for at most a tick; nothing: it is to stop.
  std::optional<std::deque<std::function<void()>>> Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, kTick,
                      [this] { return stopping_ || !events_.empty(); });
    if (stopping_) return std::nullopt;
    return std::exchange(events_, {});
  }

  void Stop() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    events_.clear();
    changed_.notify_one();
  }

 private:
  // Not Abseil's, whose timed waits go by the wall clock.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> events_;
  bool stopping_ = false;
};

// A group that is being read.
struct Reading {
  std::string group = {};
  StoredGroup stored = {};
  std::vector<std::string> topics = {};  // sorted
  size_t done = 0;                       // of them
};

// One reign of this broker.
struct Reign {
  Reign(uint64_t number_in, client::Session& session_in,
        const Leadership& leadership, std::shared_ptr<const TopicTable> topics)
      : number(number_in),
        session(session_in),
        fence{kControllerEpochPath, leadership.fence_version},
        table(absl::StrCat("member-", leadership.token.controller_epoch, "-",
                           leadership.token.broker_id),
              std::move(topics)) {}

  const uint64_t number;
  client::Session& session;
  const client::Check fence;
  GroupTable table;
  bool fenced = false;
  std::optional<int64_t> list_at_ms = 0;  // nothing: it is under way, or done
  std::deque<std::string> to_read = {};
  size_t reads = 0;  // under way
};

}  // namespace

class GroupCoordinator::Impl {
 public:
  Impl() : thread_([this] { Run(); }) {}

  ~Impl() {
    events_->Stop();
    thread_.join();
    End();
  }

  void Begin(const Leadership& leadership, client::Session& session,
             const ClusterImage& image) {
    End();
    Do([&] {
      reign_ = std::make_unique<Reign>(++reigns_, session, leadership,
                                       TopicsOf(image));
    });
  }

  void SetImage(const ClusterImage& image) {
    Do([&] {
      if (reign_ != nullptr) reign_->table.SetTopics(Now(), TopicsOf(image));
    });
  }

  void End() {
    Do([this] {
      if (reign_ != nullptr) reign_->table.End();
    });
    const std::lock_guard<std::mutex> lock(mutex_);
    reign_.reset();
  }

  // Does `ask(table, now, request)`, whose answer goes to `done`.
  template <typename Ask>
  uint64_t Request(Done done, Ask ask) {
    uint64_t request = 0;
    Do([&] {
      request = ++requests_;
      if (!Serves()) {
        failed_.emplace_back(request, std::move(done));
        return;
      }
      waiting_[request] = std::move(done);
      ask(reign_->table, Now(), request);
    });
    return request;
  }

  // What `ask(table, now)` says.
  template <typename Ask>
  auto Answer(Ask ask) -> decltype(ask(std::declval<GroupTable&>(), 0)) {
    decltype(ask(std::declval<GroupTable&>(), 0)) answer = NotController();
    Do([&] {
      if (Serves()) answer = ask(reign_->table, Now());
    });
    return answer;
  }

  void Cancel(uint64_t request) {
    Do([&] {
      if (Serves()) reign_->table.Cancel(Now(), request);
    });
  }

 private:
  // Does something with the mutex held; carries out what comes of it, and
  // answers without the mutex.
  template <typename Work>
  void Do(Work work) {
    std::vector<std::pair<Done, GroupReply>> answers;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      work();
      for (auto& [request, done] : std::exchange(failed_, {})) {
        answers.emplace_back(
            std::move(done),
            GroupReply{.request = request, .status = NotController()});
      }
      if (reign_ != nullptr) {
        Pump();
        for (GroupReply& reply : reign_->table.TakeReplies()) {
          const auto found = waiting_.find(reply.request);
          if (found == waiting_.end()) continue;
          answers.emplace_back(std::move(found->second), std::move(reply));
          waiting_.erase(found);
        }
      }
    }
    for (auto& [done, reply] : answers) done(std::move(reply));
  }

  bool Serves() const { return reign_ != nullptr && !reign_->fenced; }

  int64_t Now() {
    const Clock::time_point here = Clock::now();
    const auto passed_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(here - looked_)
            .count();
    now_ms_ += std::min<int64_t>(passed_ms, kMaxStepMs);
    // What is less than a millisecond is not lost.
    looked_ = passed_ms > kMaxStepMs
                  ? here
                  : looked_ + std::chrono::milliseconds(passed_ms);
    return now_ms_;
  }

  void Run() {
    while (auto events = events_->Wait()) {
      for (const std::function<void()>& event : *events) event();
      Do([this] {
        const int64_t now_ms = Now();
        if (Serves()) reign_->table.Tick(now_ms);
      });
    }
  }

  // Calls back `handle` with the answer, on our thread, if the reign is still
  // the same; with the mutex held.
  template <typename T>
  client::Callback<T> Later(std::function<void(absl::StatusOr<T>)> handle) {
    return [this, events = events_, number = reign_->number,
            handle = std::move(handle)](absl::StatusOr<T> answer) {
      // Once it is stopped, nothing is pushed any more: `this` lives.
      events->Push([this, number, handle, answer = std::move(answer)] {
        Do([&] {
          if (reign_ != nullptr && reign_->number == number) handle(answer);
        });
      });
    };
  }

  // Sends what is to be read and written.
  void Pump() {
    if (reign_->fenced) return;
    if (reign_->list_at_ms && *reign_->list_at_ms <= now_ms_) List();
    for (std::string& group : reign_->table.TakeReads()) {
      reign_->to_read.push_back(std::move(group));
    }
    while (!reign_->to_read.empty() && reign_->reads < kReadsAtOnce) {
      Read({.group = std::move(reign_->to_read.front())});
      reign_->to_read.pop_front();
    }
    for (GroupWrite& write : reign_->table.TakeWrites()) {
      client::Multi multi;
      multi.ops.push_back(reign_->fence);
      for (client::MultiOp& op : write.ops) multi.ops.push_back(std::move(op));
      reign_->session.AsyncWrite(
          std::move(multi),
          Later<client::WriteResult>([this, id = write.id](const auto& result) {
            Written(id, result.status());
          }));
    }
  }

  void Written(uint64_t write_id, const absl::Status& status) {
    const Verdict verdict = Judge(status);
    // Whoever is controller now is not known here; that this broker is not, its
    // controller will find out, too.
    if (verdict.fenced) {
      reign_->fenced = true;
      reign_->table.End();
      return;
    }
    if (reign_->fenced) return;
    reign_->table.Written(Now(), write_id, verdict.outcome, status);
  }

  void List() {
    reign_->list_at_ms.reset();
    reign_->session.AsyncRead(
        client::GetChildren{kGroupsPath}, client::Consistency::kLinearizable,
        Later<client::ReadResult>([this](const auto& answer) {
          const auto* children =
              answer.ok() ? std::get_if<client::Children>(&*answer) : nullptr;
          if (children != nullptr) {
            reign_->table.Listed(children->names);
          } else {
            reign_->list_at_ms = now_ms_ + kListAgainMs;
          }
        }));
  }

  void Read(Reading reading) {
    ++reign_->reads;
    const std::string path = GroupPath(reading.group);
    client::MultiRead read{{client::GetData{path}, client::GetChildren{path}}};
    reign_->session.AsyncRead(
        std::move(read), client::Consistency::kLinearizable,
        Later<client::ReadResult>([this, reading](const auto& answer) {
          GroupRead(reading, answer);
        }));
  }

  void GroupRead(Reading reading,
                 const absl::StatusOr<client::ReadResult>& result) {
    if (!result.ok()) return ReadDone(reading.group, result.status());
    const auto& answers =
        std::get<std::vector<client::MultiReadAnswer>>(*result);
    for (const client::MultiReadAnswer& answer : answers) {
      const auto* status = std::get_if<absl::Status>(&answer);
      if (status == nullptr) continue;
      if (client::IsError(*status, "NoNode")) {
        return ReadDone(reading.group, std::nullopt);
      }
      return ReadDone(reading.group, *status);
    }
    const auto& data = std::get<client::Data>(answers.at(0));
    const absl::StatusOr<int32_t> generation = ParseGeneration(data.data);
    if (!generation.ok()) {
      return ReadDone(reading.group,
                      Damaged(GroupPath(reading.group), generation.status()));
    }
    reading.stored.generation = *generation;
    reading.stored.version = data.stat.version;
    reading.topics = std::get<client::Children>(answers.at(1)).names;
    ReadTopics(std::move(reading));
  }

  void ReadTopics(Reading reading) {
    if (reading.done == reading.topics.size()) {
      return ReadDone(reading.group, std::move(reading.stored));
    }
    client::MultiRead read;
    const size_t end =
        std::min(reading.topics.size(), reading.done + kTopicsPerRead);
    for (size_t i = reading.done; i < end; ++i) {
      read.ops.push_back(
          client::GetData{GroupTopicPath(reading.group, reading.topics[i])});
    }
    reign_->session.AsyncRead(
        std::move(read), client::Consistency::kLinearizable,
        Later<client::ReadResult>([this, reading](const auto& answer) {
          TopicsRead(reading, answer);
        }));
  }

  void TopicsRead(Reading reading,
                  const absl::StatusOr<client::ReadResult>& result) {
    if (!result.ok()) return ReadDone(reading.group, result.status());
    for (const client::MultiReadAnswer& answer :
         std::get<std::vector<client::MultiReadAnswer>>(*result)) {
      const std::string& topic = reading.topics[reading.done++];
      if (const auto* status = std::get_if<absl::Status>(&answer)) {
        return ReadDone(reading.group, *status);
      }
      const auto& data = std::get<client::Data>(answer);
      absl::StatusOr<TopicOffsets> offsets = ParseOffsets(data.data);
      if (!offsets.ok()) {
        return ReadDone(
            reading.group,
            Damaged(GroupTopicPath(reading.group, topic), offsets.status()));
      }
      reading.stored.topics[topic] = {.offsets = *std::move(offsets),
                                      .version = data.stat.version};
    }
    ReadTopics(std::move(reading));
  }

  static absl::Status Damaged(const std::string& path,
                              const absl::Status& why) {
    return absl::Status(why.code(),
                        absl::StrCat("znode ", path, ": ", why.message()));
  }

  void ReadDone(const std::string& group,
                absl::StatusOr<std::optional<StoredGroup>> stored) {
    --reign_->reads;
    if (reign_->fenced) return;
    reign_->table.ReadDone(group, std::move(stored));
  }

  const std::shared_ptr<Events> events_ = std::make_shared<Events>();
  std::mutex mutex_;  // guards all below, but the thread
  Clock::time_point looked_ = Clock::now();
  int64_t now_ms_ = 0;  // the groups' time
  uint64_t requests_ = 0;
  uint64_t reigns_ = 0;
  std::map<uint64_t, Done> waiting_;
  std::vector<std::pair<uint64_t, Done>> failed_;
  std::unique_ptr<Reign> reign_;  // null: this broker is not controller
  std::thread thread_;            // last: it uses all of the above
};

GroupCoordinator::GroupCoordinator() : impl_(std::make_unique<Impl>()) {}
GroupCoordinator::~GroupCoordinator() = default;

void GroupCoordinator::Began(const Leadership& leadership,
                             client::Session& session,
                             std::shared_ptr<const ClusterImage> image) {
  impl_->Begin(leadership, session, *image);
}

void GroupCoordinator::ImageChanged(std::shared_ptr<const ClusterImage> image) {
  impl_->SetImage(*image);
}

void GroupCoordinator::Ended() { impl_->End(); }

uint64_t GroupCoordinator::Join(const std::string& group,
                                const JoinArguments& arguments, Done done) {
  return impl_->Request(std::move(done), [&](GroupTable& table, int64_t now_ms,
                                             uint64_t request) {
    table.Join(now_ms, request, group, arguments);
  });
}

uint64_t GroupCoordinator::Commit(const std::string& group,
                                  const CommitArguments& arguments, Done done) {
  return impl_->Request(std::move(done), [&](GroupTable& table, int64_t now_ms,
                                             uint64_t request) {
    table.Commit(now_ms, request, group, arguments);
  });
}

uint64_t GroupCoordinator::FetchOffsets(const std::string& group, Done done) {
  return impl_->Request(std::move(done),
                        [&](GroupTable& table, int64_t, uint64_t request) {
                          table.FetchOffsets(request, group);
                        });
}

uint64_t GroupCoordinator::Delete(const std::string& group, Done done) {
  return impl_->Request(std::move(done),
                        [&](GroupTable& table, int64_t, uint64_t request) {
                          table.Delete(request, group);
                        });
}

void GroupCoordinator::Cancel(uint64_t request) { impl_->Cancel(request); }

absl::Status GroupCoordinator::Heartbeat(const std::string& group,
                                         const std::string& member_id,
                                         int32_t generation) {
  return impl_->Answer([&](GroupTable& table, int64_t now_ms) {
    return table.Heartbeat(now_ms, group, member_id, generation);
  });
}

absl::Status GroupCoordinator::Leave(const std::string& group,
                                     const std::string& member_id) {
  return impl_->Answer([&](GroupTable& table, int64_t now_ms) {
    return table.Leave(now_ms, group, member_id);
  });
}

absl::StatusOr<GroupDescription> GroupCoordinator::Describe(
    const std::string& group) {
  return impl_->Answer(
      [&](GroupTable& table, int64_t) { return table.Describe(group); });
}

absl::StatusOr<std::vector<std::string>> GroupCoordinator::List() {
  return impl_->Answer([](GroupTable& table, int64_t) { return table.List(); });
}

}  // namespace quorate::broker
