#include "tools/quorate/provision/provisioner.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/base/ids.h"
#include "coord/client/error.h"
#include "coord/client/error_detail.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/rule.h"
#include "proto/coord/v1/admin.pb.h"
#include "proto/coord/v1/error.pb.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/provision/contact.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/forecast.h"
#include "tools/quorate/provision/planner.h"
#include "tools/quorate/provision/target.h"
#include "tools/quorate/provision/view.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

namespace v1 = coord::v1;
using consensus::Rule;

constexpr absl::Duration kPause = absl::Milliseconds(50);
// What a rule waits for may come true earlier than it said.
constexpr absl::Duration kLongestPause = absl::Seconds(1);

uint64_t DrawRandom() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

// Short, and the same as long as it is for the same reason.
std::string WhyWaiting(const Step& step) {
  const std::string what = DescribeChange(step.change);
  std::string why =
      step.refusal.rule == Rule::kNone
          ? step.refusal.reason
          : absl::StrCat("rule ", static_cast<int>(step.refusal.rule), " (",
                         RuleName(step.refusal.rule), ")");
  if (what.empty()) return absl::StrCat("waiting: ", why);
  return absl::StrCat("waiting to ", what, ": ", why);
}

v1::ChangeMembershipRequest RequestOf(
    const consensus::MembershipChange& change) {
  v1::ChangeMembershipRequest request;
  request.set_change_id(std::max<uint64_t>(1, DrawRandom()));
  request.set_expected_version(change.expected_version);
  for (const consensus::Member& member : change.add_learners) {
    v1::NewMember& added = *request.add_add_learners();
    added.set_id(member.id.value);
    added.set_incarnation(member.incarnation.value);
    added.set_address(member.address);
  }
  for (const MemberId id : change.promote) request.add_promote(id.value);
  for (const MemberId id : change.remove) request.add_remove(id.value);
  return request;
}

// As the leader answered it.
consensus::Refusal ToRefusal(const v1::ErrorDetail& detail) {
  consensus::Refusal refusal;
  refusal.rule = static_cast<Rule>(detail.rule());
  refusal.reason = detail.message();
  for (const v1::Number& number : detail.numbers()) {
    refusal.numbers.emplace_back(number.name(), number.value());
  }
  if (detail.has_retry_after_ms()) {
    refusal.retry_after_ms = detail.retry_after_ms();
  }
  return refusal;
}

// What was planned, and on what.
struct Plan {
  v1::MembersResponse members;
  EnsembleView view;
  TargetMembers target;
};

absl::StatusOr<Plan> MakePlan(EnsembleContact& ensemble,
                              const Declaration& declaration,
                              v1::MembersResponse members) {
  absl::StatusOr<EnsembleView> view = ViewOf(members);
  if (!view.ok()) return view.status();
  absl::StatusOr<TargetMembers> target = Resolve(
      declaration, *view, ensemble.AskAll(NewcomersOf(declaration, *view)));
  if (!target.ok()) return target.status();
  return Plan{.members = std::move(members),
              .view = *std::move(view),
              .target = *std::move(target)};
}

std::optional<int64_t> TimeLeft(const Plan& plan) {
  const Forecast forecast =
      PlayAhead(plan.target, plan.view.facts, plan.view.leader);
  if (forecast.blocked) return std::nullopt;
  return forecast.total_ms;
}

class Provisioner {
 public:
  Provisioner(EnsembleContact& ensemble, const Declaration& declaration,
              const ProvisionOptions& options, ProvisionListener& listener)
      : ensemble_(ensemble),
        declaration_(declaration),
        options_(options),
        listener_(listener),
        deadline_(absl::Now() + options.wait) {}

  absl::StatusOr<v1::MembersResponse> Run() {
    while (true) {
      const absl::Status status = TakeTurn();
      if (!status.ok()) return status;
      if (arrived_) return *std::move(arrived_);
      if (absl::Now() >= deadline_) {
        return TimeoutError(absl::StrCat(
            "not as declared after ",
            FormatAge(absl::ToInt64Milliseconds(options_.wait)), ", ", why_,
            "; what was done stays: run it again to go on, --wait waits "
            "longer"));
      }
    }
  }

