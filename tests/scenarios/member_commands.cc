// Members come, go, stop and start.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/consensus/core.h"
#include "coord/consensus/options.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/settings.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/member.h"

namespace quorate::scenarios {
namespace {

using simulation::Cluster;
using simulation::kMillisecond;
using simulation::kSecond;
using simulation::MemberSpec;

// Names of members, up to the end of the line.
std::vector<std::string> Names(Arguments& arguments) {
  std::vector<std::string> names;
  do {
    names.push_back(arguments.Word("names of members"));
  } while (!arguments.AtEnd());
  return names;
}

absl::Status Settings(Stage& stage, Arguments& arguments,
                      std::string& /*out*/) {
  const auto settings = arguments.Settings();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (stage.IsSet()) {
    return absl::FailedPreconditionError(
        "settings come before the first member; use limits for a change");
  }
  for (const auto& [name, value] : settings) {
    if (!SetLimit(name, value, stage.limits()) &&
        !SetOption(name, value, stage.options())) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no setting ", name));
    }
  }
  return absl::OkStatus();
}

// True if all of `members` know one commit point, that of the whole log.
bool IsQuiet(const Cluster& cluster, const std::vector<int>& members) {
  for (int index : members) {
    const consensus::Core& core = cluster.core(index);
    if (core.configuration().version() == 0 ||
        core.commit() != core.log().last() ||
        core.commit() != cluster.core(members.front()).commit()) {
      return false;
    }
  }
  return cluster.core(members.front()).IsLeader();
}

absl::Status Ensemble(Stage& stage, Arguments& arguments, std::string& out) {
  const uint64_t count = arguments.Number("how many founders");
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (count < 1 || count > 31) {
    return absl::InvalidArgumentError("an ensemble has 1 to 31 founders");
  }
  if (stage.IsSet()) {
    return absl::FailedPreconditionError(
        "the ensemble comes first; other founders come with founder");
  }
  std::vector<std::string> names;
  for (uint64_t id = 1; id <= count; ++id) names.push_back(absl::StrCat(id));
  const auto manifest = stage.ManifestOf(names);
  if (!manifest.ok()) return manifest.status();
  std::vector<int> founders;
  for (const std::string& name : names) {
    MemberSpec spec;
    spec.manifest = *manifest;
    const absl::StatusOr<int> index = stage.Add(name, std::move(spec));
    if (!index.ok()) return index.status();
    founders.push_back(*index);
    absl::Status started = stage.cluster().Start(*index);
    if (!started.ok()) return started;
  }
  stage.OnlyCandidate(founders.front());
  Cluster& cluster = stage.cluster();
  const bool quiet =
      stage.RunUntil([&] { return IsQuiet(cluster, founders); }, 30 * kSecond);
  stage.OnlyCandidate(-1);
  stage.events().Take();
  if (!quiet) return absl::DeadlineExceededError("no ensemble within 30 s");
  // Everybody has heard the leader, and the network is empty.
  cluster.RunFor(200 * kMillisecond);
  const consensus::Core& leader = cluster.core(founders.front());
  absl::StrAppend(&out, "1 leads epoch ", leader.epoch(), " with ",
                  leader.configuration().Describe(), "\n");
  return absl::OkStatus();
}

absl::Status Address(Stage& stage, Arguments& arguments, std::string&) {
  const std::string name = arguments.Word("a name");
  std::string address = arguments.Word("an address");
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.SetAddress(name, std::move(address));
  return absl::OkStatus();
}

absl::Status AddAndStart(Stage& stage, const std::string& name,
                         MemberSpec spec) {
  const absl::StatusOr<int> index = stage.Add(name, std::move(spec));
  if (!index.ok()) return index.status();
  return stage.cluster().Start(*index);
}

absl::Status Founder(Stage& stage, Arguments& arguments, std::string&) {
  const std::string name = arguments.Word("a name");
  if (arguments.Take("at")) {
    stage.SetAddress(name, arguments.Word("an address"));
  }
  arguments.Expect("of");
  const auto founders = Names(arguments);
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  const auto manifest = stage.ManifestOf(founders);
  if (!manifest.ok()) return manifest.status();
  MemberSpec spec;
  spec.manifest = *manifest;
  return AddAndStart(stage, name, std::move(spec));
}

absl::Status Join(Stage& stage, Arguments& arguments, std::string&) {
  const std::string name = arguments.Word("a name");
  if (arguments.Take("at")) {
    stage.SetAddress(name, arguments.Word("an address"));
  }
  arguments.Expect("seeds");
  MemberSpec spec;
  for (const std::string& seed : Names(arguments)) {
    spec.seeds.push_back(stage.AddressOf(seed));
  }
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  return AddAndStart(stage, name, std::move(spec));
}

absl::Status Start(Stage& stage, Arguments& arguments, std::string& out) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (stage.cluster().IsUp(member)) {
    return absl::FailedPreconditionError("it is up already");
  }
  const absl::Status started = stage.cluster().Start(member);
  if (!started.ok()) {
    absl::StrAppend(&out, stage.Name(member),
                    " does not start: ", std::string(started.message()), "\n");
  }
  return absl::OkStatus();
}

absl::Status Restart(Stage& stage, Arguments& arguments, std::string& out) {
  const int member = arguments.Member();
  if (member < 0) return arguments.Finish();
  MemberSpec spec = stage.cluster().member(member).spec();
  if (arguments.Take("at")) spec.address = arguments.Word("an address");
  if (arguments.Take("seeds")) {
    spec.manifest.reset();
    spec.seeds.clear();
    for (const std::string& seed : Names(arguments)) {
      spec.seeds.push_back(stage.AddressOf(seed));
    }
  } else if (arguments.Take("founders")) {
    const auto manifest = stage.ManifestOf(Names(arguments));
    if (!manifest.ok()) return manifest.status();
    spec.manifest = *manifest;
    spec.seeds.clear();
  }
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  const absl::Status started =
      stage.cluster().RestartWith(member, std::move(spec));
  if (!started.ok()) {
    absl::StrAppend(&out, stage.Name(member),
                    " does not start: ", std::string(started.message()), "\n");
  }
  return absl::OkStatus();
}

// A command that does one thing to each of the members named.
template <void (Cluster::*kDo)(int)>
absl::Status ForEach(Stage& stage, Arguments& arguments, std::string&) {
  const std::vector<int> members = arguments.Members();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  for (int member : members) (stage.cluster().*kDo)(member);
  return absl::OkStatus();
}

constexpr Command kCommands[] = {
    {"settings", "NAME=NUMBER...", Settings},
    {"ensemble", "COUNT", Ensemble},
    {"address", "NAME ADDRESS", Address},
    {"founder", "NAME [at ADDRESS] of NAME...", Founder},
    {"join", "NAME [at ADDRESS] seeds NAME...", Join},
    {"start", "MEMBER", Start},
    {"restart", "MEMBER [at ADDRESS] [seeds NAME... | founders NAME...]",
     Restart},
    {"stop", "MEMBER...", ForEach<&Cluster::Stop>},
    {"crash", "MEMBER...", ForEach<&Cluster::Crash>},
    {"pause", "MEMBER...", ForEach<&Cluster::Pause>},
    {"resume", "MEMBER...", ForEach<&Cluster::Resume>},
};

}  // namespace

absl::Span<const Command> MemberCommands() { return kCommands; }

}  // namespace quorate::scenarios
