// Facts: what was seen of an outage that was played on real processes.
//
// Observations only: claims.h judges them, html_report.h and facts_json.h show
// them. Times are milliseconds since the run began, by the monotonic clock.
// Plain data.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_FACTS_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_FACTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/timeline.h"

namespace quorate::tools {

// --- Who believes in whom ----------------------------------------------------

// What a member says of its ensemble, or a broker of its controller.
struct Belief {
  // Of members: "leads", "follows", else the role; of brokers: "controls",
  // "obeys", "waits" (for a first image). Of both: "silent", "down".
  std::string state = "down";
  int64_t whom = 0;   // the leader's or controller's id; 0: nobody
  int64_t epoch = 0;  // of that; 0: not known

  bool operator==(const Belief&) const = default;
};

struct Span {
  int64_t begin_ms = 0;
  int64_t end_ms = 0;
  Belief belief = {};
};

// One process over time, without gaps.
struct Lane {
  std::string name = {};  // "member 4"
  std::vector<Span> spans = {};
};

// --- Writes ------------------------------------------------------------------

enum class Outcome {
  kAtOnce,        // acknowledged, nothing had failed before
  kByRetry,       // acknowledged after something had failed
  kDeadLettered,  // not acknowledged, durable in the dead letter queue
  kFailed,        // neither: the message is lost if nobody keeps it
};
const char* NameOf(Outcome outcome);  // "acknowledged at once"

struct WriteFact {
  int64_t sent_ms = 0;
  int64_t done_ms = 0;
  int attempts = 0;
  Outcome outcome = Outcome::kFailed;
  std::string cause = {};  // kind of the last error; empty: there was none
};

struct WriteSums {
  int64_t at_once = 0;
  int64_t by_retry = 0;
  int64_t dead_lettered = 0;
  int64_t failed = 0;

  int64_t sent() const { return at_once + failed_at_first(); }
  int64_t failed_at_first() const { return by_retry + dead_lettered + failed; }
  // 0 to 1; 0 if nothing was sent.
  double failed_at_first_share() const;
  int64_t Of(Outcome outcome) const;
};
WriteSums SumUp(const std::vector<WriteFact>& writes);

// Those that were sent in [begin_ms, begin_ms + width).
struct WriteBucket {
  int64_t begin_ms = 0;
  WriteSums sums = {};
};
// Buckets from `begin_ms` to `end_ms`, the empty ones too. Writes outside of
// it are left out. REQUIRES: width_ms > 0.
std::vector<WriteBucket> BucketsOf(const std::vector<WriteFact>& writes,
                                   int64_t begin_ms, int64_t end_ms,
                                   int64_t width_ms);

// How many of them failed with each kind of error, at last.
std::map<std::string, int64_t> CausesOf(const std::vector<WriteFact>& writes);

// --- Messages, from end to end -----------------------------------------------

// What the consumer's own database says of the messages of one act.
struct ProcessedFacts {
  int64_t expected = 0;  // messages: lines of the input, times passes
  int64_t effects = 0;   // rows that processing has left
  int64_t distinct = 0;  // different messages among them
  int64_t strange = 0;   // rows that no message can have left
  int64_t passes = 0;
  // SHA-256 of the lines that were processed, in their order, and of the input.
  // Passes that differ from one another leave `digest` empty.
  std::string digest = {};
  std::string expected_digest = {};

  int64_t missing() const { return expected - distinct; }
  int64_t doubled() const { return effects - distinct; }
};

struct QueueFacts {
  int64_t taken = 0;     // messages of this act that came to rest in it
  int64_t replayed = 0;  // and were acknowledged when they were sent again
  int64_t left = 0;
};

// What every broker said, asked at the same moment.
struct MetadataSample {
  int64_t at_ms = 0;
  int answers = 0;
  int different = 0;  // controllers that were named
  int topic_known = 0;
};

// --- Acts --------------------------------------------------------------------

// A moment that the charts show.
struct Mark {
  int64_t at_ms = 0;
  std::string text = {};
};

// A claim, and whether it was seen.
struct Finding {
  std::string name = {};
  std::string sentence = {};
  bool met = false;
  std::string seen = {};  // the figures that decided
};

struct ActFacts {
  int number = 0;
  std::string title = {};
  std::string story = {};
  int64_t begin_ms = 0;
  int64_t end_ms = 0;
  std::vector<Lane> members = {};
  std::vector<Lane> brokers = {};
  std::vector<Mark> marks = {};
  std::vector<TimelineEntry> events = {};
  std::vector<WriteFact> writes = {};
  std::vector<MetadataSample> metadata = {};
  Record record = {};  // of the ensemble
  QueueFacts queue = {};
  ProcessedFacts processed = {};   // at the end of the act
  ProcessedFacts in_the_end = {};  // when the queue had been drained
  std::vector<Finding> findings = {};
};

struct OutageFacts {
  uint64_t seed = 0;
  std::string input_path = {};
  int64_t input_lines = 0;
  int64_t input_bytes = 0;
  std::string input_digest = {};  // SHA-256 of it, in hexadecimal
  std::string when = {};          // "2020-10-09T14:50:03.120Z"
  int64_t duration_ms = 0;
  std::string stopped = {};  // why it could not be played to its end
  std::vector<ActFacts> acts = {};
};

// All that was claimed was seen, and it was played to its end.
bool AllSeen(const OutageFacts& facts);

// --- Refusals ----------------------------------------------------------------

// Refusals by one rule of membership, all acts together.
struct RuleRefusals {
  uint32_t rule = 0;
  std::string name = {};
  int64_t count = 0;
  std::vector<std::string> asked = {};  // what was asked for, each once
  std::string message = {};             // of the last one
  std::vector<std::pair<std::string, int64_t>> numbers = {};  // likewise
  int64_t with_retry = 0;        // of `count`: those that named a time
  int64_t longest_retry_ms = 0;  // the latest of these
};
// By rule.
std::vector<RuleRefusals> RefusalsOf(const OutageFacts& facts);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_FACTS_H_
