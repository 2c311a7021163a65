// Claims: what a drill says will be seen, and whether it was.
//
// Pure functions of a Record. A claim says no unless the record shows it: an
// empty record meets none.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_CLAIMS_H_
#define QUORATE_TOOLS_QUORATE_DRILL_CLAIMS_H_

#include <string>

#include "tools/quorate/drill/record.h"

namespace quorate::tools {

// How many rounds a watch has, and so how often two leaders must have taken
// writes before it counts as a split.
inline constexpr int kWatchRounds = 5;
// Where there are rules, nothing is waited for: it is watched for longer.
inline constexpr int kRulesWatchRounds = 15;

enum class Claim {
  // Lists that differ from member to member.
  kTwoLeaders,      // kWatchRounds rounds of writes taken by two leaders
  kSecondIsEmpty,   // the second leader's tree lacks the old data
  kSecondHasOld,    // the second leader, of the newcomers, has the old data
  kParted,          // acknowledged writes can be read on one side only
  kLost,            // acknowledged writes are gone from every member
  kTruncated,       // what an old member acknowledged is gone at most of them
  kDisagree,        // members that serve under one leader differ in the end
  kEmptyTree,       // a newcomer leads, and serves a tree without the old data
  kEmptyTreeWins,   // so does the only leader in the end
  kOldShutOut,      // no old member serves any more
  kServiceStopped,  // no write was taken, round after round
  kOneLeader,       // never two leaders that took writes
  kNothingLost,     // every acknowledged write can be read
  // Membership rules.
  kNoSecondLeader,     // kOneLeader, and no newcomer ever led
  kNewcomersWait,      // each is joining or a learner, and none votes
  kPromotionsRefused,  // of all newcomers at once: by a rule, with numbers
  kUnknownRefused,     // newcomers that have not joined cannot be promoted
  kRestartsRefused,    // with another list: by rule 6
  kWritesGoOn,         // a write was taken in every round
  kNobodyElseServes,   // while the old members are down, nobody serves
  kServiceResumes,     // and once they are back, a write is taken in each round
  kGrown,              // seven voters in the end, each with everything
};

const char* NameOf(Claim claim);  // "two-leaders"
std::string SentenceOf(
    Claim claim);  // "two leaders took writes at the same ..."

struct Verdict {
  Claim claim = Claim::kTwoLeaders;
  bool met = false;
  std::string seen = {};  // the figures that decided
};
Verdict Judge(Claim claim, const Record& record);

// The rounds in which two leaders took writes.
int SplitRounds(const Record& record);

// Figures over the fates of acknowledged writes.
struct Losses {
  int acked = 0;
  int lost = 0;       // readable nowhere
  int parted = 0;     // readable at some serving members, not at others
  int truncated = 0;  // acknowledged by an old member, missing at most of them
};
Losses LossesOf(const Record& record);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_CLAIMS_H_
