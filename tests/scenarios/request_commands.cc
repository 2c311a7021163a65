// Requests of clients, and handing over leadership.

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/zxid.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/member.h"

namespace quorate::scenarios {
namespace {

using consensus::Zxid;
using simulation::Cluster;
using simulation::kSecond;

constexpr simulation::Micros kPatience = 2 * kSecond;

absl::Status Propose(Stage& stage, Arguments& arguments, std::string& out) {
  const int member = arguments.Member();
  std::string text = arguments.Word("a text");
  const uint64_t times =
      arguments.Take("times") ? arguments.Number("times") : 1;
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  for (uint64_t i = 0; i < times; ++i) {
    const absl::StatusOr<Zxid> zxid =
        stage.cluster().Propose(member, MakeBytes(text));
    if (zxid.ok() && i + 1 < times) continue;
    absl::StrAppend(
        &out, stage.Name(member),
        zxid.ok() ? " proposes " : " does not propose: ",
        zxid.ok() ? ToString(*zxid) : std::string(zxid.status().message()),
        "\n");
    if (!zxid.ok()) break;
  }
  return absl::OkStatus();
}

absl::Status Write(Stage& stage, Arguments& arguments, std::string& out) {
  const int member = arguments.Member();
  std::string text = arguments.Word("a text");
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  Cluster& cluster = stage.cluster();
  const absl::StatusOr<Zxid> zxid =
      cluster.Propose(member, MakeBytes(std::move(text)));
  if (!zxid.ok()) {
    absl::StrAppend(&out, stage.Name(member), " refuses the write: ",
                    std::string(zxid.status().message()), "\n");
    return absl::OkStatus();
  }
  const bool committed = stage.RunUntil(
      [&] {
        return cluster.IsUp(member) && cluster.core(member).IsLeader() &&
               cluster.member(member).applied().zxid >= *zxid;
      },
      kPatience);
  absl::StrAppend(&out, ToString(*zxid),
                  committed ? " is committed" : " is not committed within 2 s",
                  "\n");
  return absl::OkStatus();
}

absl::Status Read(Stage& stage, Arguments& arguments, std::string& out) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  Cluster& cluster = stage.cluster();
  const absl::StatusOr<uint64_t> token = cluster.Read(member);
  if (!token.ok()) {
    absl::StrAppend(&out, stage.Name(member), " refuses the read: ",
                    std::string(token.status().message()), "\n");
    return absl::OkStatus();
  }
  stage.RunUntil([&] { return cluster.ReadResult(member, *token).has_value(); },
                 kPatience);
  const auto answer = cluster.ReadResult(member, *token);
  if (!answer.has_value()) {
    absl::StrAppend(&out, "the read is not answered within 2 s\n");
  } else if (!answer->ok) {
    absl::StrAppend(&out, "the read is not confirmed\n");
  } else {
    absl::StrAppend(&out, stage.Name(member), " reads at ",
                    ToString(answer->zxid), "\n");
  }
  return absl::OkStatus();
}

absl::Status Transfer(Stage& stage, Arguments& arguments, std::string& out) {
  const int from = arguments.Member();
  MemberId target;
  if (arguments.Take("to")) {
    const int to = arguments.Member();
    if (to >= 0) target = stage.cluster().member(to).spec().id;
  }
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  const absl::Status status = stage.cluster().Transfer(from, target);
  if (!status.ok()) {
    absl::StrAppend(&out, stage.Name(from),
                    " does not hand over: ", std::string(status.message()),
                    "\n");
  }
  return absl::OkStatus();
}

constexpr Command kCommands[] = {
    {"propose", "MEMBER TEXT [times COUNT]", Propose},
    {"write", "MEMBER TEXT", Write},
    {"read", "MEMBER", Read},
    {"transfer", "MEMBER [to MEMBER]", Transfer},
};

}  // namespace

absl::Span<const Command> RequestCommands() { return kCommands; }

}  // namespace quorate::scenarios
