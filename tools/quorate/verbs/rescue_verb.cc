// rescue

#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/client/error.h"
#include "coord/replica/rescue.h"
#include "coord/storage/file_system.h"
#include "coord/storage/posix_file_system.h"
#include "coord/storage/storage_error.h"
#include "coord/storage/write_ahead_log.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/local_cluster.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/rescue_text.h"
#include "tools/quorate/verbs/saved_file.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

// So much of the id must be typed.
constexpr size_t kIdCharacters = 8;
// Of a segment that the one record may need.
constexpr uint64_t kSegmentBytes = 4 << 20;

struct RescueOptions {
  std::string directory;
  std::optional<int64_t> member;
  std::string confirm;
  bool dry_run = false;
};

// Where the member's data is.
struct Place {
  std::string directory;
  std::optional<LocalCluster> cluster;  // nothing: not of a local cluster
};

EnsembleId DrawEnsembleId() {
  std::random_device random;
  const auto bits = [&random] { return uint64_t{random()} << 32 | random(); };
  EnsembleId id;
  while (id.IsNone()) id = {.high = bits(), .low = bits()};
  return id;
}

absl::Status Refused(absl::string_view message) {
  client::ErrorInfo info;
  info.kind = "Refused";
  info.rule = 23;
  info.rule_name = "rescue mints";
  return client::MakeError(absl::StatusCode::kFailedPrecondition, message,
                           info);
}

