// How fast three data planes of one process take batches with acks=all:
//
//   data_benchmark DIRECTORY [PARTITIONS [OUTSTANDING [BATCH_BYTES [SECONDS]]]]

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "broker/data/data_options.h"
#include "broker/data/data_plane.h"
#include "broker/data/requests.h"
#include "broker/data/testing/loopback.h"
#include "broker/data/testing/test_controller.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"
#include "coord/storage/posix_file_system.h"

namespace quorate::broker {
namespace {

using Clock = std::chrono::steady_clock;

// Keeps so many produce requests under way.
class Load {
 public:
  Load(DataPlane& leader, std::string batch, int32_t partitions)
      : leader_(leader), batch_(std::move(batch)), partitions_(partitions) {}

  void Run(int outstanding, int seconds) {
    end_ = Clock::now() + std::chrono::seconds(seconds);
    open_ = outstanding;
    for (int i = 0; i < outstanding; ++i) Next();
    std::unique_lock lock(mutex_);
    over_.wait(lock, [this] { return open_ == 0; });
    std::sort(micros_.begin(), micros_.end());
    const auto at = [&](double part) {
      return static_cast<double>(micros_[static_cast<size_t>(
                 part * static_cast<double>(micros_.size() - 1))]) /
             1'000;
    };
    const double rate = static_cast<double>(micros_.size()) / seconds;
    std::printf(
        "%.0f batches/s, %.1f MB/s, p50 %.1f ms, p99 %.1f ms, max %.1f ms\n",
        rate, rate * static_cast<double>(batch_.size()) / 1e6, at(0.5),
        at(0.99), at(1.0));
  }

 private:
  void Next() {
    ProduceQuery query;
    query.batches.push_back({{"t", next_++ % partitions_}, batch_});
    const Clock::time_point begun = Clock::now();
    leader_.Produce(std::move(query), [this, begun](const ProduceReply& reply) {
      QUORATE_CHECK(reply.results.at(0).status.ok());
      const Clock::time_point now = Clock::now();
      {
        const std::scoped_lock lock(mutex_);
        micros_.push_back(
            std::chrono::duration_cast<std::chrono::microseconds>(now - begun)
                .count());
        if (now >= end_) {
          --open_;
          over_.notify_all();
          return;
        }
      }
      Next();
    });
  }

  DataPlane& leader_;
  const std::string batch_;
  const int32_t partitions_;
  std::atomic<int32_t> next_{0};
  Clock::time_point end_;
  std::mutex mutex_;
  std::condition_variable over_;
  int open_ = 0;                 // guarded by mutex_
  std::vector<int64_t> micros_;  // guarded by mutex_
};

int Main(int argc, char** argv) {
  const auto number = [&](int at, int otherwise) {
    return argc > at ? std::atoi(argv[at]) : otherwise;
  };
  if (argc < 2) {
    std::fprintf(stderr, "usage: data_benchmark DIRECTORY ...\n");
    return 2;
  }
  const auto files = storage::MakePosixFileSystem();
  TestController controller;
  Loopback loopback;
  std::vector<std::unique_ptr<DataPlane>> planes;
  for (BrokerId id = 1; id <= 3; ++id) {
    DataOptions options;
    options.id = id;
    options.directory = std::string(argv[1]) + "/" + std::to_string(id);
    std::filesystem::create_directories(options.directory);
    options.file_system = files.get();
    options.isr = &controller;
    options.fetch = &loopback;
    auto plane = DataPlane::Open(std::move(options));
    QUORATE_CHECK(plane.ok());
    planes.push_back(*std::move(plane));
    loopback.Set(id, planes.back().get());
    controller.SetBroker(id, std::to_string(id), planes.back().get());
  }
  const int partitions = number(2, 1);
  controller.CreateTopic("t", partitions, {3, 2, 0, 0, 64 << 20, 8 << 20});
  const int batch_bytes = number(4, 16'384);
  const std::string batch = *EncodeBatch(
      {}, std::vector<Record>(
              static_cast<size_t>(std::max(1, batch_bytes / 1'024)),
              Record{.timestamp_ms = 1, .value = std::string(1'000, 'x')}));
  Load(*planes[0], batch, partitions).Run(number(3, 16), number(5, 3));
  for (auto& plane : planes) plane->Stop();
  return 0;
}

}  // namespace
}  // namespace quorate::broker

int main(int argc, char** argv) { return quorate::broker::Main(argc, argv); }
