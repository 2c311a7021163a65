// Record: what was read from the processes during one run of a schedule.
//
// Observations only: what they mean is judged in claims.h. Plain data.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_RECORD_H_
#define QUORATE_TOOLS_QUORATE_DRILL_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace quorate::tools {

// Members that were there from the beginning; all others are newcomers.
inline constexpr uint64_t kOldMembers = 3;
inline constexpr uint64_t kAllMembers = 7;
inline bool IsNewcomer(uint64_t id) { return id > kOldMembers; }

// When an observation was made.
enum class Phase {
  kBefore,   // the old members alone
  kDuring,   // the mistake has been made
  kAfter,    // what is done to the old members afterwards has been done
  kRegular,  // grown as it should be
};

// What a member says of itself.
struct View {
  uint64_t id = 0;
  bool answers = false;
  // As its own status has it; "" if it does not answer. ZooKeeper's member that
  // does not serve is "looking".
  std::string role = {};
  bool serving = false;
  uint32_t epoch = 0;  // 0: not known

  bool leads() const { return answers && role == "leader"; }
};

// A write that was handed to one member.
struct Attempt {
  uint64_t member = 0;
  std::string path = {};
  bool acked = false;
  std::string error = {};  // why not
  // Other members that were handed a write in the same round, acknowledged it,
  // and were asked for this one afterwards: which of them have it, and which
  // have not.
  std::vector<uint64_t> held_by = {};
  std::vector<uint64_t> missed_by = {};
};

// One look at every member, and writes to several members at the same moment.
struct Round {
  Phase phase = Phase::kBefore;
  std::vector<View> views = {};
  std::vector<Attempt> writes = {};
};

// A refusal, as it was answered or as a member's last words.
struct Refusal {
  uint32_t rule = 0;  // 0: no rule was named
  std::string rule_name = {};
  std::string message = {};
  std::vector<std::pair<std::string, int64_t>> numbers = {};
  std::optional<int64_t> retry_after_ms = {};
};

// A promotion that was asked for out of turn.
struct Ask {
  std::string what = {};     // "promote 4 5 6 7 (dry run)"
  bool all_at_once = false;  // of every newcomer that runs
  bool ready = false;        // each of them was proven, as the leader saw it
  std::optional<Refusal> refusal = {};  // nothing: accepted
};

// An old member that was started with a list of all seven members.
struct Restart {
  uint64_t id = 0;
  bool came_up = false;                 // it runs with that list
  std::optional<Refusal> refusal = {};  // it ended, with this
};

// Whether the tree that a leader serves is the one the old members had.
struct TreeLook {
  Phase phase = Phase::kBefore;
  uint64_t leader = 0;
  bool has_old_data = false;
};

// What became of an acknowledged write.
struct Fate {
  std::string path = {};
  Phase phase = Phase::kBefore;  // when it was acknowledged
  uint64_t acked_by = 0;
  // At the end: the serving members that can read it, and those that cannot.
  std::vector<uint64_t> readable_at = {};
  std::vector<uint64_t> missing_at = {};

  bool lost() const { return readable_at.empty(); }
  bool everywhere() const { return !lost() && missing_at.empty(); }
};

struct Record {
  std::vector<Round> rounds = {};
  std::vector<TreeLook> trees = {};
  std::vector<Ask> asks = {};
  std::vector<Restart> restarts = {};
  std::vector<Fate> fates = {};
  // The voters at the end, where membership can be asked for.
  std::vector<uint64_t> voters = {};
};

// Two members that both lead, each with an acknowledged write of this round
// that the other does not have. (A leader that was replaced a moment ago has
// not split from its successor: the successor has what it acknowledged.)
struct Split {
  uint64_t first = 0;
  uint64_t second = 0;
};
std::optional<Split> SplitOf(const Round& round);

// The members that said in this round that they lead.
std::vector<uint64_t> LeadersOf(const Round& round);

// True if some member acknowledged a write in this round.
bool TookWrites(const Round& round);

const char* NameOf(Phase phase);  // "before"

// A refusal in the last words of a program, "... rule 6 (one truth): why"; with
// rule 0 and all of the words if they name none.
Refusal ParseRefusal(absl::string_view words);
// "refused by rule 14 (seasoned majority): why [voters=7 ...], again in 0.8 s"
std::string Describe(const Refusal& refusal);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_RECORD_H_
