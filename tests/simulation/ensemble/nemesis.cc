#include "tests/simulation/ensemble/nemesis.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "coord/storage/testing/fault_file_system.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

using storage::CrashLoss;

namespace {

constexpr uint64_t kForEver = std::numeric_limits<uint64_t>::max();

}  // namespace

void Nemesis::Begin() {
  const EnsembleFaultRates& rates = ensemble_.options().rates;
  Plan(rates.network, &Nemesis::Network);
  Plan(rates.bad_network, &Nemesis::BadNetwork);
  Plan(rates.client_cut, &Nemesis::ClientCut);
  Plan(rates.crash, &Nemesis::Crash);
  Plan(rates.crash_all, &Nemesis::CrashAll);
  Plan(rates.pause, &Nemesis::Pause);
  Plan(rates.drift, &Nemesis::Drift);
  Plan(rates.slow_disk, &Nemesis::SlowDisk);
  Plan(rates.full_disk, &Nemesis::FullDisk);
  Plan(rates.disk_error, &Nemesis::DiskError);
  Plan(rates.wipe, &Nemesis::Wipe);
  Plan(rates.join, &Nemesis::Join);
  Plan(rates.change, &Nemesis::Change);
  Plan(rates.transfer, &Nemesis::Transfer);
  Plan(rates.snapshot, &Nemesis::Snapshot);
  Supervise();
}

void Nemesis::Plan(Micros mean, Fault fault) {
  if (mean == 0) return;
  world_.scheduler.After(world_.random.Between(mean / 4, mean * 7 / 4),
                         [this, mean, fault] {
                           if (healed_) return;
                           (this->*fault)();
                           Plan(mean, fault);
                         });
}

void Nemesis::Undo(std::function<void()> action) {
  world_.scheduler.After(
      world_.random.Between(10 * kMillisecond,
                            ensemble_.options().max_fault_duration),
      [this, action = std::move(action)] {
        if (!healed_) action();
      });
}

void Nemesis::Count(const std::string& name) {
  ++world_.statistics.faults[name];
  world_.trace.Line(TraceKind::kFault, -1, {name.size()}, [&] { return name; });
}

int Nemesis::AnyRunning() {
  int any = -1;
  uint64_t seen = 0;
  for (const int index : ensemble_.Living()) {
    if (!ensemble_.member(index).running()) continue;
    if (world_.random.Below(++seen) == 0) any = index;
  }
  // Leaders have more to lose.
  const int leader = ensemble_.Leader();
  return leader >= 0 && world_.OneIn(3) ? leader : any;
}

// Processes die by themselves, too, and somebody starts them again.
void Nemesis::Supervise() {
  ensemble_.Supervise();
  world_.scheduler.After(50 * kMillisecond, [this] { Supervise(); });
}

// --- The network ------------------------------------------------------------

void Nemesis::Network() {
  const std::vector<int> all = ensemble_.Living();
  PeerNetwork& peers = ensemble_.peers();
  const uint64_t kind = world_.random.Below(4);
  if (kind == 0) {
    Bridge(all);
  } else if (kind == 1) {
    Count("one-way cut");
    const int one = all[world_.random.Below(all.size())];
    const bool inbound = world_.OneIn(2);
    for (const int other : all) {
      if (other == one) continue;
      inbound ? peers.Cut(other, one) : peers.Cut(one, other);
    }
  } else {
    Count("partition");
    std::vector<bool> side;
    for (size_t i = 0; i < all.size(); ++i) side.push_back(world_.OneIn(2));
    for (size_t i = 0; i < all.size(); ++i) {
      for (size_t j = 0; j < all.size(); ++j) {
        if (side[i] != side[j]) peers.Cut(all[i], all[j]);
      }
    }
  }
  Undo([this] { ensemble_.peers().HealCuts(); });
}

// Only the first member reaches both sides.
void Nemesis::Bridge(const std::vector<int>& all) {
  Count("bridge");
  for (size_t i = 1; i < all.size(); ++i) {
    for (size_t j = 1; j < all.size(); ++j) {
      if (i % 2 != j % 2) ensemble_.peers().Cut(all[i], all[j]);
    }
  }
}

