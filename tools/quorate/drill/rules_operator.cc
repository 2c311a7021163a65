#include "tools/quorate/drill/rules_operator.h"

#include <algorithm>
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
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "proto/coord/v1/admin.pb.h"
#include "proto/coord/v1/error.pb.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"
#include "tools/quorate/failure.h"

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

class RulesOperator final : public Operator {
 public:
  RulesOperator(std::vector<std::string> endpoints, const Patience& patience,
                Timeline& timeline)
      : endpoints_(std::move(endpoints)),
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
        {.endpoints = endpoints_, .timeout_ms = kCallTimeoutMs});
  }
  absl::StatusOr<coord::v1::MembersResponse> AskLeader();
  // The next learner to promote; 0: there is none yet.
  static uint64_t NextLearner(const coord::v1::MembersResponse& members);

  const std::vector<std::string> endpoints_;
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

uint64_t RulesOperator::NextLearner(const coord::v1::MembersResponse& members) {
  uint64_t next = 0;
  for (const coord::v1::MemberInfo& info : members.members()) {
    if (!info.voter() && (next == 0 || info.id() < next)) next = info.id();
  }
  return next;
}

absl::Status RulesOperator::GrowToSeven(absl::Time deadline,
                                        std::vector<Ask>& asks) {
  uint32_t told_rule = 0;
  uint64_t told_id = 0;
  std::string standing = "no leader answered";
  while (absl::Now() < deadline) {
    const absl::StatusOr<coord::v1::MembersResponse> all = AskLeader();
    uint64_t voters = 0;
    uint64_t learner = 0;
    if (all.ok() && !all->joint()) {
      for (const coord::v1::MemberInfo& info : all->members()) {
        if (info.voter()) ++voters;
      }
      if (voters == kAllMembers) return absl::OkStatus();
      learner = NextLearner(*all);
      standing = absl::StrCat(voters, " voters, and no learner to promote");
    }
    if (learner != 0) {
      const absl::StatusOr<std::optional<Refusal>> answer =
          Promote({learner}, /*dry_run=*/false);
      if (answer.ok() && !answer->has_value()) {
        timeline_.Say(absl::StrCat("promote ", learner, ": accepted, voter ",
                                   voters + 1));
        asks.push_back({.what = absl::StrCat("promote ", learner)});
      } else if (answer.ok()) {
        const Refusal& refusal = **answer;
        standing = absl::StrCat("promote ", learner, ": ", Describe(refusal));
        if (told_id != learner || told_rule != refusal.rule) {
          timeline_.Say(standing);
          asks.push_back(
              {.what = absl::StrCat("promote ", learner), .refusal = refusal});
        }
        told_id = learner;
        told_rule = refusal.rule;
      }
    }
    const absl::Status status = patience_.Wait(absl::Milliseconds(100));
    if (!status.ok()) return status;
  }
  return TimeoutError(absl::StrCat("not grown to seven: ", standing));
}

}  // namespace

std::vector<std::string> DrillLimits() {
  return {absl::StrCat("stabilisation_ms=", kStabilisationMs),
          absl::StrCat("promotion_distance_ms=", kStabilisationMs),
          "contact_ms=2000", "dead_ms=10000", "max_fsync_ms=10000"};
}

std::unique_ptr<Operator> MakeRulesOperator(std::vector<std::string> endpoints,
                                            const Patience& patience,
                                            Timeline& timeline) {
  return std::make_unique<RulesOperator>(std::move(endpoints), patience,
                                         timeline);
}

}  // namespace quorate::tools
