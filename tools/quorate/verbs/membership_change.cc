#include "tools/quorate/verbs/membership_change.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "coord/client/error.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "proto/coord/v1/error.pb.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

using coord::v1::ChangeMembershipRequest;
using coord::v1::ChangeMembershipResponse;

uint64_t DrawChangeId() {
  std::random_device random;
  uint64_t id = 0;
  while (id == 0) id = uint64_t{random()} << 32 | random();
  return id;
}

absl::StatusOr<uint64_t> ParseId(const std::string& word) {
  uint64_t id = 0;
  if (!absl::SimpleAtoi(word, &id) || id == 0) {
    return UsageError(absl::StrCat("expected the id of a member, a whole ",
                                   "number from 1 on; found \"",
                                   Printable(word, 200), "\""));
  }
  return id;
}

// Asks the newcomer itself who it is: an incarnation cannot be guessed.
absl::StatusOr<coord::v1::NewMember> AskNewcomer(client::AdminClient& admin,
                                                 const std::string& address) {
  const absl::Status valid = CheckEndpoint(address);
  if (!valid.ok()) return valid;
  const absl::StatusOr<coord::v1::StatusResponse> status =
      admin.Status(address);
  if (!status.ok()) return status.status();
  coord::v1::NewMember member;
  member.set_id(status->member_id());
  member.set_incarnation(status->incarnation());
  member.set_address(status->address().empty() ? address : status->address());
  return member;
}

absl::StatusOr<ChangeMembershipRequest> MakeRequest(
    client::AdminClient& admin, const ChangeOptions& options) {
  ChangeMembershipRequest request;
  request.set_change_id(DrawChangeId());
  request.set_expected_version(options.version);
  request.set_dry_run(options.dry_run);
  for (const std::string& word : options.promote) {
    const absl::StatusOr<uint64_t> id = ParseId(word);
    if (!id.ok()) return id.status();
    request.add_promote(*id);
  }
  for (const std::string& word : options.remove) {
    const absl::StatusOr<uint64_t> id = ParseId(word);
    if (!id.ok()) return id.status();
    request.add_remove(*id);
  }
  for (const std::string& address : options.add) {
    const absl::StatusOr<coord::v1::NewMember> member =
        AskNewcomer(admin, address);
    if (!member.ok()) return member.status();
    *request.add_add_learners() = *member;
  }
  if (options.add.empty() && options.promote.empty() &&
      options.remove.empty()) {
    return UsageError("nothing to do: give --add, --promote or --remove");
  }
  return request;
}

bool IsRefused(const ChangeMembershipResponse& response) {
  return response.outcome() == ChangeMembershipResponse::OUTCOME_REFUSED ||
         response.outcome() == ChangeMembershipResponse::OUTCOME_INVALID;
}

// Asks; and if a rule says when to ask again, does so, until `deadline`.
absl::StatusOr<ChangeMembershipResponse> Ask(
    const Console& console, client::AdminClient& admin,
    const ChangeMembershipRequest& request, absl::Time deadline) {
  Progress progress(console, "asking the leader");
  while (true) {
    absl::StatusOr<ChangeMembershipResponse> response =
        admin.ChangeMembership(request);
    if (!response.ok() || !IsRefused(*response) ||
        !response->refusal().has_retry_after_ms()) {
      return response;
    }
    // What rules look at goes on changing: not less than a little pause, and
    // not more than one in which it may have come true earlier.
    const absl::Duration pause =
        std::clamp(absl::Milliseconds(response->refusal().retry_after_ms()),
                   absl::Milliseconds(100), absl::Seconds(2));
    if (absl::Now() + pause > deadline) return response;
    progress.Update(absl::StrCat("refused by rule ", response->refusal().rule(),
                                 " (", response->refusal().rule_name(),
                                 "), trying again"));
    absl::SleepFor(pause);
  }
}

