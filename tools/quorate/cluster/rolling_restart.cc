#include "tools/quorate/cluster/rolling_restart.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/error_detail.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/cluster/await_serving.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/cluster_up.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/provision/contact.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

using coord::v1::MemberInfo;
using coord::v1::MembersResponse;

constexpr absl::Duration kPause = absl::Milliseconds(100);

// Nothing: it does not belong to the ensemble.
std::optional<MemberInfo> Find(const MembersResponse& members, uint64_t id) {
  for (const MemberInfo& member : members.members()) {
    if (member.id() == id) return member;
  }
  return std::nullopt;
}

bool Votes(const MembersResponse& members, uint64_t id) {
  const std::optional<MemberInfo> member = Find(members, id);
  return member && (member->voter() || member->outgoing_voter());
}

bool Runs(const ClusterFile& file, uint64_t id) {
  return std::any_of(file.members.begin(), file.members.end(),
                     [id](const ClusterMember& member) {
                       return member.id == id &&
                              StateOf(member.process) != ProcessState::kGone;
                     });
}

class RollingRestart {
 public:
  RollingRestart(Context& context, std::string directory,
                 const RollingRestartOptions& options)
      : context_(context),
        directory_(std::move(directory)),
        options_(options) {}

  absl::Status Run() {
    absl::Status status = Begin();
    if (!status.ok()) return status;
    while (!remaining_.empty()) {
      const size_t before = done_.size();
      const absl::StatusOr<MembersResponse> members =
          ensemble_->AwaitLeader(options_.wait);
      status = members.ok() ? TakeNext(*members) : members.status();
      if (!status.ok()) {
        context_.console().Remark(absl::StrCat(
            "restarted: ", done_.empty() ? "none" : absl::StrJoin(done_, ", "),
            "; not restarted: ", absl::StrJoin(remaining_, ", ")));
        return status;
      }
      if (done_.size() > before) Tell(done_.back());
    }
    const Console& console = context_.console();
    if (console.json) {
      console.out << Dump({{"outcome", "restarted"}, {"members", done_}})
                  << std::endl;
    } else {
      console.out << "restarted " << absl::StrJoin(done_, ", ") << std::endl;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Begin() {
    absl::StatusOr<LocalCluster> cluster = LocalCluster::Open(directory_);
    if (!cluster.ok()) return cluster.status();
    const absl::StatusOr<std::string> coordd =
        FindCoordd(context_, options_.coordd, cluster->file().coordd);
    if (!coordd.ok()) return coordd.status();
    const absl::Status status = cluster->SetCoordd(*coordd);
    if (!status.ok()) return status;
    remaining_ = cluster->Ids();
    EnsembleContact::Options contact;
    for (const ClusterMember& member : cluster->file().members) {
      if (!member.retired) contact.endpoints.push_back(member.address);
    }
    ensemble_ = std::make_unique<EnsembleContact>(std::move(contact));
    return absl::OkStatus();
  }

  void Tell(uint64_t id) const {
    const Console& console = context_.console();
    if (console.json) {
      console.out << Dump({{"member", id}, {"done", "restarted"}}) << std::endl;
    } else {
      console.Remark(
          absl::StrCat("done: restart ", id, "; ", remaining_.size(), " left"));
    }
  }

  // Restarts one more, or prepares for it.
  absl::Status TakeNext(const MembersResponse& members) {
    // One that was removed has nothing to come back to.
    std::erase_if(remaining_, [&](uint64_t id) {
      return std::find(members.removed().begin(), members.removed().end(),
                       id) != members.removed().end();
    });
    if (remaining_.empty()) return absl::OkStatus();
    const absl::StatusOr<ClusterFile> file = LoadCluster(directory_);
    if (!file.ok()) return file.status();
    // Who is down comes first of all: while it is, others may not be spared.
    const auto rank = [&](uint64_t id) {
      if (!Runs(*file, id)) return 0;
      return id == members.leader_id() ? 3 : Votes(members, id) ? 2 : 1;
    };
    const uint64_t next = *std::min_element(
        remaining_.begin(), remaining_.end(), [&](uint64_t a, uint64_t b) {
          return rank(a) != rank(b) ? rank(a) < rank(b) : a < b;
        });
    const absl::Time deadline = absl::Now() + options_.wait;
    Progress progress(context_.console(), absl::StrCat("member ", next));
    if (next == members.leader_id()) {
      return HandOver(next, deadline, progress);
    }
    return Restart(next, Find(members, next), deadline, progress);
  }

  // So that the next look finds another leader.
  absl::Status HandOver(uint64_t leader, absl::Time deadline,
                        Progress& progress) {
    progress.Update(
        absl::StrCat("waiting until member ", leader, " has handed over"));
    absl::Status last;
    while (absl::Now() < deadline) {
      // Asked whether it may go, the leader knows whether another could lead.
      last = AskCanStop(leader);
      if (last.ok()) last = ensemble_->TransferLeadership(0);
      const absl::Time until = absl::Now() + absl::Seconds(2);
      while (last.ok() && absl::Now() < until) {
        const absl::StatusOr<MembersResponse> members = ensemble_->Look();
        if (members.ok() && members->leader_id() != leader) {
          return absl::OkStatus();
        }
        absl::SleepFor(kPause);
      }
      absl::SleepFor(kPause);
      ensemble_->Look().IgnoreError();
    }
    if (!last.ok()) return last;
    return TimeoutError(
        absl::StrCat("leadership was offered by member ", leader,
                     ", and was not taken in time; see quorate status"));
  }

  absl::Status AskCanStop(uint64_t id) {
    const absl::StatusOr<coord::v1::CanStopResponse> answer =
        ensemble_->CanStop(id);
    if (!answer.ok()) return answer.status();
    return answer->safe() ? absl::OkStatus()
                          : client::StatusOf(answer->refusal());
  }

  absl::Status Restart(uint64_t id, const std::optional<MemberInfo>& member,
                       absl::Time deadline, Progress& progress) {
    const absl::StatusOr<ClusterFile> file = LoadCluster(directory_);
    if (!file.ok()) return file.status();
    if (member && Runs(*file, id)) {
      progress.Update(
          absl::StrCat("waiting until member ", id, " may be stopped"));
      const absl::Status safe = AwaitSafe(id, deadline);
      if (!safe.ok()) return safe;
    }
    progress.Update(absl::StrCat("restarting member ", id));
    const bool serves = member.has_value();
    {
      absl::StatusOr<LocalCluster> cluster = LocalCluster::Open(directory_);
      if (!cluster.ok()) return cluster.status();
      absl::Status status = cluster->Stop({id});
      if (!status.ok()) return status;
      // The outer progress goes on; two at a time would mix.
      const Console quiet = Quiet();
      status = StartMember(quiet, *cluster, id,
                           serves ? WaitFor::kServing : WaitFor::kAnswers);
      if (!status.ok()) return status;
    }
    progress.Update(
        absl::StrCat("waiting until member ", id, " has caught up"));
    if (serves) {
      const absl::Status caught_up =
          AwaitCaughtUp(id, absl::Now() + options_.wait);
      if (!caught_up.ok()) return caught_up;
    }
    std::erase(remaining_, id);
    done_.push_back(id);
    return absl::OkStatus();
  }

  absl::Status AwaitSafe(uint64_t id, absl::Time deadline) {
    while (true) {
      const absl::Status safe = AskCanStop(id);
      if (safe.ok() || absl::Now() >= deadline) return safe;
      absl::SleepFor(kPause);
      ensemble_->Look().IgnoreError();
    }
  }

  // As the leader sees it: in contact, and with no greater lag than a learner
  // may have that is to vote.
  absl::Status AwaitCaughtUp(uint64_t id, absl::Time deadline) {
    while (true) {
      const absl::StatusOr<MembersResponse> members = ensemble_->Look();
      if (members.ok()) {
        const std::optional<MemberInfo> member = Find(*members, id);
        const coord::v1::MembershipLimits& limits = members->limits();
        if (member && member->known() && member->has_last_heard_ms() &&
            member->last_heard_ms() <= limits.contact_ms() &&
            member->lag_records() <= limits.max_lag_records() &&
            member->lag_bytes() <= limits.max_lag_bytes()) {
          return absl::OkStatus();
        }
      }
      if (absl::Now() >= deadline) {
        return TimeoutError(absl::StrCat(
            "member ", id, " was started and has not caught up in time; see ",
            MemberLogPath(directory_, id)));
      }
      absl::SleepFor(kPause);
    }
  }

  Console Quiet() {
    Console console = context_.console();
    console.json = true;  // tells nothing but results, and there are none
    return console;
  }

  Context& context_;
  const std::string directory_;
  const RollingRestartOptions& options_;
  std::unique_ptr<EnsembleContact> ensemble_;
  std::vector<uint64_t> remaining_;
  std::vector<uint64_t> done_;
};

}  // namespace

absl::Status RunRollingRestart(Context& context,
                               const RollingRestartOptions& options) {
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return directory.status();
  return RollingRestart(context, *directory, options).Run();
}

}  // namespace quorate::tools
