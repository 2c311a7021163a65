// BrokerStage: the brokers of an act, as processes. They end with it.
//
// Errors are Local unless said otherwise. AddressOf() and addresses() may be
// called from any thread; everything else from one.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_BROKER_STAGE_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_BROKER_STAGE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/quorate/cluster/port.h"
#include "tools/quorate/drill/processes.h"

namespace quorate::tools {

class BrokerStage {
 public:
  // Brokers 1 to `count`, of which none runs yet. `directory` is there and
  // empty; `brokerd` has no symbolic links in it. `pinned`: each belongs to the
  // ensemble that it was formatted for; else it believes any (unsafe).
  static absl::StatusOr<std::unique_ptr<BrokerStage>> Make(
      const std::string& directory, const std::string& brokerd, int count,
      bool pinned);

  // Formats all of them for the ensemble at `endpoints`, the first one with the
  // order to make the znodes of a new cluster.
  absl::Status Format(const std::vector<std::string>& endpoints);
  // Starts a broker that does not run; returns when its process runs.
  absl::Status Start(int id, const std::vector<std::string>& endpoints);
  // Stops it as an operator does: it hands over first.
  absl::Status Stop(int id);
  // The first broker that has ended by itself, with its last words; OK: none.
  absl::Status CheckAll() const;

  std::vector<int> Ids() const;
  std::string AddressOf(int id) const { return addresses_.at(id); }
  // By id.
  const std::map<int, std::string>& addresses() const { return addresses_; }

 private:
  BrokerStage(const std::string& directory, std::string brokerd, bool pinned)
      : brokerd_(std::move(brokerd)),
        pinned_(pinned),
        processes_(directory, "broker") {}

  absl::Status FormatOne(int id, const std::vector<std::string>& endpoints);

  const std::string brokerd_;
  const bool pinned_;
  std::map<int, std::string> addresses_;
  std::map<int, HeldPort> ports_;  // of those that were never started
  Processes processes_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_BROKER_STAGE_H_
