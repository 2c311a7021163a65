#include "tools/quorate/verbs/rescue_text.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/rescue.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

using replica::RescueFindings;

std::string EnsembleText(const RescueFindings& findings) {
  if (findings.ensemble.IsNone()) return "none";
  std::string text = ToString(findings.ensemble);
  if (findings.configuration != nullptr &&
      !findings.configuration->parent().IsNone()) {
    absl::StrAppend(&text, ", rescued or restored from ",
                    ToString(findings.configuration->parent()));
  }
  return text;
}

std::string StandingText(const RescueFindings& findings) {
  if (findings.removed) return "was removed";
  if (findings.Self() == nullptr) return "is not in it";
  return findings.configuration->IsVoter(findings.member) ? "votes"
                                                          : "is a learner";
}

std::vector<uint64_t> Others(const RescueFindings& findings) {
  std::vector<uint64_t> others;
  for (const consensus::Member& member : findings.configuration->members()) {
    if (member.id != findings.member.id) others.push_back(member.id.value);
  }
  return others;
}

// An id that was never used.
uint64_t FreshId(const RescueFindings& findings) {
  uint64_t highest = 0;
  for (const consensus::Member& member : findings.configuration->members()) {
    highest = std::max(highest, member.id.value);
  }
  for (const MemberId id : findings.configuration->removed()) {
    highest = std::max(highest, id.value);
  }
  return highest + 1;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> DescribeFindings(
    const std::string& directory, const RescueFindings& findings) {
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"directory", directory},
      {"member", absl::StrCat(ToString(findings.member.id), ", incarnation ",
                              ToString(findings.member.incarnation))},
      {"ensemble", EnsembleText(findings)}};
  if (findings.configuration != nullptr) {
    pairs.emplace_back("configuration",
                       absl::StrCat(findings.configuration->Describe(),
                                    "; this member ", StandingText(findings)));
  }
  pairs.emplace_back("last zxid", ToString(findings.last));
  pairs.emplace_back("last epoch it took part in",
                     absl::StrCat(findings.accepted_epoch));
  pairs.emplace_back("log", absl::StrCat(findings.log_records, " records"));
  pairs.emplace_back(
      "snapshot", findings.snapshot.IsNone()
                      ? "none"
                      : absl::StrCat("at ", ToString(findings.snapshot), ", ",
                                     findings.znodes_in_snapshot, " znodes"));
  return pairs;
}

Json FindingsJson(const std::string& directory,
                  const RescueFindings& findings) {
  Json json = {{"dir", directory},
               {"member_id", findings.member.id.value},
               {"incarnation", ToString(findings.member.incarnation)},
               {"ensemble_id",
                findings.ensemble.IsNone() ? "" : ToString(findings.ensemble)},
               {"last_zxid", ToString(findings.last)},
               {"accepted_epoch", findings.accepted_epoch},
               {"log_records", findings.log_records},
               {"snapshot_zxid", ToString(findings.snapshot)},
               {"removed", findings.removed}};
  if (findings.configuration != nullptr) {
    json["configuration"] = findings.configuration->Describe();
    json["voter"] = findings.configuration->IsVoter(findings.member);
  }
  json["warnings"] = RescueWarnings(findings);
  return json;
}

std::vector<std::string> RescueWarnings(const RescueFindings& findings) {
  std::vector<std::string> warnings;
  if (findings.Self() == nullptr) return warnings;
  const consensus::Configuration& configuration = *findings.configuration;
  if (findings.MaySurelyLack()) {
    warnings.push_back(absl::StrCat(
        "it took part in epoch ", findings.accepted_epoch,
        ", but its last record is of epoch ", findings.last.epoch(),
        ": a later leader may have committed what is not here. Look at the "
        "other old members first"));
  }
  if (!configuration.IsVoter(findings.member)) {
    warnings.push_back(
        "it is a learner and may be far behind. If an old voter is left, "
        "rescue that one");
  } else if (configuration.voters().size() == 1 && !configuration.IsJoint()) {
    warnings.push_back(
        "it is the only voter, a quorum by itself: it needs no rescue. Start "
        "it");
  }
  return warnings;
}

std::string RescueConsequences(const RescueFindings& findings) {
  const std::vector<uint64_t> others = Others(findings);
  std::string text = absl::StrCat(
      "A rescue makes member ", findings.member.id.value,
      " the only voter of a NEW ensemble with the data that is here.\n",
      "  - Lost: what the old ensemble acknowledged and this member does not\n"
      "    have, that is, anything behind ",
      ToString(findings.last),
      ".\n"
      "  - Kept: all that is here, also what was never acknowledged.\n");
  if (!others.empty()) {
    absl::StrAppend(&text, "  - Removed for ever: ",
                    others.size() == 1 ? "member " : "members ",
                    absl::StrJoin(others, ", "),
                    ". Started again, they refuse and\n"
                    "    are refused by the new ensemble. If a majority of "
                    "them still lives or can\n"
                    "    be repaired, do not go on: start them instead.\n");
  }
  absl::StrAppend(
      &text,
      "  - Clients that remember the old ensemble must be told to follow.\n"
      "If more than one old member is left, rescue the one with the highest "
      "last zxid,\n"
      "and only that one: compare them with quorate rescue DATA_DIR "
      "--dry-run\n");
  return text;
}

std::string RescueNextSteps(const std::string& directory,
                            const std::string& cluster,
                            const RescueFindings& findings, EnsembleId fresh) {
  const std::string& address = findings.Self()->address;
  const std::vector<uint64_t> others = Others(findings);
  const uint64_t id = FreshId(findings);
  std::string text =
      absl::StrCat("member ", findings.member.id.value,
                   " is now the only voter of ensemble ", ToString(fresh),
                   ",\nwhich names ", ToString(findings.ensemble),
                   " as its parent. Next:\n"
                   "1. Start it:\n     ");
  if (cluster.empty()) {
    absl::StrAppend(&text, "coordd --dir ", directory, " --listen ", address,
                    "\n");
  } else {
    absl::StrAppend(&text, "quorate cluster up --dir ", cluster, "\n");
  }
  absl::StrAppend(&text, "2. Look:\n     quorate status --endpoints ", address,
                  "\n3. Let others join it, each with an empty directory and "
                  "an id never used before:\n     ");
  if (cluster.empty()) {
    absl::StrAppend(&text, "coordd --dir EMPTY_DIR --id ", id,
                    " --listen HOST:PORT --join ", address, "\n     ");
  } else {
    absl::StrAppend(&text, "quorate cluster add --dir ", cluster, "\n     ");
  }
  absl::StrAppend(&text, "quorate member promote ", id,
                  " --retry-for 10m --endpoints ", address,
                  "\n4. Clients that remember the old ensemble refuse this one "
                  "until they are told to\n   follow; those of quorate by\n"
                  "     rm PIN_FILE\n");
  if (!others.empty()) {
    absl::StrAppend(&text,
                    "Never start the old members again; their directories can "
                    "be deleted (",
                    absl::StrJoin(others, ", "), ").\n");
  }
  return text;
}

}  // namespace quorate::tools
