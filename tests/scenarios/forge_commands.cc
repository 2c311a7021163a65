// Messages that no member would send of itself at that moment: late ones, or
// those of a process that does not keep the rules.

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/base/ids.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/zxid.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"

namespace quorate::scenarios {
namespace {

using consensus::Epoch;
using consensus::Message;

std::optional<Message> Parse(Arguments& arguments) {
  const std::string kind = arguments.Word("a kind of message");
  if (kind == "join-request") return consensus::JoinRequest{};
  const auto epoch = static_cast<Epoch>(arguments.Number("an epoch"));
  if (kind == "pre-vote") return consensus::PreVote{epoch, arguments.Zxid()};
  if (kind == "vote") return consensus::Vote{epoch, arguments.Zxid(), 0};
  if (kind == "vote-reply") return consensus::VoteReply{epoch, true, epoch};
  if (kind == "transfer-now") return consensus::TransferNow{epoch};
  if (kind == "heartbeat") {
    return consensus::Heartbeat{epoch, arguments.Zxid(), 0, 0};
  }
  if (kind == "ack") return consensus::Ack{epoch, arguments.Zxid()};
  if (kind == "stale-epoch") {
    const uint64_t accepted = arguments.Number("an accepted epoch");
    return consensus::StaleEpoch{epoch, static_cast<Epoch>(accepted)};
  }
  return std::nullopt;
}

absl::Status Forge(Stage& stage, Arguments& arguments, std::string&) {
  const int from = arguments.Member();
  const int to = arguments.Member();
  std::optional<Message> message = Parse(arguments);
  const int ensemble_of =
      arguments.Take("ensemble-of") ? arguments.Member() : from;
  const bool other_disk = arguments.Take("other-disk");
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (!message.has_value()) {
    return absl::InvalidArgumentError("there is no such kind of message");
  }
  simulation::Cluster& cluster = stage.cluster();
  const consensus::HardState& sender =
      cluster.member(from).disk().durable().hard_state;
  consensus::Envelope envelope;
  envelope.ensemble = cluster.member(ensemble_of).ensemble();
  envelope.from = {sender.member, sender.incarnation};
  if (other_disk) envelope.from.incarnation.value += 2;
  envelope.from_address = cluster.member(from).spec().address;
  envelope.to = cluster.member(to).spec().id;
  envelope.to_address = cluster.member(to).spec().address;
  envelope.message = *std::move(message);
  cluster.Inject(from, std::move(envelope));
  return absl::OkStatus();
}

constexpr Command kCommands[] = {
    {"forge",
     "FROM TO KIND EPOCH [ZXID|EPOCH] [ensemble-of MEMBER] "
     "[other-disk]",
     Forge},
};

}  // namespace

absl::Span<const Command> ForgeCommands() { return kCommands; }

}  // namespace quorate::scenarios
