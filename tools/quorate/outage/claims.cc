#include "tools/quorate/outage/claims.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tools/quorate/drill/claims.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/lanes.h"

namespace quorate::tools {
namespace {

Finding Found(OutageClaim claim, bool met, std::string seen) {
  return {NameOf(claim), SentenceOf(claim), met, std::move(seen)};
}

std::string Seconds(int64_t ms) {
  return absl::StrFormat("%.1f s", static_cast<double>(ms) / 1000.0);
}

std::string Share(int64_t part, int64_t of) {
  const double percent =
      of == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(of);
  return absl::StrFormat("%d of %d (%.1f %%)", part, of, percent);
}

// "3", "1 and 3"; "nobody".
std::string Ids(const std::set<int64_t>& ids) {
  return ids.empty() ? "nobody" : absl::StrJoin(ids, " and ");
}

bool AllAnswered(const MetadataSample& sample, const ActFacts& act) {
  return sample.answers == static_cast<int>(act.brokers.size());
}

Finding TwoControllers(const ActFacts& act) {
  const int64_t contested = ContestedMs(act.brokers, "controls");
  return Found(OutageClaim::kTwoControllers, contested >= kContestedMs,
               absl::StrCat("brokers ", Ids(EverIn(act.brokers, "controls")),
                            ", at the same time for ", Seconds(contested)));
}

Finding ConflictingMetadata(const ActFacts& act) {
  int64_t different = 0;
  int64_t lacking = 0;
  for (const MetadataSample& sample : act.metadata) {
    if (sample.different < 2) continue;
    ++different;
    if (sample.topic_known < sample.answers) ++lacking;
  }
  return Found(OutageClaim::kConflictingMetadata, different > 0 && lacking > 0,
               absl::StrCat(different, " of ", act.metadata.size(),
                            " times that all were asked; in ", lacking,
                            " of these a broker did not even know the topic"));
}

Finding OfWrites(OutageClaim claim, const ActFacts& act) {
  const WriteSums sums = SumUp(act.writes);
  const auto share = [&](int64_t part, bool met) {
    return Found(claim, sums.sent() > 0 && met, Share(part, sums.sent()));
  };
  switch (claim) {
    case OutageClaim::kWritesFailed:
      return share(sums.failed_at_first(), sums.failed_at_first() > 0);
    case OutageClaim::kSavedByRetry:
      return share(sums.by_retry, sums.by_retry > 0);
    case OutageClaim::kDeadLettered:
      return share(sums.dead_lettered, sums.dead_lettered > 0);
    case OutageClaim::kNoneFailed:
      return share(sums.failed, sums.failed == 0);
    case OutageClaim::kNeverDeadLettered:
      return share(sums.dead_lettered + sums.failed,
                   sums.dead_lettered + sums.failed == 0);
    default:
      return share(sums.failed_at_first(), sums.failed_at_first() == 0);
  }
}

Finding NoneTwice(const ActFacts& act) {
  const ProcessedFacts& seen = act.processed;
  return Found(
      OutageClaim::kNoneTwice,
      seen.effects > 0 && seen.doubled() == 0 && seen.strange == 0,
      absl::StrCat(seen.effects, " effects of ", seen.distinct, " messages"));
}

Finding OneAgain(const ActFacts& act) {
  const std::set<int64_t> leaders = AtTheEnd(act.members);
  const std::set<int64_t> controllers = AtTheEnd(act.brokers);
  const bool met = leaders.size() == 1 && !leaders.contains(0) &&
                   controllers.size() == 1 && !controllers.contains(0);
  return Found(OutageClaim::kOneAgain, met,
               absl::StrCat("leader: ", Ids(leaders),
                            "; controller: ", Ids(controllers)));
}

Finding OneController(const ActFacts& act) {
  std::set<int64_t> named = EverIn(act.brokers, "obeys");
  named.merge(EverIn(act.brokers, "controls"));
  int64_t different = 0;
  for (const MetadataSample& sample : act.metadata) {
    if (sample.different > 1) ++different;
  }
  const bool asked = std::any_of(
      act.metadata.begin(), act.metadata.end(),
      [&](const MetadataSample& sample) { return AllAnswered(sample, act); });
  return Found(
      OutageClaim::kOneController, asked && different == 0 && named.size() == 1,
      absl::StrCat("broker ", Ids(named), "; different answers: ", different,
                   " of ", act.metadata.size(), " times"));
}

Finding QueueDrained(const ActFacts& act) {
  const QueueFacts& queue = act.queue;
  return Found(
      OutageClaim::kQueueDrained,
      queue.taken > 0 && queue.replayed == queue.taken && queue.left == 0,
      absl::StrCat(queue.replayed, " of ", queue.taken, " replayed, ",
                   queue.left, " left"));
}

Finding ExactlyOnce(const ActFacts& act) {
  const ProcessedFacts& end = act.in_the_end;
  const bool met = end.expected > 0 && end.effects == end.expected &&
                   end.distinct == end.expected && end.strange == 0 &&
                   !end.digest.empty() && end.digest == end.expected_digest;
  return Found(
      OutageClaim::kExactlyOnce, met,
      absl::StrCat(end.effects, " effects of ", end.distinct, " messages, ",
                   end.expected, " expected; ", end.missing(), " missing, ",
                   end.doubled(), " doubled; SHA-256 ",
                   end.digest.substr(0, 12), "... against ",
                   end.expected_digest.substr(0, 12), "..."));
}

// The longest time between two acknowledgements, the ends of the act included.
Finding WritesGoOn(const ActFacts& act) {
  std::vector<int64_t> times;
  for (const WriteFact& write : act.writes) {
    if (write.outcome == Outcome::kAtOnce ||
        write.outcome == Outcome::kByRetry) {
      times.push_back(write.done_ms);
    }
  }
  std::sort(times.begin(), times.end());
  int64_t longest = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    longest = std::max(longest, times[i] - times[i - 1]);
  }
  return Found(OutageClaim::kWritesGoOn,
               times.size() > 1 && longest < kLongestPauseMs,
               absl::StrCat(times.size(), " acknowledged, never ",
                            Seconds(longest), " without one"));
}

struct Words {
  OutageClaim claim;
  const char* name;
  const char* sentence;
};
constexpr Words kWords[] = {
    {OutageClaim::kTwoControllers, "two-controllers",
     "two brokers were controller, each in its own view"},
    {OutageClaim::kConflictingMetadata, "conflicting-metadata",
     "clients that asked two brokers got metadata of two controllers"},
    {OutageClaim::kWritesFailed, "writes-failed", "writes failed at first"},
    {OutageClaim::kSavedByRetry, "saved-by-retry",
     "some of them were saved by a retry"},
    {OutageClaim::kDeadLettered, "dead-lettered",
     "others came to rest in the dead letter queue"},
    {OutageClaim::kNoneFailed, "none-failed",
     "no write was lost: each was acknowledged, or is in the queue"},
    {OutageClaim::kNoneTwice, "none-twice",
     "no message has had a second effect"},
    {OutageClaim::kOneAgain, "one-again",
     "everybody believes in one leader and one controller again"},
    {OutageClaim::kQueueDrained, "queue-drained",
     "all that was in the dead letter queue was replayed and acknowledged"},
    {OutageClaim::kExactlyOnce, "exactly-once",
     "in the end every line was processed exactly once"},
    {OutageClaim::kOneController, "one-controller",
     "all brokers believed in one controller, all the time"},
    {OutageClaim::kNoWriteFailed, "no-write-failed",
     "no write failed, not even at first"},
    {OutageClaim::kNeverDeadLettered, "never-dead-lettered",
     "no write was lost or dead-lettered"},
    {OutageClaim::kWritesGoOn, "writes-go-on", "writes were taken throughout"},
};

const Words& WordsOf(OutageClaim claim) {
  return *std::find_if(
      std::begin(kWords), std::end(kWords),
      [&](const Words& words) { return words.claim == claim; });
}

}  // namespace

