// LocalCluster: the members of an ensemble, and brokers beside them, as
// processes of this machine.
//
// A directory holds cluster.json and, for each member, member-N/data (its data
// directory) and member-N/log; likewise broker-N for each broker. One program
// at a time changes a cluster: each LocalCluster holds the directory's lock.
//
// All errors are Local unless said otherwise. Not thread-safe.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_LOCAL_CLUSTER_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_LOCAL_CLUSTER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/port.h"

namespace quorate::tools {

// Exit code of coordd when it cannot listen on its port.
inline constexpr int kCannotListen = 4;
// Exit codes of coordd when it may never run again: it has just been told, such
// as that it was removed, or it finds so in its directory.
inline constexpr int kStoppedForGood = 5;
inline constexpr int kCannotUseDirectory = 3;

// A member that has ended by itself.
struct EndedMember {
  uint64_t id = 0;
  std::optional<int> exit_code;  // nothing: not known
  std::string last_words;        // the last line of its log
};

class LocalCluster {
 public:
  // A directory that is empty or not there yet becomes a cluster of `size`
  // founders, with ports from `base_port` on, or any free ones if it is 0. No
  // member runs yet.
  static absl::StatusOr<LocalCluster> Make(
      const std::string& directory, uint64_t size, uint16_t base_port,
      const std::string& coordd, const std::vector<std::string>& flags);
  // The cluster that `directory` holds.
  static absl::StatusOr<LocalCluster> Open(const std::string& directory);

  // Starts a member that does not run. What its directory holds is kept.
  absl::Status Start(uint64_t id);
  // Asks members to stop, resuming paused ones, and kills those that have not
  // stopped after a while. None of them runs afterwards, or an error says
  // which.
  absl::Status Stop(const std::vector<uint64_t>& ids);
  // SIGKILL, SIGSTOP, SIGCONT; returns when it has taken effect. The member
  // must run (be paused).
  absl::Status Kill(uint64_t id);
  absl::Status Pause(uint64_t id);
  absl::Status Resume(uint64_t id);

  // One more member, which asks the others to be admitted. It does not run yet.
  absl::StatusOr<uint64_t> Add();
  // The member belongs to the ensemble no more: stops it, giving it a moment to
  // end by itself, and never starts it again.
  absl::Status Retire(uint64_t id);

  // The only member, whose directory is to be filled by a restored snapshot: no
  // founder, it belongs to an ensemble as soon as it starts. REQUIRES: Make()
  // of size 1, never started.
  absl::Status SetRestored();

  // Removes cluster.json, so that the directory holds no cluster. REQUIRES: as
  // SetRestored().
  absl::Status Forget();

  // Other ports for founders that never founded anything: whoever has taken
  // one of theirs was quicker. Deletes what they have written. REQUIRES: none
  // runs, !file().founded.
  absl::Status ChooseOtherPorts();

  absl::Status SetFounded();
  // The program for members that are started from now on.
  absl::Status SetCoordd(const std::string& coordd);

  // A member that ought to run and has ended; nothing: all of `ids` run.
  std::optional<EndedMember> FindEnded(const std::vector<uint64_t>& ids);

  // Of those that are not retired.
  std::vector<uint64_t> Ids() const;
  // Usage: no such member, or it is retired.
  absl::StatusOr<ProcessState> StateOfMember(uint64_t id);

  // --- Brokers
  // ---------------------------------------------------------------- So many
  // more brokers, of this program and with these flags beside their own. They
  // are not formatted yet.
  absl::Status AddBrokers(int32_t count, const std::string& brokerd,
                          const std::vector<std::string>& flags);
  // Makes its directory that of a broker, by running the program; whatever an
  // attempt before has left there goes. `bootstrap`: makes the znodes, too.
  absl::Status FormatBroker(int32_t id, bool bootstrap);
  // As for members.
  absl::Status StartBroker(int32_t id);
  absl::Status StopBrokers(const std::vector<int32_t>& ids);
  absl::Status KillBroker(int32_t id);
  absl::Status PauseBroker(int32_t id);
  absl::Status ResumeBroker(int32_t id);
  // Other ports for a broker that does not run.
  absl::Status ChooseOtherBrokerPorts(int32_t id);
  absl::Status SetBrokerd(const std::string& brokerd);
  std::optional<EndedMember> FindEndedBroker(const std::vector<int32_t>& ids);
  std::vector<int32_t> BrokerIds() const;

  const std::string& directory() const { return directory_; }
  const ClusterFile& file() const { return file_; }

 private:
  LocalCluster(std::string directory, LockFile lock, ClusterFile file)
      : directory_(std::move(directory)),
        lock_(std::move(lock)),
        file_(std::move(file)) {}

  std::vector<std::string> ArgumentsOf(const ClusterMember& member) const;
  absl::StatusOr<ClusterMember*> FindMember(uint64_t id);
  std::vector<std::string> ArgumentsOf(const ClusterBroker& broker) const;
  // Usage: no such broker.
  absl::StatusOr<ClusterBroker*> FindBroker(int32_t id);
  absl::StatusOr<std::string> ChooseAddress();
  // Whether an address is a member's, retired ones too, or a broker's.
  bool IsGiven(const std::string& address) const;
  absl::Status ChoosePorts(uint16_t base_port,
                           std::vector<ClusterMember*> members);
  absl::Status Save() const { return SaveCluster(directory_, file_); }

  std::string directory_;  // without symbolic links
  LockFile lock_;
  ClusterFile file_;
  // Held until their member is started, by address.
  std::map<std::string, HeldPort> ports_;
};

// The last line of a file; "" if it has none or cannot be read.
std::string LastLine(const std::string& path);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_LOCAL_CLUSTER_H_
