// Stage: where a scenario plays: a simulated cluster without chance, the names
// of its members, the messages that are kept from arriving, the clients.
//
// The cluster is made when the first member comes; before that the settings can
// be changed.

#ifndef QUORATE_TESTS_SCENARIOS_STAGE_H_
#define QUORATE_TESTS_SCENARIOS_STAGE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/client_pin.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "tests/scenarios/event_log.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/member.h"

namespace quorate::scenarios {

class Stage {
 public:
  Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // --- Settings, until there is a member ------------------------------------
  bool IsSet() const { return cluster_ != nullptr; }
  simulation::ClusterOptions& options() { return options_; }
  consensus::Limits& limits() { return limits_; }

  simulation::Cluster& cluster();

  // --- Members
  // ------------------------------------------------------------------ -1:
  // nobody has that name.
  int Find(absl::string_view name) const;
  const std::string& Name(int index) const { return names_[index]; }
  // Where a member of this name listens, or would by default.
  std::string AddressOf(const std::string& name) const;
  void SetAddress(const std::string& name, std::string address) {
    addresses_[name] = std::move(address);
  }
  // Adds a member; `spec` needs neither id nor address. InvalidArgument: the
  // name is no name, or taken.
  absl::StatusOr<int> Add(const std::string& name, simulation::MemberSpec spec);
  // The manifest of founders with these names, who may not be there yet.
  absl::StatusOr<consensus::Manifest> ManifestOf(
      const std::vector<std::string>& names) const;
  // Who leads for the operator: the leader of the highest epoch; -1: nobody.
  int Leader() { return cluster().Leader(); }

  // --- Messages kept from arriving
  // ----------------------------------------------
  struct MessageRule {
    std::string kind;  // first word of its description; empty: any
    int from = -1;     // -1: any
    int to = -1;
    bool hold = false;  // keep it for Release(); else it is lost
  };
  void AddRule(MessageRule rule) { rules_.push_back(std::move(rule)); }
  void ClearRules() { rules_.clear(); }
  // Lets nobody but `index` campaign with success; -1: all may again.
  void OnlyCandidate(int index) { only_candidate_ = index; }
  // Puts the rules in force again after the cluster was healed.
  void FilterMessages();
  // Sends what was held, in the order of arrival. Returns how many.
  size_t Release();

  // --- Time
  // ---------------------------------------------------------------------
  bool RunUntil(absl::FunctionRef<bool()> done, simulation::Micros limit) {
    return cluster().RunUntil(done, limit);
  }

  // --- Words
  // --------------------------------------------------------------------
  EventLog& events() { return events_; }
  // Replaces ensemble ids and incarnations, which are random, by names: "E1",
  // "disk-2", and "disk-2b" for the second disk of 2.
  std::string Anonymous(const std::string& text);

  std::map<std::string, consensus::ClientPin> clients;
  std::map<int, simulation::Disk> saved_disks;
  uint64_t last_change = 0;  // id of the newest change that was accepted

 private:
  bool Keeps(int from, int to, const consensus::Envelope& envelope);
  void LearnIncarnations();

  simulation::ClusterOptions options_;
  consensus::Limits limits_;
  std::unique_ptr<simulation::Cluster> cluster_;
  std::vector<std::string> names_;  // by index
  std::map<std::string, std::string> addresses_;
  std::vector<MessageRule> rules_;
  int only_candidate_ = -1;
  std::vector<std::pair<int, consensus::Envelope>> held_;
  EventLog events_;
  std::map<std::string, std::string> ensembles_;     // by hexadecimal id
  std::map<std::string, std::string> incarnations_;  // likewise
  std::map<int, int> disks_seen_;                    // by index
};

}  // namespace quorate::scenarios

#endif  // QUORATE_TESTS_SCENARIOS_STAGE_H_
