// Clients with their memory (rule 22), and the rescue of a member (rule 23).

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/client_pin.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/rescue.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/member.h"

namespace quorate::scenarios {
namespace {

using consensus::ClientPin;
using consensus::Zxid;
using simulation::Cluster;

// True if `member` may serve the client; says so if not.
bool Connects(Stage& stage, const std::string& client, int member,
              std::string& out) {
  Cluster& cluster = stage.cluster();
  if (!cluster.IsUp(member)) {
    absl::StrAppend(&out, stage.Name(member), " is down\n");
    return false;
  }
  const std::optional<consensus::Refusal> refusal = consensus::CheckPin(
      stage.clients[client], cluster.member(member).ensemble(),
      cluster.member(member).applied().zxid);
  if (!refusal.has_value()) return true;
  absl::StrAppend(&out, client, " and ", stage.Name(member),
                  " part: ", Describe(*refusal), "\n");
  return false;
}

void Notes(Stage& stage, const std::string& client, int member, Zxid zxid,
           std::string& out) {
  ClientPin& pin = stage.clients[client];
  const bool ours =
      consensus::Observe(stage.cluster().member(member).ensemble(), zxid, pin);
  absl::StrAppend(
      &out, client,
      ours ? " has seen " : " ignores an answer of another ensemble",
      ours ? ToString(pin.highest_seen) : "", "\n");
}

absl::Status Client(Stage& stage, Arguments& arguments, std::string& out) {
  const std::string client = arguments.Word("a client's name");
  if (arguments.Take("connects")) {
    const int member = arguments.Member();
    if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
    if (Connects(stage, client, member, out)) {
      absl::StrAppend(&out, stage.Name(member), " serves ", client, "\n");
    }
    return absl::OkStatus();
  }
  // A local read: whatever the member has applied, if the mark allows it.
  arguments.Expect("reads");
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (Connects(stage, client, member, out)) {
    Notes(stage, client, member, stage.cluster().member(member).applied().zxid,
          out);
  }
  return absl::OkStatus();
}

absl::Status Rescue(Stage& stage, Arguments& arguments, std::string& out) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  Cluster& cluster = stage.cluster();
  if (cluster.IsUp(member)) {
    return absl::FailedPreconditionError("a rescue is for a stopped member");
  }
  const EnsembleId fresh = {cluster.random().Next(), cluster.random().Next()};
  simulation::Disk& disk = cluster.member(member).disk();
  absl::StatusOr<consensus::DurableState> rescued =
      consensus::RescueMember(disk.durable(), fresh);
  if (!rescued.ok()) {
    absl::StrAppend(
        &out, "no rescue: ", std::string(rescued.status().message()), "\n");
    return absl::OkStatus();
  }
  const consensus::Configuration& newest = *rescued->log.back().configuration;
  absl::StrAppend(&out, "rescued into ", ToString(newest.ensemble()),
                  ", child of ",
                  newest.parent().IsNone() ? "none" : ToString(newest.parent()),
                  ": ", newest.Describe(), "\n");
  disk.Rewrite(*std::move(rescued));
  return absl::OkStatus();
}

constexpr Command kCommands[] = {
    {"client", "NAME connects|reads MEMBER", Client},
    {"rescue", "MEMBER", Rescue},
};

}  // namespace

absl::Span<const Command> ClientCommands() { return kCommands; }

}  // namespace quorate::scenarios
