// ClusterFile: cluster.json, which makes a directory that of a local cluster.
//
//   {"format": 1, "coordd": "/usr/bin/coordd", "flags": ["--log-level=debug"],
//    "founded": true,
//    "members": [{"id": 1, "address": "127.0.0.1:20001", "metrics":
//    "127.0.0.1:20002", "joins": false, "pid": 4711, "start_ticks": 123,
//    "boot_id": "...", "executable": "...", "retired": false}],
//    "brokerd": "/usr/bin/brokerd", "broker_flags": [],
//    "brokers": [{"broker": 1, "address": "127.0.0.1:20003", "metrics":
//    "127.0.0.1:20004", "formatted": true, "pid": 4712, ...}]}
//
// A cluster without brokers has none of the last three.
//
// Who belongs to the ensemble no more stays in the file as retired: neither its
// id nor its ports are ever given to another, and founders are asked for the
// list.

#ifndef QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_FILE_H_
#define QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/cluster/process.h"

namespace quorate::tools {

struct ClusterMember {
  uint64_t id = 0;
  std::string address = {};  // "127.0.0.1:port"
  std::string metrics = {};  // likewise
  bool joins = false;        // came later, and was no founder
  Process process = {};      // the last one that was started
  // Belongs no more, and does not run: it is never started again.
  bool retired = false;

  bool operator==(const ClusterMember&) const = default;
};

struct ClusterBroker {
  int32_t id = 0;            // above 0
  std::string address = {};  // "127.0.0.1:port"
  std::string metrics = {};  // likewise
  // Its directory is that of a broker: brokerd --format has ended well.
  bool formatted = false;
  Process process = {};  // the last one that was started

  bool operator==(const ClusterBroker&) const = default;
};

struct ClusterFile {
  std::string coordd;              // the program, without symbolic links
  std::vector<std::string> flags;  // that every member gets, beside its own
  // All founders have served once: their ports can no longer change.
  bool founded = false;
  std::vector<ClusterMember> members = {};  // by id
  std::string brokerd = {};                 // as coordd; empty: no brokers
  std::vector<std::string> broker_flags = {};
  std::vector<ClusterBroker> brokers = {};  // by id

  ClusterMember* Find(uint64_t id);       // nullptr: no such member
  ClusterBroker* FindBroker(int32_t id);  // nullptr: no such broker
  // Those that are not retired, by id.
  std::vector<const ClusterMember*> Present() const;

  bool operator==(const ClusterFile&) const = default;
};

std::string ClusterFilePath(absl::string_view directory);
std::string MemberDirectory(absl::string_view directory, uint64_t id);
std::string MemberLogPath(absl::string_view directory, uint64_t id);

std::string BrokerDirectory(absl::string_view directory, int32_t id);
std::string BrokerLogPath(absl::string_view directory, int32_t id);
// "broker-2": as commands, tables and directories call it.
std::string BrokerName(int32_t id);

std::string FormatCluster(const ClusterFile& cluster);
// Local: it is not such a text. `path` is for the message.
absl::StatusOr<ClusterFile> ParseCluster(absl::string_view text,
                                         absl::string_view path);

// Local: there is none, or it cannot be read.
absl::StatusOr<ClusterFile> LoadCluster(const std::string& directory);
// Replaces it, whole or not at all. Local: it cannot be written.
absl::Status SaveCluster(const std::string& directory,
                         const ClusterFile& cluster);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CLUSTER_CLUSTER_FILE_H_