// Others that run may be a quorum.
absl::Status CheckNobodyRuns(const LocalCluster& cluster) {
  for (const ClusterMember* member : cluster.file().Present()) {
    if (StateOf(member->process) == ProcessState::kGone) continue;
    return LocalError(absl::StrCat(
        "member ", member->id, " of ", cluster.directory(),
        " runs. A rescue is for an ensemble whose quorum is lost for good; if "
        "this one's is, stop what is left of it first: quorate cluster down "
        "--dir ",
        cluster.directory()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Place> FindPlace(const Context& context,
                                const RescueOptions& options) {
  if (!options.directory.empty()) {
    if (options.member) {
      return UsageError("DATA_DIR or --member ID of --dir CLUSTER, not both");
    }
    return Place{options.directory, std::nullopt};
  }
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) {
    return UsageError(
        "which member? Give its DATA_DIR, or --member ID and --dir CLUSTER");
  }
  // --dir may as well name the data directory.
  if (!options.member && !FileExists(ClusterFilePath(*directory))) {
    return Place{*directory, std::nullopt};
  }
  absl::StatusOr<LocalCluster> cluster = LocalCluster::Open(*directory);
  if (!cluster.ok()) return cluster.status();
  if (!options.member) {
    return UsageError(absl::StrCat(
        *directory, " holds a local cluster: which member? Give --member ID"));
  }
  const auto id = static_cast<uint64_t>(*options.member);
  const absl::Status known = cluster->StateOfMember(id).status();
  if (!known.ok()) return known;
  const absl::Status stopped = CheckNobodyRuns(*cluster);
  if (!stopped.ok()) return stopped;
  std::string data =
      absl::StrCat(MemberDirectory(cluster->directory(), id), "/data");
  return Place{std::move(data), *std::move(cluster)};
}

absl::Status OpenError(const std::string& directory,
                       const absl::Status& status) {
  switch (storage::StorageErrorOf(status).kind) {
    case storage::StorageErrorKind::kUnused:
      return LocalError(absl::StrCat(
          directory,
          " was never used by a member: there is nothing to rescue. Expected "
          "a member's data directory; in a local cluster it is "
          "DIR/member-N/data"));
    case storage::StorageErrorKind::kLocked:
      return LocalError(
          absl::StrCat(status.message(),
                       ": the member runs. Stop it first, and make sure "
                       "that the quorum is lost for good"));
    case storage::StorageErrorKind::kDamaged:
      return LocalError(absl::StrCat(
          status.message(),
          "; nothing was changed. Rescue another member, or restore a saved "
          "snapshot: quorate snapshot restore --help"));
    case storage::StorageErrorKind::kCopied:
      return LocalError(absl::StrCat(
          status.message(),
          "; rescue the original, or restore a saved snapshot: quorate "
          "snapshot restore --help"));
    default:
      return AsLocal(status);
  }
}

absl::Status CheckTyped(const std::string& typed, EnsembleId ensemble) {
  if (typed.size() >= kIdCharacters &&
      absl::StartsWith(ToString(ensemble), typed)) {
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat(
      "not rescued: expected the first ", kIdCharacters,
      " characters or more of the old ensemble's id, ", ToString(ensemble),
      "; found \"", Printable(typed, 100), "\""));
}

absl::Status Confirm(Context& context, const RescueOptions& options,
                     const replica::RescueFindings& findings) {
  if (!options.confirm.empty()) {
    return CheckTyped(options.confirm, findings.ensemble);
  }
  const Console& console = context.console();
  if (console.json || isatty(STDIN_FILENO) == 0) {
    return UsageError(absl::StrCat(
        "not rescued: there is no terminal to ask at. To go on, give --confirm "
        "with the old ensemble's id: --confirm ",
        ToString(findings.ensemble)));
  }
  console.out << "\nTo go on, type the first " << kIdCharacters
              << " characters of the old ensemble's id: " << std::flush;
  std::string typed;
  std::getline(std::cin, typed);
  return CheckTyped(std::string(absl::StripAsciiWhitespace(typed)),
                    findings.ensemble);
}

void PrintFindings(const Console& console, const std::string& directory,
                   const replica::RescueFindings& findings) {
  PrintPairs(console, DescribeFindings(directory, findings));
  for (const std::string& warning : RescueWarnings(findings)) {
    console.out << console.Paint(Colour::kYellow,
                                 absl::StrCat("warning: ", warning, ".\n"));
  }
  console.out << std::flush;
}

// Before the rescue: if that is cut short, the others, which may be a quorum of
// the old ensemble, are not started by mistake.
absl::Status RetireOthers(std::optional<LocalCluster>& cluster, MemberId self) {
  if (!cluster) return absl::OkStatus();
  for (const uint64_t id : cluster->Ids()) {
    if (id == self.value) continue;
    const absl::Status status = cluster->Retire(id);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status DoRescue(Context& context, Place& place,
                      replica::StoppedMember& member) {
  const EnsembleId fresh = DrawEnsembleId();
  const replica::RescueFindings findings = member.findings();
  absl::Status status = RetireOthers(place.cluster, findings.member.id);
  if (!status.ok()) return status;
  status = member.Rescue(fresh);
  if (!status.ok()) return AsLocal(status);
  const Console& console = context.console();
  if (console.json) {
    Json json = FindingsJson(place.directory, findings);
    json["rescued"] = true;
    json["address"] = findings.Self()->address;
    json["ensemble_id"] = ToString(fresh);
    json["parent_ensemble_id"] = ToString(findings.ensemble);
    console.out << Dump(json) << std::endl;
    return absl::OkStatus();
  }
  console.out << "\n"
              << RescueNextSteps(
                     place.directory,
                     place.cluster ? place.cluster->directory() : "", findings,
                     fresh)
              << std::flush;
  return absl::OkStatus();
}

absl::Status Run(Context& context, const RescueOptions& options) {
  absl::StatusOr<Place> place = FindPlace(context, options);
  if (!place.ok()) return place.status();
  const std::unique_ptr<storage::FileSystem> files =
      storage::MakePosixFileSystem();
  const absl::StatusOr<std::unique_ptr<replica::StoppedMember>> member = [&] {
    Progress progress(context.console(),
                      absl::StrCat("reading ", place->directory));
    return replica::StoppedMember::Open(
        *files, place->directory, {.segment_bytes = kSegmentBytes},
        [&](uint64_t done, uint64_t all) {
          progress.Update(
              absl::StrCat("loading the snapshot: ", FormatBytes(done), " of ",
                           FormatBytes(all)));
        });
  }();
  if (!member.ok()) return OpenError(place->directory, member.status());
  const replica::RescueFindings& findings = (*member)->findings();
  const Console& console = context.console();
  if (!console.json) PrintFindings(console, place->directory, findings);
  const absl::Status possible = (*member)->Check(DrawEnsembleId());
  if (!possible.ok()) return Refused(possible.message());
  if (options.dry_run) {
    if (console.json) {
      Json json = FindingsJson(place->directory, findings);
      json["rescued"] = false;
      console.out << Dump(json) << std::endl;
    }
    return absl::OkStatus();
  }
  if (!console.json) {
    console.out << "\n" << RescueConsequences(findings) << std::flush;
  }
  const absl::Status confirmed = Confirm(context, options, findings);
  if (!confirmed.ok()) return confirmed;
  return DoRescue(context, *place, **member);
}

}  // namespace

void AddRescueVerb(CommandLine& line, Context& context) {
  auto options = std::make_shared<RescueOptions>();
  line.AddVerb("rescue",
               "when the quorum is lost for good: make one stopped member the "
               "first of a new ensemble, with its data")
      .OptionalPositional("DATA_DIR", &options->directory,
                          "the stopped member's data directory")
      .Option("--member", Number{&options->member, 1}, "ID",
              "this member of the local cluster in --dir, which is down")
      .Flag("--dry-run", &options->dry_run,
            "only say what is there; to choose among several old members: the "
            "one with the highest last zxid")
      .Option("--confirm", &options->confirm, "ENSEMBLE_ID",
              "the old ensemble's id, 8 characters or more, in place of being "
              "asked")
      .Example("quorate rescue /var/lib/quorate --dry-run")
      .Example("quorate rescue /var/lib/quorate")
      .Example("quorate rescue --dir demo --member 3")
      .Does([options, &context] { return Run(context, *options); });
}

}  // namespace quorate::tools
