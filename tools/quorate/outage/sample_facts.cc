#include "tools/quorate/outage/sample_facts.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/outage/claims.h"
#include "tools/quorate/outage/facts.h"

namespace quorate::tools {
namespace {

constexpr int64_t kActMs = 30'000;

Lane OfMember(int64_t id, int64_t begin, int64_t leader, bool newcomer) {
  const Belief up = {leader == id ? "leads" : "follows", leader, 3};
  Lane lane{absl::StrCat("member ", id), {}};
  if (newcomer) {
    lane.spans = {{begin, begin + 8'000, {}},
                  {begin + 8'000, begin + 10'000, {"candidate", 0, 0}},
                  {begin + 10'000, begin + kActMs, up}};
  } else {
    lane.spans = {{begin, begin + kActMs, up}};
  }
  return lane;
}

Lane OfBroker(int64_t id, int64_t begin, bool strays) {
  const Belief one = {id == 1 ? "controls" : "obeys", 1, 1};
  Lane lane{absl::StrCat("broker ", id), {{begin, begin + kActMs, one}}};
  if (strays) {
    lane.spans = {{begin, begin + 12'000, one},
                  {begin + 12'000, begin + 14'000, {"silent", 0, 0}},
                  {begin + 14'000, begin + kActMs, {"controls", id, 1}}};
  }
  return lane;
}

ProcessedFacts Processed(int64_t expected, int64_t distinct) {
  return {.expected = expected,
          .effects = distinct,
          .distinct = distinct,
          .passes = 1,
          .digest = "0123456789abcdef0123456789abcdef",
          .expected_digest = "0123456789abcdef0123456789abcdef"};
}

ActFacts Act(int number, bool unsafe) {
  const int64_t begin = (number - 1) * kActMs;
  ActFacts act{.number = number,
               .title = "a title with <signs> & more",
               .story = "What is done in this act.",
               .begin_ms = begin,
               .end_ms = begin + kActMs};
  for (int64_t id = 1; id <= 7; ++id) {
    act.members.push_back(
        OfMember(id, begin, unsafe && id > 3 ? 6 : 2, id > 3));
  }
  for (int64_t id = 1; id <= 3; ++id) {
    act.brokers.push_back(OfBroker(id, begin, unsafe && id == 3));
  }
  act.marks = {{begin + 8'000, "four newcomers start at once"},
               {begin + 8'300, "another moment, close to the first"},
               {begin + 14'000, "broker 3 is controller, too"}};
  act.events = {{begin, "members 1 2 3 serve"},
                {begin + 8'000, "newcomer 4 started"}};
  for (int64_t i = 0; i < 600; ++i) {
    WriteFact write{.sent_ms = begin + i * 50,
                    .done_ms = begin + i * 50 + 9,
                    .attempts = 1,
                    .outcome = Outcome::kAtOnce};
    if (unsafe && i >= 300 && i % 5 == 0) {
      write.outcome = i % 10 == 0 ? Outcome::kDeadLettered : Outcome::kByRetry;
      write.cause = "NoTopic";
    }
    act.writes.push_back(write);
  }
  act.metadata = {{begin + 1'000, 3, 1, 3}};
  if (unsafe) act.metadata.push_back({begin + 20'000, 3, 2, 2});
  act.queue = {
      .taken = unsafe ? 30 : 0, .replayed = 0, .left = unsafe ? 30 : 0};
  act.processed = Processed(600, unsafe ? 570 : 600);
  act.in_the_end = Processed(600, 600);
  return act;
}

}  // namespace

OutageFacts SampleFacts() {
  OutageFacts facts{.seed = 7,
                    .input_path = "/usr/share/some<file>",
                    .input_lines = 600,
                    .input_bytes = 12'345,
                    .input_digest = "0123456789abcdef0123456789abcdef",
                    .when = "2020-10-09T14:50:03.120Z",
                    .duration_ms = 3 * kActMs};
  facts.acts = {Act(1, true), Act(2, false), Act(3, false)};
  facts.acts[2].record.asks = {
      {.what = "promote 4 5 6 7",
       .all_at_once = true,
       .ready = true,
       .refusal = Refusal{.rule = 14,
                          .rule_name = "seasoned majority",
                          .message = "newcomers would be a majority",
                          .numbers = {{"voters", 7}, {"seasoned", 3}},
                          .retry_after_ms = 800}},
      {.what = "promote 5 (dry run)",
       .refusal = Refusal{.message = "5 is not a learner"}}};
  for (ActFacts& act : facts.acts) {
    act.findings.push_back(Judge(OutageClaim::kExactlyOnce, act));
    act.findings.push_back(Judge(act.number == 1 ? OutageClaim::kTwoControllers
                                                 : OutageClaim::kOneController,
                                 act));
  }
  return facts;
}

}  // namespace quorate::tools
