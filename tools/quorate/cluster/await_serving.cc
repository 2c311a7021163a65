#include "tools/quorate/cluster/await_serving.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "coord/client/types.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/port.h"
#include "tools/quorate/console.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(20);
constexpr int64_t kCallTimeoutMs = 1000;
constexpr absl::Duration kStartPatience = absl::Seconds(60);

absl::Status ErrorOf(const LocalCluster& cluster, const EndedMember& ended) {
  std::string how =
      ended.exit_code ? absl::StrCat(" with exit code ", *ended.exit_code) : "";
  return LocalError(absl::StrCat(
      "member ", ended.id, " has ended", how,
      ended.last_words.empty() ? "" : absl::StrCat(": ", ended.last_words),
      "; see ", MemberLogPath(cluster.directory(), ended.id)));
}

// One look at the members; OK: they are ready, else what is missing.
class Look {
 public:
  Look(LocalCluster& cluster, const std::vector<uint64_t>& ids, WaitFor what)
      : cluster_(cluster), ids_(ids), what_(what) {}

  absl::Status operator()() {
    if (admin_ == nullptr) {
      const absl::Status status = Connect();
      if (!status.ok()) return status;
    }
    for (const uint64_t id : ids_) {
      const std::string address = AddressOf(id);
      const absl::StatusOr<coord::v1::StatusResponse> status =
          admin_->Status(address);
      if (!status.ok()) {
        return absl::UnavailableError(absl::StrCat(
            "member ", id, " does not answer: ", status.status().message()));
      }
      if (what_ == WaitFor::kAdmitted && status->role() == "joining") {
        return absl::UnavailableError(
            absl::StrCat("member ", id, " waits to be admitted"));
      }
      if (what_ == WaitFor::kServing && !status->serving()) {
        return absl::UnavailableError(absl::StrCat(
            "member ", id, " is ", status->role(), " and not serving yet"));
      }
    }
    if (what_ != WaitFor::kServing) return absl::OkStatus();
    return admin_->Read(client::Exists{"/"}, client::Consistency::kLinearizable)
        .status();
  }

 private:
  std::string AddressOf(uint64_t id) const {
    for (const ClusterMember& member : cluster_.file().members) {
      if (member.id == id) return member.address;
    }
    return "";
  }

  absl::Status Connect() {
    std::vector<std::string> endpoints;
    for (const uint64_t id : ids_) {
      endpoints.push_back(AddressOf(id));
      if (!Listens(endpoints.back())) {
        return absl::UnavailableError(
            absl::StrCat("member ", id, " does not listen yet"));
      }
    }
    client::AdminOptions options;
    options.endpoints = std::move(endpoints);
    options.timeout_ms = kCallTimeoutMs;
    absl::StatusOr<std::unique_ptr<client::AdminClient>> admin =
        client::AdminClient::Create(std::move(options));
    if (!admin.ok()) return admin.status();
    admin_ = *std::move(admin);
    return absl::OkStatus();
  }

  LocalCluster& cluster_;
  const std::vector<uint64_t>& ids_;
  const WaitFor what_;
  std::unique_ptr<client::AdminClient> admin_;
};

}  // namespace

absl::Status AwaitMembers(const Console& console, LocalCluster& cluster,
                          const std::vector<uint64_t>& ids, WaitFor what,
                          absl::Time deadline,
                          std::optional<EndedMember>* ended) {
  Progress progress(console, "starting the members");
  Look look(cluster, ids, what);
  while (true) {
    *ended = cluster.FindEnded(ids);
    if (ended->has_value()) return ErrorOf(cluster, **ended);
    const absl::Status status = look();
    if (status.ok()) return status;
    progress.Update(std::string(status.message()));
    if (absl::Now() >= deadline) {
      return TimeoutError(absl::StrCat("not ready yet: ", status.message(),
                                       "; see the logs in ",
                                       cluster.directory()));
    }
    absl::SleepFor(kPause);
  }
}

absl::Status StartMember(const Console& console, LocalCluster& cluster,
                         uint64_t id, WaitFor what) {
  constexpr int kAttempts = 5;
  const absl::Time deadline = absl::Now() + kStartPatience;
  for (int attempt = 1;; ++attempt) {
    absl::Status status = cluster.Start(id);
    if (!status.ok()) return status;
    std::optional<EndedMember> ended;
    status = AwaitMembers(console, cluster, {id}, what, deadline, &ended);
    if (status.ok()) return status;
    const bool taken = ended && ended->exit_code == kCannotListen;
    if (!taken || attempt == kAttempts) return status;
  }
}

}  // namespace quorate::tools