const char* NameOf(OutageClaim claim) { return WordsOf(claim).name; }

std::string SentenceOf(OutageClaim claim) { return WordsOf(claim).sentence; }

Finding Judge(OutageClaim claim, const ActFacts& act) {
  switch (claim) {
    case OutageClaim::kTwoControllers:
      return TwoControllers(act);
    case OutageClaim::kConflictingMetadata:
      return ConflictingMetadata(act);
    case OutageClaim::kNoneTwice:
      return NoneTwice(act);
    case OutageClaim::kOneAgain:
      return OneAgain(act);
    case OutageClaim::kQueueDrained:
      return QueueDrained(act);
    case OutageClaim::kExactlyOnce:
      return ExactlyOnce(act);
    case OutageClaim::kOneController:
      return OneController(act);
    case OutageClaim::kWritesGoOn:
      return WritesGoOn(act);
    case OutageClaim::kWritesFailed:
    case OutageClaim::kSavedByRetry:
    case OutageClaim::kDeadLettered:
    case OutageClaim::kNoneFailed:
    case OutageClaim::kNoWriteFailed:
    case OutageClaim::kNeverDeadLettered:
      return OfWrites(claim, act);
  }
  return Found(claim, false, "");
}

Finding Judge(Claim claim, const ActFacts& act) {
  const Verdict verdict = Judge(claim, act.record);
  return {NameOf(claim), SentenceOf(claim), verdict.met, verdict.seen};
}

}  // namespace quorate::tools
