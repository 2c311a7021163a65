#include "tools/quorate/verbs/membership_change.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <random>
#include <string>
#include <utility>

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
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/refusal.h"

namespace quorate::tools {
namespace {

using coord::v1::ChangeMembershipRequest;
using coord::v1::ChangeMembershipResponse;
using coord::v1::ChangeStateResponse;

constexpr absl::Duration kPollPause = absl::Milliseconds(50);

uint64_t DrawChangeId() {
  std::random_device random;
  uint64_t id = 0;
  while (id == 0) id = uint64_t{random()} << 32 | random();
  return id;
}

absl::StatusOr<ChangeMembershipRequest> MakeRequest(
    client::AdminClient& admin, const ChangeOptions& options) {
  ChangeMembershipRequest request;
  request.set_dry_run(options.dry_run);
  for (const std::string& word : options.promote) {
    const absl::StatusOr<uint64_t> id = ParseMemberId(word);
    if (!id.ok()) return id.status();
    request.add_promote(*id);
  }
  for (const std::string& word : options.remove) {
    const absl::StatusOr<uint64_t> id = ParseMemberId(word);
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

// True if the change is to promote a member that may still join.
bool AwaitsNewcomer(client::AdminClient& admin,
                    const ChangeMembershipRequest& request) {
  if (request.promote().empty()) return false;
  const absl::StatusOr<coord::v1::MembersResponse> members = admin.Members();
  if (!members.ok()) return false;
  return std::any_of(
      request.promote().begin(), request.promote().end(), [&](uint64_t id) {
        const auto& removed = members->removed();
        const auto& all = members->members();
        return std::none_of(all.begin(), all.end(),
                            [&](const coord::v1::MemberInfo& member) {
                              return member.id() == id;
                            }) &&
               std::find(removed.begin(), removed.end(), id) == removed.end();
      });
}

// Asks; and if a rule says when to ask again, who is to be promoted has not
// joined yet, or nobody leads for the moment, does so, until `deadline`. Always
// with the same id: it is made once at most.
absl::StatusOr<ChangeMembershipResponse> Ask(
    const Console& console, client::AdminClient& admin,
    const ChangeMembershipRequest& request, absl::Time deadline) {
  Progress progress(console, "asking the leader");
  while (true) {
    absl::StatusOr<ChangeMembershipResponse> response =
        admin.ChangeMembership(request);
    absl::Duration pause = absl::Milliseconds(100);
    if (!response.ok()) {
      if (ExitCodeOf(response.status()) != ExitCode::kUnreachable) {
        return response;
      }
      progress.Update("nobody answers, trying again");
    } else if (response->outcome() ==
                   ChangeMembershipResponse::OUTCOME_INVALID &&
               absl::Now() + pause <= deadline &&
               AwaitsNewcomer(admin, request)) {
      progress.Update("waiting until the newcomer has joined");
    } else if (!IsRefused(*response) ||
               !response->refusal().has_retry_after_ms()) {
      return response;
    } else {
      // What rules look at goes on changing: not less than a little pause, and
      // not more than one in which it may have come true earlier.
      const int64_t retry_ms = response->refusal().retry_after_ms();
      pause = std::clamp(absl::Milliseconds(retry_ms), pause, absl::Seconds(2));
      progress.Update(absl::StrCat("refused by ",
                                   NameOfRefusal(response->refusal()),
                                   ", earliest retry ", FormatRetry(retry_ms)));
    }
    if (absl::Now() + pause > deadline) return response;
    absl::SleepFor(pause);
  }
}

absl::Status TakenBackError(const std::string& state) {
  client::ErrorInfo info;
  info.kind = "TakenBack";
  return client::MakeError(
      absl::StatusCode::kAborted,
      absl::StrCat("the change was accepted by a leader that lost its reign "
                   "before the change was committed; it is ",
                   state, " to the present one, and was not made"),
      info);
}

// Sets the configuration of `response` to the one in force once it is done.
absl::Status AwaitDone(const Console& console, client::AdminClient& admin,
                       uint64_t change_id, absl::Duration patience,
                       ChangeMembershipResponse& response) {
  Progress progress(console, "waiting until the change is done");
  const absl::Time deadline = absl::Now() + patience;
  while (true) {
    const absl::StatusOr<ChangeStateResponse> answer =
        admin.ChangeState(change_id);
    const std::string state = answer.ok() ? answer->state() : "";
    if (state == "DONE") {
      const absl::StatusOr<coord::v1::MembersResponse> members =
          admin.Members();
      if (members.ok()) {
        response.set_configuration(members->configuration());
        response.set_version(members->configuration_version());
      }
      return absl::OkStatus();
    }
    if (state == "UNKNOWN" || state == "REFUSED") return TakenBackError(state);
    if (answer.ok()) progress.Update(absl::StrCat("the change is ", state));
    if (absl::Now() >= deadline) {
      return TimeoutError(
          absl::StrCat("the change was accepted and is not done yet: ",
                       answer.ok() ? state : answer.status().message()));
    }
    absl::SleepFor(kPollPause);
  }
}

// True if a change of this id was sent before and accepted.
bool IsKnown(client::AdminClient& admin, uint64_t change_id) {
  const absl::StatusOr<ChangeStateResponse> state =
      admin.ChangeState(change_id);
  return state.ok() && state->version() != 0;
}

}  // namespace

void AddChangeOptions(Verb& verb, ChangeOptions& options) {
  verb.Option("--expect-version", Number{&options.expected_version, 1}, "N",
              "only if the configuration has this version (member list)")
      .Option("--change-id", &options.change_id, "HEX",
              "send the change of this id again: it is made once at most")
      .Option("--retry-for", &options.retry_for, "TIME",
              "if a rule refuses for now, or a newcomer has not joined yet, "
              "go on trying for so long")
      .Option("--wait", &options.wait, "TIME",
              "how long to wait until it is done (default 30s)")
      .Flag("--no-wait", &options.no_wait, "return as soon as it was accepted");
}

absl::StatusOr<uint64_t> ParseMemberId(const std::string& word) {
  uint64_t id = 0;
  if (!absl::SimpleAtoi(word, &id) || id == 0) {
    return UsageError(absl::StrCat("expected the id of a member, a whole ",
                                   "number from 1 on; found \"",
                                   Printable(word, 200), "\""));
  }
  return id;
}

absl::StatusOr<uint64_t> ParseChangeId(const std::string& word) {
  uint64_t id = 0;
  const bool digits =
      !word.empty() && word.size() <= 16 &&
      word.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!digits || !absl::SimpleHexAtoi(word, &id) || id == 0) {
    return UsageError(absl::StrCat(
        "expected the id of a change, 1 to 16 hexadecimal digits and not 0; "
        "found \"",
        Printable(word, 200), "\""));
  }
  return id;
}

std::string FormatChangeId(uint64_t change_id) {
  return absl::StrFormat("%016x", change_id);
}

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

absl::StatusOr<ChangeMembershipResponse> CarryOut(
    Context& context, ChangeMembershipRequest request,
    const ChangeOptions& options) {
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const uint64_t id = request.change_id();
  request.set_expected_version(static_cast<uint64_t>(options.expected_version));
  const absl::Time deadline =
      absl::Now() + options.retry_for.value_or(absl::ZeroDuration());
  absl::StatusOr<ChangeMembershipResponse> response =
      Ask(context.console(), **admin, request, deadline);
  absl::Status failure = response.status();
  if (response.ok() && IsRefused(*response)) {
    failure = StatusOfRefusal(response->refusal());
  }
  // Whatever becomes of the ensemble, such a change is never made.
  const bool invalid =
      response.ok() &&
      response->outcome() == ChangeMembershipResponse::OUTCOME_INVALID;
  if (failure.ok() && !request.dry_run() && !options.no_wait) {
    failure =
        AwaitDone(context.console(), **admin, id, options.wait, *response);
  }
  if (failure.ok()) return response;
  return request.dry_run() || invalid ? failure : WithChangeId(failure, id);
}

absl::StatusOr<uint64_t> ChangeIdFor(const ChangeOptions& options) {
  if (!options.change_id.empty()) return ParseChangeId(options.change_id);
  return DrawChangeId();
}

void PrintChange(const Console& console, const ChangeMembershipRequest& request,
                 const ChangeMembershipResponse& response, bool no_wait) {
  const bool already =
      response.outcome() == ChangeMembershipResponse::OUTCOME_ALREADY_MADE;
  const char* outcome = request.dry_run() ? "ACCEPTED"
                        : already         ? "was made already"
                        : no_wait         ? "accepted"
                                          : "done";
  const std::string id = FormatChangeId(request.change_id());
  if (console.json) {
    Json json = {{"outcome", outcome},
                 {"version", response.version()},
                 {"configuration", response.configuration()}};
    // As text: JSON numbers are not exact beyond 2^53.
    if (!request.dry_run()) json["change_id"] = id;
    console.out << Dump(json) << std::endl;
    return;
  }
  console.out << outcome;
  if (!response.configuration().empty()) {
    console.out << ": " << (request.dry_run() ? "it would lead to " : "")
                << response.configuration();
  } else if (response.version() != 0) {
    console.out << ": configuration v" << response.version();
  }
  if (!request.dry_run()) console.out << " (change " << id << ")";
  console.out << std::endl;
}

absl::Status ChangeMembership(Context& context, const ChangeOptions& options) {
  const absl::StatusOr<uint64_t> id = ChangeIdFor(options);
  if (!id.ok()) return id.status();
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  absl::StatusOr<ChangeMembershipRequest> request =
      MakeRequest(**admin, options);
  // A newcomer that was added may be down by now.
  if (!request.ok() && ExitCodeOf(request.status()) == ExitCode::kUnreachable &&
      !options.change_id.empty() && IsKnown(**admin, *id)) {
    request = ChangeMembershipRequest();
  }
  if (!request.ok()) return request.status();
  if (!options.dry_run) request->set_change_id(*id);
  const absl::StatusOr<ChangeMembershipResponse> response =
      CarryOut(context, *request, options);
  if (!response.ok()) return response.status();
  PrintChange(context.console(), *request, *response, options.no_wait);
  return absl::OkStatus();
}

}  // namespace quorate::tools