void Nemesis::BadNetwork() {
  Count("bad network");
  PeerNetworkOptions bad = ensemble_.options().network;
  bad.max_delay += world_.random.Between(0, 100 * kMillisecond);
  bad.loss_per_million = static_cast<uint32_t>(world_.random.Below(250'000));
  bad.duplicate_per_million =
      static_cast<uint32_t>(world_.random.Below(250'000));
  bad.straggler_per_million =
      static_cast<uint32_t>(world_.random.Below(250'000));
  ensemble_.peers().SetOptions(bad);
  Undo([this] { ensemble_.peers().SetOptions(ensemble_.options().network); });
}

void Nemesis::ClientCut() {
  Count("clients cut off");
  for (size_t client = 0; client < ensemble_.clients().size(); ++client) {
    for (const int member : ensemble_.Living()) {
      if (world_.OneIn(3)) {
        ensemble_.wire().Cut(static_cast<int>(client), member);
      }
    }
  }
  Undo([this] { ensemble_.wire().HealCuts(); });
}

// --- Machines ---------------------------------------------------------------

void Nemesis::Crash() {
  const int victim = AnyRunning();
  if (victim < 0) return;
  WholeMember& member = ensemble_.member(victim);
  switch (world_.random.Below(3)) {
    case 0:
      Count("power lost");
      ensemble_.CrashFor(
          victim, static_cast<CrashLoss>(world_.random.Below(4)),
          world_.random.Between(10 * kMillisecond,
                                ensemble_.options().max_downtime));
      break;
    case 1:
      Count("power lost in the middle of an output");
      member.CrashWithin(static_cast<int>(world_.random.Between(1, 20)));
      break;
    default:
      Count("power lost in a call of the disk");
      member.disk().CrashAt(member.disk().calls() + 1 +
                            world_.random.Below(30));
      break;
  }
}

void Nemesis::CrashAll() {
  Count("power lost everywhere");
  for (const int victim : ensemble_.Living()) {
    if (!ensemble_.member(victim).running()) continue;
    ensemble_.CrashFor(victim, static_cast<CrashLoss>(world_.random.Below(4)),
                       world_.random.Between(10 * kMillisecond,
                                             ensemble_.options().max_downtime));
  }
}

void Nemesis::Pause() {
  const int victim = AnyRunning();
  if (victim < 0) return;
  Count("process paused");
  ensemble_.member(victim).Pause();
  Undo([this, victim] { ensemble_.member(victim).Resume(); });
}

void Nemesis::Drift() {
  const int victim = AnyRunning();
  if (victim < 0) return;
  Count("clock drifts");
  ensemble_.member(victim).SetClockDrift(
      world_.random.Between(-30'000, 30'000));
}

// --- Disks ------------------------------------------------------------------

void Nemesis::SlowDisk() {
  const int victim = AnyRunning();
  if (victim < 0) return;
  Count("slow disk");
  ensemble_.member(victim).disk_times().slowness =
      static_cast<int>(world_.random.Between(2, 60));
  Undo([this, victim] { ensemble_.member(victim).disk_times().slowness = 1; });
}

void Nemesis::FullDisk() {
  const int victim = AnyRunning();
  if (victim < 0) return;
  Count("full disk");
  ensemble_.member(victim).disk().FailAt(
      ensemble_.member(victim).disk().calls() + 1, kForEver, ENOSPC);
  Undo([this, victim] { ensemble_.member(victim).disk().FailAt(0, 0, 0); });
}

void Nemesis::DiskError() {
  const int victim = AnyRunning();
  if (victim < 0) return;
  Count("disk error");
  storage::FaultFileSystem& disk = ensemble_.member(victim).disk();
  const uint64_t first = disk.calls() + 1 + world_.random.Below(10);
  disk.FailAt(first, first + world_.random.Below(3), EIO);
}

// --- The end ----------------------------------------------------------------

void Nemesis::Heal() {
  healed_ = true;
  ensemble_.peers().HealCuts();
  PeerNetworkOptions good = ensemble_.options().network;
  good.loss_per_million = good.duplicate_per_million = 0;
  good.straggler_per_million = 0;
  ensemble_.peers().SetOptions(good);
  ensemble_.wire().HealCuts();
  for (const int index : ensemble_.Living()) {
    WholeMember& member = ensemble_.member(index);
    member.disk().FailAt(0, 0, 0);
    member.disk().CrashAt(0);
    member.disk_times().slowness = 1;
    member.CrashWithin(0);
    member.SetClockDrift(0);
    member.Resume();
    if (!member.running()) ensemble_.Revive(index);
  }
}

}  // namespace quorate::simulation
