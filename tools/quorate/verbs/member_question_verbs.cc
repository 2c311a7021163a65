// member can-stop, change-state: questions to the leader that change nothing.

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/client/admin.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/member_verbs.h"
#include "tools/quorate/verbs/membership_change.h"
#include "tools/quorate/verbs/refusal.h"

namespace quorate::tools {
namespace {

absl::Status RunCanStop(Context& context, const std::string& word) {
  const absl::StatusOr<uint64_t> id = ParseMemberId(word);
  if (!id.ok()) return id.status();
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<coord::v1::CanStopResponse> answer = [&] {
    const Progress progress(context.console(), "asking the leader");
    return (*admin)->CanStop(*id);
  }();
  if (!answer.ok()) return answer.status();
  if (!answer->safe()) return StatusOfRefusal(answer->refusal());
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"member", *id}, {"safe", true}}) << std::endl;
  } else {
    console.out << "safe: member " << *id
                << " may be taken down, the others go on without it"
                << std::endl;
  }
  return absl::OkStatus();
}

void PrintState(const Console& console, uint64_t id,
                const coord::v1::ChangeStateResponse& answer) {
  if (console.json) {
    Json json = {{"change_id", FormatChangeId(id)}, {"state", answer.state()}};
    if (answer.version() != 0) json["version"] = answer.version();
    if (answer.has_refusal()) json["refusal"] = RefusalJson(answer.refusal());
    console.out << Dump(json) << std::endl;
    return;
  }
  console.out << answer.state();
  if (answer.version() != 0) {
    console.out << ": configuration v" << answer.version();
  }
  if (answer.has_refusal()) {
    const coord::v1::ErrorDetail& refusal = answer.refusal();
    console.out << " by " << NameOfRefusal(refusal) << ": "
                << refusal.message();
    for (const coord::v1::Number& number : refusal.numbers()) {
      console.out << "\n  number:  " << number.name() << " = "
                  << number.value();
    }
  }
  console.out << std::endl;
}

absl::Status RunChangeState(Context& context, const std::string& word) {
  const absl::StatusOr<uint64_t> id = ParseChangeId(word);
  if (!id.ok()) return id.status();
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<coord::v1::ChangeStateResponse> answer = [&] {
    const Progress progress(context.console(), "asking the leader");
    return (*admin)->ChangeState(*id);
  }();
  if (!answer.ok()) return answer.status();
  PrintState(context.console(), *id, *answer);
  return absl::OkStatus();
}

}  // namespace

void AddMemberQuestionVerbs(Verb& group, Context& context) {
  auto member = std::make_shared<std::string>();
  group
      .AddVerb("can-stop",
               "ask whether a member may be taken down for a while; exit code "
               "0: yes, 4: a rule is in the way")
      .Positional("ID", member.get(), "the member")
      .Example("quorate member can-stop 2")
      .Does([member, &context] { return RunCanStop(context, *member); });
  auto change = std::make_shared<std::string>();
  group
      .AddVerb(
          "change-state",
          "where a change stands: PENDING, JOINT, COMMITTED, DONE, REFUSED "
          "or UNKNOWN")
      .Positional("CHANGE", change.get(), "its id, as it was printed")
      .Example("quorate member change-state 00c4b5f0a1d2e3f4")
      .Does([change, &context] { return RunChangeState(context, *change); });
}

}  // namespace quorate::tools