// Sets the configuration of `response` to the one in force once it is done.
absl::Status AwaitDone(const Console& console, client::AdminClient& admin,
                       uint64_t change_id, absl::Duration patience,
                       ChangeMembershipResponse& response) {
  Progress progress(console, "waiting until the change is done");
  const absl::Time deadline = absl::Now() + patience;
  while (true) {
    const absl::StatusOr<std::string> state = admin.ChangeState(change_id);
    if (state.ok() && *state == "DONE") {
      const absl::StatusOr<coord::v1::MembersResponse> members =
          admin.Members();
      if (members.ok()) {
        response.set_configuration(members->configuration());
        response.set_version(members->configuration_version());
      }
      return absl::OkStatus();
    }
    if (state.ok()) progress.Update(absl::StrCat("the change is ", *state));
    if (absl::Now() >= deadline) {
      return TimeoutError(absl::StrCat(
          "the change was accepted and is not done yet: ",
          state.ok() ? *state : std::string(state.status().message()),
          "; see quorate member list"));
    }
    absl::SleepFor(absl::Milliseconds(50));
  }
}

void Print(const Console& console, const ChangeMembershipResponse& response,
           bool dry_run, uint64_t change_id) {
  const bool already =
      response.outcome() == ChangeMembershipResponse::OUTCOME_ALREADY_MADE;
  const char* outcome = dry_run   ? "would be accepted"
                        : already ? "was made already"
                                  : "done";
  if (console.json) {
    Json json = {{"outcome", outcome},
                 {"version", response.version()},
                 {"configuration", response.configuration()}};
    // As text: JSON numbers are not exact beyond 2^53.
    if (!dry_run) json["change_id"] = absl::StrFormat("%016x", change_id);
    console.out << Dump(json) << std::endl;
    return;
  }
  console.out << outcome;
  if (!response.configuration().empty()) {
    console.out << ": " << response.configuration();
  } else if (response.version() != 0) {
    console.out << ": configuration v" << response.version();
  }
  console.out << std::endl;
}

}  // namespace

void AddChangeOptions(Verb& verb, ChangeOptions& options) {
  verb.Option("--version", Number{&options.version, 1}, "N",
              "only if the configuration has this version (member list)")
      .Option("--retry-for", &options.retry_for, "TIME",
              "if a rule refuses for now, go on trying for so long")
      .Option("--wait", &options.wait, "TIME",
              "how long to wait until it is done (default 30s)")
      .Flag("--no-wait", &options.no_wait, "return as soon as it was accepted");
}

absl::Status StatusOfRefusal(const coord::v1::ErrorDetail& refusal) {
  client::ErrorInfo info;
  info.kind = refusal.kind().empty() ? "Refused" : refusal.kind();
  info.rule = refusal.rule();
  info.rule_name = refusal.rule_name();
  for (const coord::v1::Number& number : refusal.numbers()) {
    info.numbers.emplace_back(number.name(), number.value());
  }
  if (refusal.has_retry_after_ms()) {
    info.retry_after_ms = refusal.retry_after_ms();
  }
  info.leader_address = refusal.leader_address();
  const absl::StatusCode code =
      refusal.code() == 0 ? absl::StatusCode::kFailedPrecondition
                          : static_cast<absl::StatusCode>(refusal.code());
  return client::MakeError(code, refusal.message(), info);
}

absl::Status ChangeMembership(Context& context, const ChangeOptions& options) {
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<ChangeMembershipRequest> request =
      MakeRequest(**admin, options);
  if (!request.ok()) return request.status();
  const absl::Time deadline =
      absl::Now() + options.retry_for.value_or(absl::ZeroDuration());
  absl::StatusOr<ChangeMembershipResponse> response =
      Ask(context.console(), **admin, *request, deadline);
  if (!response.ok()) return response.status();
  if (IsRefused(*response)) return StatusOfRefusal(response->refusal());
  if (!options.dry_run && !options.no_wait) {
    const absl::Status done =
        AwaitDone(context.console(), **admin, request->change_id(),
                  options.wait, *response);
    if (!done.ok()) return done;
  }
  Print(context.console(), *response, options.dry_run, request->change_id());
  return absl::OkStatus();
}

}  // namespace quorate::tools
