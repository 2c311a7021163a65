// Nemesis: does to an ensemble what its options say: faults of the network, the
// machines, the disks and the clocks, and changes of its membership.
//
// As every quorum protocol, the ensemble keeps what it acknowledged as long as
// a majority of the voters keep their disks. So at most one voter's disk is
// lost at a time, never with another change under way, and until it has been
// removed no other voter is.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_NEMESIS_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_NEMESIS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "coord/consensus/configuration.h"
#include "tests/simulation/ensemble/ensemble.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

class Nemesis {
 public:
  // `ensemble` must outlive it, and it must live as long as time goes on.
  explicit Nemesis(Ensemble& ensemble) : ensemble_(ensemble) {}

  void Begin();
  // No more faults, and everything that is broken is mended, but for the
  // members that have lost their disks.
  void Heal();

 private:
  using Fault = void (Nemesis::*)();

  void Plan(Micros mean, Fault fault);
  // Undoes a fault after a while, unless all has been healed before.
  void Undo(std::function<void()> action);
  void Count(const std::string& name);
  // A member whose process runs; -1: none does.
  int AnyRunning();

  // nemesis.cc
  void Network();
  void Bridge(const std::vector<int>& all);
  void BadNetwork();
  void ClientCut();
  void Crash();
  void CrashAll();
  void Pause();
  void Drift();
  void SlowDisk();
  void FullDisk();
  void DiskError();
  void Supervise();

  // operator.cc
  void Wipe();
  void Join();
  void Change();
  void Transfer();
  void Snapshot();
  bool MayWipe(int victim);
  bool IsDestroyed(MemberId id) const;
  void Promote(consensus::MembershipChange& change);
  void Remove(consensus::MembershipChange& change);

  Ensemble& ensemble_;
  EnsembleWorld& world_ = ensemble_.world();
  bool healed_ = false;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_NEMESIS_H_
