// How fast the replica is by itself, without network, disk and threads.
//
//   bazel run //coord/replica:replica_benchmark

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "coord/replica/client_message.h"
#include "coord/replica/options.h"
#include "coord/replica/testing/harness.h"
#include "coord/tree/request.h"

namespace quorate::replica {
namespace {

// A member alone, with clients.
class Bench {
 public:
  Bench(int members, int clients) : harness_(members) {
    harness_.Elect();
    for (int i = 0; i < clients; ++i) {
      clients_.push_back(harness_.Open(harness_.Leader(), 600'000));
    }
    for (const ConnectionId client : clients_) {
      harness_.Write(client, 1, CreateOf(absl::StrCat("/n", client.value)));
    }
    harness_.Settle();
  }

  // One write of each client, all in one batch.
  void WriteAll() {
    ++request_id_;
    for (const ConnectionId client : clients_) {
      harness_.Write(client, request_id_,
                     tree::SetDataRequest{absl::StrCat("/n", client.value),
                                          std::string(100, 'x')},
                     request_id_ - 1);
    }
    harness_.Settle();
  }

  void ReadAll() {
    for (const ConnectionId client : clients_) {
      harness_.Read(client, GetData{absl::StrCat("/n", client.value)});
    }
    harness_.Settle();
  }

  void Tick() { harness_.Advance(kTickMs); }

 private:
  Harness harness_;
  std::vector<ConnectionId> clients_;
  int64_t request_id_ = 1;
};

void BM_Writes(benchmark::State& state) {
  Bench bench(static_cast<int>(state.range(0)), 100);
  for (auto _ : state) bench.WriteAll();
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(BM_Writes)->Arg(1)->Arg(3);

void BM_LinearizableReads(benchmark::State& state) {
  Bench bench(static_cast<int>(state.range(0)), 100);
  for (auto _ : state) bench.ReadAll();
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(BM_LinearizableReads)->Arg(1)->Arg(3);

// Sessions that do nothing.
void BM_IdleTick(benchmark::State& state) {
  Bench bench(1, static_cast<int>(state.range(0)));
  for (auto _ : state) bench.Tick();
}
BENCHMARK(BM_IdleTick)->Arg(1)->Arg(10'000)->Iterations(2'000);

}  // namespace
}  // namespace quorate::replica