 private:
  // One look and what follows from it. An error is the end.
  absl::Status TakeTurn() {
    absl::StatusOr<v1::MembersResponse> members = ensemble_.Look();
    if (!members.ok()) {
      // Somebody else's ensemble stays that.
      if (client::ErrorInfoOf(members.status())) return members.status();
      return Hindered("waiting: no leader answers", members.status());
    }
    const absl::StatusOr<Plan> plan =
        MakePlan(ensemble_, declaration_, *std::move(members));
    if (!plan.ok()) return plan.status();
    const Step step =
        NextStep(plan->target, plan->view.facts, plan->view.leader);
    switch (step.kind) {
      case Step::Kind::kDone:
        return Confirm(*plan);
      case Step::Kind::kChange:
        return Make(step.change, *plan);
      case Step::Kind::kWait:
        hindered_since_.reset();
        return Wait({.why = WhyWaiting(step),
                     .what = DescribeChange(step.change),
                     .refusal = step.refusal,
                     .left_ms = TimeLeft(*plan)},
                    absl::Milliseconds(step.wait_ms));
      case Step::Kind::kBlocked:
        return Hindered(WhyWaiting(step), StatusOfStep(step));
    }
    return absl::OkStatus();
  }

  // It looks as declared: is that committed, and by itself (rule 18)? A change
  // that is only asked about, and that nothing but an unfinished one forbids,
  // tells the first; what stands in the log by then and commits, the second.
  absl::Status Confirm(const Plan& plan) {
    v1::ChangeMembershipRequest question;
    question.set_dry_run(true);
    question.set_expected_version(plan.members.configuration_version());
    *question.mutable_limits() = plan.members.limits();
    const int64_t fsync_ms = plan.members.limits().max_fsync_ms();
    question.mutable_limits()->set_max_fsync_ms(fsync_ms > 1 ? fsync_ms - 1
                                                             : fsync_ms + 1);
    const absl::StatusOr<v1::ChangeMembershipResponse> answer =
        ensemble_.Change(question);
    const std::string why = "waiting until the last change is done";
    if (!answer.ok()) return Hindered(why, answer.status());
    if (answer->outcome() != v1::ChangeMembershipResponse::OUTCOME_ACCEPTED) {
      return Hindered(why, client::StatusOf(answer->refusal()));
    }
    const std::string leader = ensemble_.leader_address();
    std::optional<uint64_t> last_zxid;
    while (true) {
      const absl::StatusOr<v1::StatusResponse> status = ensemble_.Ask(leader);
      if (!status.ok()) return Hindered(why, status.status());
      if (status->role() != "leader") return absl::OkStatus();
      if (!last_zxid) last_zxid = status->last_zxid();
      if (status->commit_zxid() >= *last_zxid) break;
      if (absl::Now() >= deadline_) return absl::OkStatus();
      const absl::Status waited = Wait({.why = why}, kPause);
      if (!waited.ok()) return waited;
    }
    arrived_ = plan.members;
    return absl::OkStatus();
  }

  absl::Status Make(const consensus::MembershipChange& change,
                    const Plan& plan) {
    const std::string what = DescribeChange(change);
    const v1::ChangeMembershipRequest request = RequestOf(change);
    listener_.OnChange(what, TimeLeft(plan));
    const absl::StatusOr<v1::ChangeMembershipResponse> answer =
        ensemble_.Change(request);
    if (!answer.ok()) {
      return Hindered(absl::StrCat("waiting to ", what), answer.status());
    }
    using Response = v1::ChangeMembershipResponse;
    if (answer->outcome() == Response::OUTCOME_ACCEPTED ||
        answer->outcome() == Response::OUTCOME_ALREADY_MADE) {
      hindered_since_.reset();
      return AwaitDone(what, request.change_id());
    }
    return Refused(what, answer->refusal());
  }

  absl::Status Refused(const std::string& what,
                       const v1::ErrorDetail& refusal) {
    const absl::Status status = client::StatusOf(refusal);
    const std::string why =
        refusal.rule() == 0
            ? absl::StrCat("waiting to ", what)
            : absl::StrCat("waiting to ", what, ": rule ", refusal.rule(), " (",
                           refusal.rule_name(), ")");
    if (refusal.rule() == static_cast<uint32_t>(Rule::kExpectedVersion)) {
      // Somebody was quicker. Not all of them again at the same moment.
      return Wait({.why = why}, absl::Milliseconds(10 + DrawRandom() % 40));
    }
    if (refusal.has_retry_after_ms()) {
      return Wait({.why = why, .what = what, .refusal = ToRefusal(refusal)},
                  absl::Milliseconds(refusal.retry_after_ms()));
    }
    return Hindered(why, status);
  }

