#include "tools/quorate/cluster/resize.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/cluster/await_serving.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/provision/apply.h"
#include "tools/quorate/provision/contact.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/provisioner.h"

namespace quorate::tools {
namespace {

using coord::v1::MembersResponse;

// The cluster of the context, which has to have served once.
absl::StatusOr<LocalCluster> OpenFounded(Context& context) {
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return directory.status();
  absl::StatusOr<LocalCluster> cluster = LocalCluster::Open(*directory);
  if (cluster.ok() && !cluster->file().founded) {
    return LocalError(absl::StrCat(
        *directory, " has not served yet; first: quorate cluster up --dir ",
        *directory));
  }
  return cluster;
}

absl::StatusOr<MembersResponse> Look(Context& context, const ClusterFile& file,
                                     absl::Duration patience) {
  EnsembleContact::Options options;
  for (const ClusterMember& member : file.members) {
    if (!member.retired) options.endpoints.push_back(member.address);
  }
  EnsembleContact ensemble(std::move(options));
  const Progress progress(context.console(), "waiting for the leader");
  return ensemble.AwaitLeader(patience);
}

bool WasRemoved(const MembersResponse& members, uint64_t id) {
  return std::find(members.removed().begin(), members.removed().end(), id) !=
         members.removed().end();
}

// As a member of the declaration; nullptr: it is none.
const DeclaredMember* Find(const Declaration& declaration, uint64_t id) {
  const auto found = std::find_if(
      declaration.members.begin(), declaration.members.end(),
      [id](const DeclaredMember& member) { return member.id == id; });
  return found == declaration.members.end() ? nullptr : &*found;
}

void Leave(Declaration& declaration, uint64_t id) {
  std::erase_if(declaration.members,
                [id](const DeclaredMember& m) { return m.id == id; });
}

// Members of the cluster that could take a place: those that were made and do
// not vote, but `except`; learners only to become voters.
std::vector<uint64_t> Spare(const LocalCluster& cluster,
                            const MembersResponse& members,
                            const Declaration& present, bool to_vote,
                            uint64_t except) {
  std::vector<uint64_t> spare;
  for (const uint64_t id : cluster.Ids()) {
    const DeclaredMember* member = Find(present, id);
    const bool free = member == nullptr || (to_vote && !member->voter);
    if (free && id != except && !WasRemoved(members, id)) spare.push_back(id);
  }
  return spare;
}

// Starts the member if it does not run, and declares it.
absl::Status StartAndDeclare(Context& context, LocalCluster& cluster,
                             uint64_t id, bool voter,
                             Declaration& declaration) {
  const absl::StatusOr<ProcessState> state = cluster.StateOfMember(id);
  if (!state.ok()) return state.status();
  if (*state == ProcessState::kGone) {
    const absl::Status started =
        StartMember(context.console(), cluster, id, WaitFor::kAnswers);
    if (!started.ok()) return started;
  }
  Leave(declaration, id);
  for (const ClusterMember& member : cluster.file().members) {
    if (member.id != id) continue;
    declaration.members.push_back(
        {.id = id, .address = member.address, .voter = voter});
  }
  return absl::OkStatus();
}

// Starts and declares `count` of the `spare` members, and new ones if there are
// fewer.
absl::Status BringIn(Context& context, LocalCluster& cluster,
                     std::vector<uint64_t> spare, size_t count, bool voters,
                     Declaration& declaration) {
  while (spare.size() < count) {
    const absl::StatusOr<uint64_t> id = cluster.Add();
    if (!id.ok()) return id.status();
    spare.push_back(*id);
  }
  spare.resize(count);
  for (const uint64_t id : spare) {
    const absl::Status status =
        StartAndDeclare(context, cluster, id, voters, declaration);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Makes the ensemble so, and ends the processes of those that were removed.
absl::Status Settle(Context& context, const Declaration& declaration,
                    const ProvisionOptions& options) {
  absl::Status status = ApplyDeclaration(context, declaration, options);
  if (!status.ok()) return status;
  absl::StatusOr<LocalCluster> cluster = OpenFounded(context);
  if (!cluster.ok()) return cluster.status();
  const absl::StatusOr<MembersResponse> members =
      Look(context, cluster->file(), options.patience);
  if (!members.ok()) return members.status();
  const Progress progress(context.console(), "stopping who was removed");
  for (const uint64_t id : cluster->Ids()) {
    if (!WasRemoved(*members, id)) continue;
    status = cluster->Retire(id);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

int64_t VotersOf(const Declaration& declaration) {
  return static_cast<int64_t>(declaration.VoterCount());
}

}  // namespace

absl::Status RunGrow(Context& context, int64_t voters,
                     const ProvisionOptions& options) {
  Declaration declaration;
  {
    // Not held while the rules let time pass: others may want to kill a member.
    absl::StatusOr<LocalCluster> cluster = OpenFounded(context);
    if (!cluster.ok()) return cluster.status();
    const absl::StatusOr<MembersResponse> members =
        Look(context, cluster->file(), options.patience);
    if (!members.ok()) return members.status();
    declaration = DeclarationOf(*members);
    const int64_t present = VotersOf(declaration);
    if (present > voters) {
      return UsageError(
          absl::StrCat("there are ", present,
                       " voters, more "
                       "than ",
                       voters, "; for fewer: quorate cluster shrink ", voters));
    }
    RemarkIfEven(context.console(), static_cast<size_t>(voters));
    const absl::Status status = BringIn(
        context, *cluster,
        Spare(*cluster, *members, declaration, /*to_vote=*/true, 0),
        static_cast<size_t>(voters - present), /*voters=*/true, declaration);
    if (!status.ok()) return status;
  }
  return Settle(context, declaration, options);
}

absl::Status RunShrink(Context& context, int64_t voters,
                       const ProvisionOptions& options) {
  Declaration declaration;
  {
    absl::StatusOr<LocalCluster> cluster = OpenFounded(context);
    if (!cluster.ok()) return cluster.status();
    const absl::StatusOr<MembersResponse> members =
        Look(context, cluster->file(), options.patience);
    if (!members.ok()) return members.status();
    declaration = DeclarationOf(*members);
    const int64_t present = VotersOf(declaration);
    if (present < voters) {
      return UsageError(
          absl::StrCat("there are ", present,
                       " voters, fewer "
                       "than ",
                       voters, "; for more: quorate cluster grow ", voters));
    }
    RemarkIfEven(context.console(), static_cast<size_t>(voters));
    // The leader stays, whoever does not run goes first, then the newest.
    std::vector<std::tuple<bool, bool, uint64_t>> ranks;
    for (const DeclaredMember& member : declaration.members) {
      if (!member.voter) continue;
      const absl::StatusOr<ProcessState> state =
          cluster->StateOfMember(member.id);
      const bool gone = state.ok() && *state == ProcessState::kGone;
      ranks.emplace_back(member.id != members->leader_id(), gone, member.id);
    }
    std::sort(ranks.rbegin(), ranks.rend());
    ranks.resize(static_cast<size_t>(present - voters));
    for (const auto& [stays, gone, id] : ranks) Leave(declaration, id);
  }
  return Settle(context, declaration, options);
}

absl::Status RunReplace(Context& context, int64_t id,
                        const ProvisionOptions& options) {
  const auto old = static_cast<uint64_t>(id);
  Declaration declaration;
  {
    absl::StatusOr<LocalCluster> cluster = OpenFounded(context);
    if (!cluster.ok()) return cluster.status();
    const absl::StatusOr<MembersResponse> members =
        Look(context, cluster->file(), options.patience);
    if (!members.ok()) return members.status();
    declaration = DeclarationOf(*members);
    const DeclaredMember* member = Find(declaration, old);
    if (member == nullptr && !WasRemoved(*members, old)) {
      return UsageError(absl::StrCat(
          "no member ", id, " belongs to the ensemble; those are ",
          absl::StrJoin(declaration.members, ", ",
                        [](std::string* out, const DeclaredMember& other) {
                          absl::StrAppend(out, other.id);
                        })));
    }
    // If it is gone already, only its process may be left to be stopped.
    if (member != nullptr) {
      const bool voter = member->voter;
      const std::vector<uint64_t> spare =
          Spare(*cluster, *members, declaration, voter, old);
      Leave(declaration, old);
      const absl::Status status =
          BringIn(context, *cluster, spare, 1, voter, declaration);
      if (!status.ok()) return status;
    }
  }
  return Settle(context, declaration, options);
}

}  // namespace quorate::tools
