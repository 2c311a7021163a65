// How many records a second the log makes durable, by group size.
//
//   bazel run //coord/storage:log_benchmark
//
// Files go to TEST_TMPDIR or TMPDIR, so point it at the disk in question. Each
// case writes the same bytes with one fdatasync a group, in three ways:
//   Log             WriteAheadLog in segments prepared beforehand
//   Bare/prefilled  bare pwrite and fdatasync in a file that is zero-filled
//   Bare/growing    the same at the end of a file that grows
// Compare ratios within one run; absolute figures are the machine's.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "benchmark/benchmark.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_system.h"
#include "coord/storage/log_format.h"
#include "coord/storage/log_record.h"
#include "coord/storage/log_replay.h"
#include "coord/storage/owner.h"
#include "coord/storage/posix_file_system.h"
#include "coord/storage/write_ahead_log.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

constexpr size_t kPayloadBytes = 100;
constexpr uint64_t kFileBytes = 64 << 20;

class Directory {
 public:
  Directory() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "log_XXXXXX").string();
    QUORATE_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<LogRecord> Group(size_t size, const Bytes& payload, Zxid* last) {
  std::vector<LogRecord> records;
  for (size_t i = 0; i < size; ++i) {
    *last = last->Next();
    records.push_back({.zxid = *last, .kind = 1, .payload = payload});
  }
  return records;
}

void BM_Log(benchmark::State& state) {
  const Directory directory;
  const std::unique_ptr<FileSystem> files = MakePosixFileSystem();
  const Owner owner{.ensemble = {.high = 1, .low = 2},
                    .member = {.id = {1}, .incarnation = {2}}};
  const LogOptions options;
  QUORATE_CHECK(
      WriteAheadLog::Create(*files, directory.path(), owner, options).ok());
  const auto replayed = ReplayLog(*files, directory.path());
  QUORATE_CHECK(replayed.ok());
  auto log =
      WriteAheadLog::Open(*files, directory.path(), owner, options, *replayed);
  QUORATE_CHECK(log.ok());
  const size_t size = static_cast<size_t>(state.range(0));
  const Bytes payload = MakeBytes(std::string(kPayloadBytes, 'v'));
  Zxid last;
  for (auto _ : state) {
    if (!(*log)->spare().ready()) {
      state.PauseTiming();
      QUORATE_CHECK((*log)->spare().Prepare(options.segment_bytes).ok());
      const auto given_up = (*log)->GiveUp(last);
      QUORATE_CHECK(given_up.ok());
      for (const std::string& file : *given_up) {
        QUORATE_CHECK(files->Remove(file).ok());
      }
      state.ResumeTiming();
    }
    const std::vector<LogRecord> records = Group(size, payload, &last);
    LogChange change;
    change.append = records;
    QUORATE_CHECK((*log)->Stage(change).ok());
    QUORATE_CHECK((*log)->Sync().ok());
  }
  state.SetItemsProcessed(static_cast<int64_t>(size) * state.iterations());
}

void BM_Bare(benchmark::State& state, bool is_prefilled) {
  const Directory directory;
  const std::unique_ptr<FileSystem> files = MakePosixFileSystem();
  auto file = files->Open(directory.path() + "/f", OpenMode::kCreate);
  QUORATE_CHECK(file.ok());
  if (is_prefilled) {
    QUORATE_CHECK((*file)->Write(0, std::string(kFileBytes, '\0')).ok());
    QUORATE_CHECK((*file)->SyncData().ok());
  }
  // As many bytes as the log writes.
  FrameBuilder frame;
  Zxid last;
  const size_t size = static_cast<size_t>(state.range(0));
  const Bytes payload = MakeBytes(std::string(kPayloadBytes, 'v'));
  for (const LogRecord& record : Group(size, payload, &last)) {
    frame.Add(EntryType::kRecord, record);
  }
  const std::string bytes(frame.Encode(1, 1));
  uint64_t offset = 0;
  for (auto _ : state) {
    if (is_prefilled && offset + bytes.size() > kFileBytes) offset = 0;
    QUORATE_CHECK((*file)->Write(offset, bytes).ok());
    QUORATE_CHECK((*file)->SyncData().ok());
    offset += bytes.size();
  }
  state.SetItemsProcessed(static_cast<int64_t>(size) * state.iterations());
}

// Without the disk: what checking and copying cost.
void BM_EncodeFrame(benchmark::State& state) {
  FrameBuilder frame;
  const size_t size = static_cast<size_t>(state.range(0));
  const Bytes payload = MakeBytes(std::string(kPayloadBytes, 'v'));
  for (auto _ : state) {
    Zxid last;
    for (const LogRecord& record : Group(size, payload, &last)) {
      frame.Add(EntryType::kRecord, record);
    }
    benchmark::DoNotOptimize(frame.Encode(1, 1));
    frame.Clear();
  }
  state.SetItemsProcessed(static_cast<int64_t>(size) * state.iterations());
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1)->Arg(16)->Arg(256)->UseRealTime();
}

BENCHMARK(BM_Log)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_Bare, prefilled, true)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_Bare, growing, false)->Apply(Sizes);
BENCHMARK(BM_EncodeFrame)->Apply(Sizes);

}  // namespace
}  // namespace quorate::storage