  // Waits until the change is done, or it is no use to wait for it.
  absl::Status AwaitDone(const std::string& what, uint64_t change_id) {
    const absl::Time until =
        std::min(deadline_, absl::Now() + options_.patience);
    while (absl::Now() < until) {
      const absl::StatusOr<v1::ChangeStateResponse> state =
          ensemble_.StateOfChange(change_id);
      if (state.ok() && state->state() == "DONE") {
        const absl::StatusOr<v1::MembersResponse> members = ensemble_.Look();
        if (members.ok()) listener_.OnDone(what, *members);
        return absl::OkStatus();
      }
      // A new leader that does not have it has taken it back.
      if (state.ok() &&
          (state->state() == "UNKNOWN" || state->state() == "REFUSED")) {
        return absl::OkStatus();
      }
      const absl::Status waited =
          Wait({.why = absl::StrCat("waiting until done: ", what)}, kPause);
      if (!waited.ok()) return waited;
      if (!state.ok()) ensemble_.Look().IgnoreError();
    }
    return absl::OkStatus();
  }

  // Nothing can be done, and time alone does not help: an error once it has
  // lasted too long.
  absl::Status Hindered(const std::string& why, const absl::Status& reason) {
    const absl::Time now = absl::Now();
    if (!hindered_since_) hindered_since_ = now;
    if (now - *hindered_since_ >= options_.patience) return reason;
    return Wait({.why = why}, 4 * kPause);
  }

  absl::Status Wait(const Standstill& standstill, absl::Duration pause) {
    why_ = standstill.why;
    listener_.OnWait(standstill);
    const absl::Duration rest =
        std::max(deadline_ - absl::Now(), absl::ZeroDuration());
    pause = std::min(std::clamp(pause, absl::Milliseconds(10), kLongestPause),
                     rest);
    if (options_.pause != nullptr) return options_.pause(pause);
    absl::SleepFor(pause);
    return absl::OkStatus();
  }

  EnsembleContact& ensemble_;
  const Declaration& declaration_;
  const ProvisionOptions& options_;
  ProvisionListener& listener_;
  const absl::Time deadline_;
  std::string why_ = "no time was given";
  std::optional<absl::Time> hindered_since_;
  std::optional<v1::MembersResponse> arrived_;
};

}  // namespace

absl::StatusOr<v1::MembersResponse> Provision(EnsembleContact& ensemble,
                                              const Declaration& declaration,
                                              const ProvisionOptions& options,
                                              ProvisionListener& listener) {
  return Provisioner(ensemble, declaration, options, listener).Run();
}

absl::StatusOr<Forecast> PlanProvision(EnsembleContact& ensemble,
                                       const Declaration& declaration) {
  absl::StatusOr<v1::MembersResponse> members = ensemble.Look();
  if (!members.ok()) return members.status();
  const absl::StatusOr<Plan> plan =
      MakePlan(ensemble, declaration, *std::move(members));
  if (!plan.ok()) return plan.status();
  return PlayAhead(plan->target, plan->view.facts, plan->view.leader);
}

absl::Status StatusOfStep(const Step& step) {
  const std::string what = DescribeChange(step.change);
  const std::string prefix =
      what.empty() ? "" : absl::StrCat("cannot ", what, ": ");
  if (step.refusal.rule == Rule::kNone) {
    // Such as a newcomer that does not answer.
    return absl::UnavailableError(absl::StrCat(prefix, step.refusal.reason));
  }
  client::ErrorInfo info;
  info.kind = "Refused";
  info.rule = static_cast<uint32_t>(step.refusal.rule);
  info.rule_name = std::string(RuleName(step.refusal.rule));
  info.numbers = step.refusal.numbers;
  info.retry_after_ms = step.refusal.retry_after_ms;
  return client::MakeError(absl::StatusCode::kFailedPrecondition,
                           absl::StrCat(prefix, step.refusal.reason), info);
}

}  // namespace quorate::tools
