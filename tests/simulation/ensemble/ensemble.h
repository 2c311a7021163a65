// Ensemble: whole members and their clients, in one world.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_ENSEMBLE_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_ENSEMBLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "coord/consensus/configuration.h"
#include "coord/replica/client_message.h"
#include "coord/storage/testing/fault_file_system.h"
#include "tests/simulation/ensemble/ensemble_options.h"
#include "tests/simulation/ensemble/ledger.h"
#include "tests/simulation/ensemble/peer_network.h"
#include "tests/simulation/ensemble/sim_client.h"
#include "tests/simulation/ensemble/whole_member.h"
#include "tests/simulation/ensemble/wire.h"
#include "tests/simulation/ensemble/world.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

class Ensemble final : private WireEnds {
 public:
  explicit Ensemble(const EnsembleOptions& options);

  EnsembleWorld& world() { return world_; }
  const EnsembleOptions& options() const { return options_; }
  PeerNetwork& peers() { return peers_; }
  Wire& wire() { return wire_; }
  int size() const { return static_cast<int>(members_.size()); }
  WholeMember& member(int index) {
    return *members_[static_cast<size_t>(index)];
  }
  std::vector<std::unique_ptr<SimClient>>& clients() { return clients_; }

  // Starts the founders and the clients.
  void Begin();
  // Another member asks to be admitted.
  void AddJoiner();
  // Crashes a member and starts it again after a while.
  void CrashFor(int index, storage::CrashLoss loss, Micros downtime);
  // Starts a member that is down; again and again until it runs.
  void Revive(int index);
  // Restarts members whose process has died or stopped for a reason that a
  // restart cures.
  void Supervise();

  // -1: none, or more than one that believe to lead in different epochs: the
  // one of the highest epoch.
  int Leader() const;
  // The newest configuration of the leader, or an empty one.
  const consensus::Configuration& configuration() const;
  // Indices of all members that are not destroyed.
  std::vector<int> Living() const;
  // The member with this id; -1: none, or destroyed.
  int IndexOf(MemberId id) const;
  // It has been told that it is no member any more.
  bool WasRemoved(int index) const;

 private:
  // WireEnds.
  uint32_t LifeOf(int member) const override;
  void ToMember(int member, replica::ConnectionId connection,
                const UpMessage& message) override;
  void ToClient(int client, uint64_t connection,
                replica::ServerMessage message) override;
  void Broken(int client, uint64_t connection) override;

  void AddMember(WholeMemberSpec spec);

  const EnsembleOptions options_;
  EnsembleWorld world_;
  Ledger ledger_;
  PeerNetwork peers_;
  Wire wire_;
  std::vector<std::unique_ptr<WholeMember>> members_;
  std::vector<bool> down_on_purpose_;  // by member: somebody will revive it
  std::vector<std::unique_ptr<SimClient>> clients_;
  consensus::Configuration no_configuration_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_ENSEMBLE_H_
