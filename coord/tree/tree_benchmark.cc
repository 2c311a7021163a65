// What a million znodes of 100 bytes cost: memory, and time of the main steps.
//
//   bazel run //coord/tree:tree_benchmark
//
// Memory is counted at operator new and delete, as malloc rounds it up.

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#include "absl/strings/str_format.h"
#include "benchmark/benchmark.h"
#include "coord/tree/outstanding.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/state_machine.h"

namespace {

size_t g_bytes_in_use = 0;

}  // namespace

// What malloc keeps in front of each block: 8 bytes.
void* operator new(size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  g_bytes_in_use += malloc_usable_size(memory) + 8;
  return memory;
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  g_bytes_in_use -= malloc_usable_size(memory) + 8;
  std::free(memory);
}

void operator delete(void* memory, size_t) noexcept { operator delete(memory); }

namespace quorate::tree {
namespace {

constexpr int kNodes = 1'000'000;
constexpr size_t kDataBytes = 100;
constexpr size_t kSliceBytes = 64 << 10;

// A thousand parents with a thousand children each, or one parent of all.
std::string PathOf(int i, bool flat) {
  return flat ? absl::StrFormat("/parent/node-%010d", i)
              : absl::StrFormat("/parent-%04d/node-%010d", i / 1000, i);
}

Txn Create(std::string path) {
  Txn txn;
  txn.body =
      CreateTxn{std::move(path), std::string(kDataBytes, 'x'), OpenAcl(), 0};
  return txn;
}

std::unique_ptr<StateMachine> Million(bool flat) {
  auto state = std::make_unique<StateMachine>();
  const auto apply = [&state](const std::string& path) {
    if (!state->Apply(state->applied().Next(), Create(path)).ok()) {
      std::abort();
    }
  };
  if (flat) apply("/parent");
  for (int i = 0; i < kNodes; ++i) {
    if (!flat && i % 1000 == 0) {
      apply(absl::StrFormat("/parent-%04d", i / 1000));
    }
    apply(PathOf(i, flat));
  }
  return state;
}

void BM_CreateMillion(benchmark::State& bench) {
  const bool flat = bench.range(0) != 0;
  for (auto _ : bench) {
    const size_t before = g_bytes_in_use;
    const std::unique_ptr<StateMachine> state = Million(flat);
    bench.counters["bytes_per_znode"] =
        static_cast<double>(g_bytes_in_use - before) / kNodes;
  }
}
BENCHMARK(BM_CreateMillion)
    ->ArgName("flat")
    ->Arg(0)
    ->Arg(1)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void BM_Snapshot(benchmark::State& bench) {
  const std::unique_ptr<StateMachine> state = Million(bench.range(0) != 0);
  for (auto _ : bench) {
    Snapshot snapshot(*state);
    std::string slice;
    while (snapshot.Next(kSliceBytes, slice)) slice.clear();
  }
}
BENCHMARK(BM_Snapshot)
    ->ArgName("flat")
    ->Arg(0)
    ->Arg(1)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// One slice, and one txn that changes a znode ahead of the walk: the steps
// between which nothing else can run.
void BM_SnapshotSlice(benchmark::State& bench) {
  const std::unique_ptr<StateMachine> state = Million(false);
  auto snapshot = std::make_unique<Snapshot>(*state);
  std::string slice;
  int next = kNodes;
  for (auto _ : bench) {
    slice.clear();
    if (!snapshot->Next(kSliceBytes, slice)) {
      bench.PauseTiming();
      snapshot = std::make_unique<Snapshot>(*state);
      next = kNodes;
      bench.ResumeTiming();
    }
    Txn txn;
    next = std::max(next - 1, 0);
    txn.body = SetDataTxn{PathOf(next, false), "new", 1};
    benchmark::DoNotOptimize(state->Apply(state->applied().Next(), txn));
  }
}
BENCHMARK(BM_SnapshotSlice)->Unit(benchmark::kMicrosecond);

void BM_Load(benchmark::State& bench) {
  std::string stream;
  {
    const std::unique_ptr<StateMachine> state = Million(false);
    Snapshot snapshot(*state);
    while (snapshot.Next(kSliceBytes, stream)) {
    }
  }
  for (auto _ : bench) {
    SnapshotLoader loader;
    for (size_t at = 0; at < stream.size(); at += kSliceBytes) {
      if (!loader.Append(absl::string_view(stream).substr(at, kSliceBytes))
               .ok()) {
        std::abort();
      }
    }
    if (!loader.Finish().ok()) std::abort();
  }
}
BENCHMARK(BM_Load)->Iterations(1)->Unit(benchmark::kMillisecond);

// A request's whole way: checked, applied, no longer outstanding. Numbered ones
// have their results remembered until ten more were answered.
void BM_SetData(benchmark::State& bench) {
  const std::unique_ptr<StateMachine> state = Million(bench.range(0) != 0);
  Outstanding outstanding(*state);
  Request request;
  request.session = {1};
  request.body = CreateSessionRequest{1000, std::string(16, 'p')};
  const auto ask = [&] {
    const Zxid zxid = state->applied().Next();
    Prepared prepared = outstanding.Prepare(zxid, request);
    if (!prepared.status.ok()) std::abort();
    benchmark::DoNotOptimize(state->Apply(zxid, prepared.txn));
    outstanding.OnApplied(zxid);
  };
  ask();
  uint64_t i = 0;
  for (auto _ : bench) {
    i = (i * 6364136223846793005u + 1442695040888963407u);
    if (bench.range(1) != 0) {
      request.acked_through = std::max<int64_t>(0, ++request.request_id - 10);
    }
    request.body = SetDataRequest{
        PathOf(static_cast<int>((i >> 33) % kNodes), bench.range(0) != 0),
        std::string(kDataBytes, 'y')};
    ask();
  }
}
BENCHMARK(BM_SetData)
    ->ArgNames({"flat", "numbered"})
    ->Args({0, 0})
    ->Args({0, 1})
    ->Args({1, 0})
    ->Args({1, 1})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace quorate::tree
