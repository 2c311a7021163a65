#include "tools/quorate/outage/facts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/quorate/drill/record.h"

namespace quorate::tools {
namespace {

void Add(const WriteFact& write, WriteSums& sums) {
  switch (write.outcome) {
    case Outcome::kAtOnce:
      ++sums.at_once;
      break;
    case Outcome::kByRetry:
      ++sums.by_retry;
      break;
    case Outcome::kDeadLettered:
      ++sums.dead_lettered;
      break;
    case Outcome::kFailed:
      ++sums.failed;
      break;
  }
}

}  // namespace

const char* NameOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAtOnce:
      return "acknowledged at once";
    case Outcome::kByRetry:
      return "saved by retry";
    case Outcome::kDeadLettered:
      return "dead-lettered";
    case Outcome::kFailed:
      return "failed";
  }
  return "";
}

double WriteSums::failed_at_first_share() const {
  if (sent() == 0) return 0;
  return static_cast<double>(failed_at_first()) / static_cast<double>(sent());
}

int64_t WriteSums::Of(Outcome outcome) const {
  switch (outcome) {
    case Outcome::kAtOnce:
      return at_once;
    case Outcome::kByRetry:
      return by_retry;
    case Outcome::kDeadLettered:
      return dead_lettered;
    case Outcome::kFailed:
      return failed;
  }
  return 0;
}

WriteSums SumUp(const std::vector<WriteFact>& writes) {
  WriteSums sums;
  for (const WriteFact& write : writes) Add(write, sums);
  return sums;
}

std::vector<WriteBucket> BucketsOf(const std::vector<WriteFact>& writes,
                                   int64_t begin_ms, int64_t end_ms,
                                   int64_t width_ms) {
  std::vector<WriteBucket> buckets;
  for (int64_t at_ms = begin_ms; at_ms < end_ms; at_ms += width_ms) {
    buckets.push_back({.begin_ms = at_ms});
  }
  for (const WriteFact& write : writes) {
    if (write.sent_ms < begin_ms || write.sent_ms >= end_ms) continue;
    const int64_t index = (write.sent_ms - begin_ms) / width_ms;
    Add(write, buckets[static_cast<size_t>(index)].sums);
  }
  return buckets;
}

std::map<std::string, int64_t> CausesOf(const std::vector<WriteFact>& writes) {
  std::map<std::string, int64_t> causes;
  for (const WriteFact& write : writes) {
    if (write.outcome != Outcome::kAtOnce && !write.cause.empty()) {
      ++causes[write.cause];
    }
  }
  return causes;
}

bool AllSeen(const OutageFacts& facts) {
  if (!facts.stopped.empty() || facts.acts.empty()) return false;
  for (const ActFacts& act : facts.acts) {
    if (act.findings.empty() ||
        !std::all_of(act.findings.begin(), act.findings.end(),
                     [](const Finding& finding) { return finding.met; })) {
      return false;
    }
  }
  return true;
}

std::vector<RuleRefusals> RefusalsOf(const OutageFacts& facts) {
  std::map<uint32_t, RuleRefusals> by_rule;
  const auto add = [&](const std::string& asked, const Refusal& refusal) {
    RuleRefusals& all = by_rule[refusal.rule];
    all.rule = refusal.rule;
    all.name = refusal.rule_name;
    ++all.count;
    if (std::find(all.asked.begin(), all.asked.end(), asked) ==
        all.asked.end()) {
      all.asked.push_back(asked);
    }
    all.message = refusal.message;
    all.numbers = refusal.numbers;
    if (!refusal.retry_after_ms) return;
    ++all.with_retry;
    all.longest_retry_ms =
        std::max(all.longest_retry_ms, *refusal.retry_after_ms);
  };
  for (const ActFacts& act : facts.acts) {
    for (const Ask& ask : act.record.asks) {
      if (ask.refusal) add(ask.what, *ask.refusal);
    }
    for (const Restart& restart : act.record.restarts) {
      if (restart.refusal) {
        add("restart of member " + std::to_string(restart.id),
            *restart.refusal);
      }
    }
  }
  std::vector<RuleRefusals> refusals;
  for (auto& [rule, all] : by_rule) refusals.push_back(std::move(all));
  return refusals;
}

}  // namespace quorate::tools
