#include "tools/quorate/drill/rules_operator.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "coord/consensus/rule.h"
#include "proto/coord/v1/admin.pb.h"
#include "proto/coord/v1/error.pb.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"
#include "tools/quorate/provision/contact.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/provisioner.h"

namespace quorate::tools {
namespace {

using coord::v1::ChangeMembershipRequest;
using coord::v1::ChangeMembershipResponse;

constexpr int64_t kStabilisationMs = 1'000;
constexpr int64_t kCallTimeoutMs = 10'000;

uint64_t DrawChangeId() {
  std::random_device random;
  uint64_t id = 0;
  while (id == 0) id = uint64_t{random()} << 32 | random();
  return id;
}

Refusal ToRefusal(const coord::v1::ErrorDetail& detail) {
  Refusal refusal;
  refusal.rule = detail.rule();
  refusal.rule_name = detail.rule_name();
  // What the message says of rule and numbers has fields of its own.
  absl::string_view message = detail.message();
  absl::ConsumePrefix(&message, absl::StrCat("rule ", detail.rule(), " (",
                                             detail.rule_name(), "): "));
  if (detail.numbers_size() > 0) {
    message = message.substr(0, message.find(" ["));
  }
  refusal.message = std::string(message);
  for (const coord::v1::Number& number : detail.numbers()) {
    refusal.numbers.emplace_back(number.name(), number.value());
  }
  if (detail.has_retry_after_ms()) {
    refusal.retry_after_ms = detail.retry_after_ms();
  }
  return refusal;
}

Refusal ToRefusal(const consensus::Refusal& refused) {
  return {.rule = static_cast<uint32_t>(refused.rule),
          .rule_name = std::string(RuleName(refused.rule)),
          .message = refused.reason,
          .numbers = refused.numbers,
          .retry_after_ms = refused.retry_after_ms};
}

// What the provisioner does, in the timeline: each reason to wait once.
class GrowthTimeline final : public ProvisionListener {
 public:
  GrowthTimeline(Timeline& timeline, std::vector<Ask>& asks)
      : timeline_(timeline), asks_(asks) {}

  // Soon followed by either of the others.
  void OnChange(const std::string&, std::optional<int64_t>) override {}

  void OnDone(const std::string& what,
              const coord::v1::MembersResponse& members) override {
    asks_.push_back({.what = what});
    timeline_.Say(absl::StrCat("done: ", what, "; ", members.configuration()));
  }

  void OnWait(const Standstill& standstill) override {
    if (standstill.why == told_) return;
    told_ = standstill.why;
    std::string text = standstill.why;
    if (standstill.refusal.rule != consensus::Rule::kNone) {
      const Refusal refusal = ToRefusal(standstill.refusal);
      text = absl::StrCat(standstill.what, ": ", Describe(refusal));
      asks_.push_back({.what = standstill.what, .refusal = refusal});
    }
    if (standstill.left_ms) {
      absl::StrAppendFormat(&text, "; about %.1f s left",
                            static_cast<double>(*standstill.left_ms) / 1000);
    }
    timeline_.Say(text);
  }

 private:
  Timeline& timeline_;
  std::vector<Ask>& asks_;
  std::string told_;
};

class RulesOperator final : public Operator {
 public:
  RulesOperator(std::vector<std::string> addresses, const Patience& patience,
                Timeline& timeline)
      : addresses_(std::move(addresses)),
        patience_(patience),
        timeline_(timeline) {}

  absl::StatusOr<std::vector<Member>> Members() override;
  absl::StatusOr<std::optional<Refusal>> Promote(
      const std::vector<uint64_t>& ids, bool dry_run) override;
  absl::Status GrowToSeven(absl::Time deadline,
                           std::vector<Ask>& asks) override;

 private:
  // Made anew for each call, so that none waits for a member that was down.
  absl::StatusOr<std::unique_ptr<client::AdminClient>> Client() const {
    return client::AdminClient::Create(
        {.endpoints = addresses_, .timeout_ms = kCallTimeoutMs});
  }
  absl::StatusOr<coord::v1::MembersResponse> AskLeader();

  const std::vector<std::string> addresses_;
  const Patience& patience_;
  Timeline& timeline_;
};

absl::StatusOr<coord::v1::MembersResponse> RulesOperator::AskLeader() {
  absl::StatusOr<std::unique_ptr<client::AdminClient>> client = Client();
  if (!client.ok()) return client.status();
  absl::StatusOr<coord::v1::MembersResponse> members = (*client)->Members();
  if (members.ok() && !members->from_leader()) {
    return absl::UnavailableError("no leader answers");
  }
  return members;
}

absl::StatusOr<std::vector<Operator::Member>> RulesOperator::Members() {
  const absl::StatusOr<coord::v1::MembersResponse> all = AskLeader();
  if (!all.ok()) return all.status();
  std::vector<Member> members;
  for (const coord::v1::MemberInfo& info : all->members()) {
    members.push_back({.id = info.id(),
                       .voter = info.voter(),
                       .proven = info.has_proven_for_ms() &&
                                 info.proven_for_ms() >= kStabilisationMs});
  }
  return members;
}

absl::StatusOr<std::optional<Refusal>> RulesOperator::Promote(
    const std::vector<uint64_t>& ids, bool dry_run) {
  const absl::StatusOr<std::unique_ptr<client::AdminClient>> client = Client();
  if (!client.ok()) return client.status();
  ChangeMembershipRequest request;
  request.set_change_id(DrawChangeId());
  request.set_dry_run(dry_run);
  for (const uint64_t id : ids) request.add_promote(id);
  const absl::StatusOr<ChangeMembershipResponse> response =
      (*client)->ChangeMembership(request);
  if (!response.ok()) return response.status();
  if (response->outcome() == ChangeMembershipResponse::OUTCOME_REFUSED ||
      response->outcome() == ChangeMembershipResponse::OUTCOME_INVALID) {
    return ToRefusal(response->refusal());
  }
  return std::nullopt;
}

absl::Status RulesOperator::GrowToSeven(absl::Time deadline,
                                        std::vector<Ask>& asks) {
  Declaration declaration;
  for (uint64_t id = 1; id <= kAllMembers; ++id) {
    declaration.members.push_back({.id = id, .address = addresses_[id - 1]});
  }
  EnsembleContact ensemble(
      {.endpoints = addresses_, .timeout_ms = kCallTimeoutMs});
  ProvisionOptions options;
  options.wait = deadline - absl::Now();
  options.patience = options.wait;  // the machine may have much else to do
  options.pause = [this](absl::Duration time) { return patience_.Wait(time); };
  GrowthTimeline listener(timeline_, asks);
  return Provision(ensemble, declaration, options, listener).status();
}

}  // namespace

std::vector<std::string> DrillLimits() {
  return {absl::StrCat("stabilisation_ms=", kStabilisationMs),
          absl::StrCat("promotion_distance_ms=", kStabilisationMs),
          "contact_ms=2000", "dead_ms=10000", "max_fsync_ms=10000"};
}

std::unique_ptr<Operator> MakeRulesOperator(std::vector<std::string> addresses,
                                            const Patience& patience,
                                            Timeline& timeline) {
  return std::make_unique<RulesOperator>(std::move(addresses), patience,
                                         timeline);
}

}  // namespace quorate::tools
