#include "tools/quorate/bench/load.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "tools/quorate/bench/histogram.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

// So many creates in one multi while the keys are prepared.
constexpr int64_t kBatch = 500;

std::string KeyPath(const std::string& root, int64_t key) {
  return absl::StrCat(root, "/key-", key);
}

// The requests of one session. Its callbacks come one at a time, on one thread
// of the session; only the beginning and the end are seen by another.
class Runner {
 public:
  Runner(client::Session& session, const LoadOptions& options, size_t number,
         absl::Time deadline)
      : session_(session),
        options_(options),
        number_(number),
        deadline_(deadline),
        random_(number),
        data_(static_cast<size_t>(options.size_bytes), 'x') {}

  void Start() {
    {
      const absl::MutexLock lock(&mutex_);
      under_way_ = options_.outstanding;
    }
    for (int64_t i = 0; i < options_.outstanding; ++i) Next();
  }

  void AwaitEnd() {
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](int64_t* under_way) { return *under_way == 0; }, &under_way_));
  }

  // Once it has ended.
  const Histogram& latency_us() const { return latency_us_; }
  const std::map<std::string, uint64_t>& errors() const { return errors_; }

 private:
  bool WritesNext() {
    switch (options_.op) {
      case LoadOp::kSet:
      case LoadOp::kCreate:
        return true;
      case LoadOp::kGet:
      case LoadOp::kGetLocal:
        return false;
      case LoadOp::kMixed:
        return random_() % 10 == 0;
    }
    return false;
  }

  void Next() {
    const absl::Time started = absl::Now();
    bool writes = false;
    std::string path;
    {
      // Start() runs beside the first answers.
      const absl::MutexLock lock(&mutex_);
      writes = WritesNext();
      path =
          options_.op == LoadOp::kCreate
              ? absl::StrCat(options_.root, "/new-", number_, "-", made_++)
              : KeyPath(options_.root,
                        static_cast<int64_t>(
                            random_() % static_cast<uint64_t>(options_.keys)));
    }
    const auto done = [this, started](const auto& result) {
      Done(started, result.status());
    };
    if (!writes) {
      session_.AsyncRead(client::GetData{std::move(path)},
                         options_.op == LoadOp::kGetLocal
                             ? client::Consistency::kLocal
                             : client::Consistency::kLinearizable,
                         done);
    } else if (options_.op == LoadOp::kCreate) {
      session_.AsyncWrite(
          client::Create{.path = std::move(path), .data = data_}, done);
    } else {
      session_.AsyncWrite(
          client::SetData{.path = std::move(path), .data = data_}, done);
    }
  }

  void Done(absl::Time started, const absl::Status& status) {
    const absl::Time now = absl::Now();
    const bool over = session_.state() == client::SessionState::kExpired ||
                      session_.state() == client::SessionState::kClosed;
    {
      const absl::MutexLock lock(&mutex_);
      if (status.ok()) {
        latency_us_.Add(absl::ToInt64Microseconds(now - started));
      } else {
        ++errors_[KindOf(status)];
      }
      if (now >= deadline_ || over) {
        --under_way_;
        return;
      }
    }
    Next();
  }

  client::Session& session_;
  const LoadOptions& options_;
  const size_t number_;
  const absl::Time deadline_;
  absl::Mutex mutex_;  // guards the rest
  std::mt19937_64 random_;
  const std::string data_;
  int64_t made_ = 0;
  int64_t under_way_ = 0;
  Histogram latency_us_;
  std::map<std::string, uint64_t> errors_;
};

}  // namespace

absl::Status PrepareKeys(client::Session& session, const LoadOptions& options) {
  const std::string data(static_cast<size_t>(options.size_bytes), 'x');
  // A multi may not be too large as a whole either.
  constexpr int64_t kMaxBatchBytes = 512 << 10;
  const int64_t batch =
      std::clamp<int64_t>(kMaxBatchBytes / (options.size_bytes + 1), 1, kBatch);
  for (int64_t first = 0; first < options.keys; first += batch) {
    client::Multi multi;
    for (int64_t key = first; key < std::min(options.keys, first + batch);
         ++key) {
      multi.ops.push_back(
          client::Create{.path = KeyPath(options.root, key), .data = data});
    }
    const absl::Status status = session.Write(std::move(multi)).status();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

LoadResult RunLoad(
    const std::vector<std::unique_ptr<client::Session>>& sessions,
    const LoadOptions& options) {
  const absl::Time started = absl::Now();
  std::vector<std::unique_ptr<Runner>> runners;
  for (size_t i = 0; i < sessions.size(); ++i) {
    runners.push_back(std::make_unique<Runner>(*sessions[i], options, i,
                                               started + options.duration));
  }
  for (const std::unique_ptr<Runner>& runner : runners) runner->Start();
  LoadResult result;
  for (const std::unique_ptr<Runner>& runner : runners) {
    runner->AwaitEnd();
    result.latency_us.Add(runner->latency_us());
    for (const auto& [kind, count] : runner->errors()) {
      result.errors[kind] += count;
    }
  }
  result.elapsed = absl::Now() - started;
  return result;
}

}  // namespace quorate::tools
