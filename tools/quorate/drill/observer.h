// Observer: looks at members and writes through them, and records what it saw.
//
// Writes of a round are handed to their members at the same moment, from a
// thread each. Every acknowledged write is remembered, with who acknowledged
// it, and accounted for at the end. Not thread-safe.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_OBSERVER_H_
#define QUORATE_TOOLS_QUORATE_DRILL_OBSERVER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"

namespace quorate::tools {

// The znode whose presence tells the old tree from an empty one.
inline constexpr char kOldRoot[] = "/drill";

class Observer {
 public:
  // All must outlive it.
  Observer(Stage& stage, const Patience& patience, Timeline& timeline,
           Record& record)
      : stage_(stage),
        patience_(patience),
        timeline_(timeline),
        record_(record) {}

  // What each member that runs says of itself.
  std::vector<View> LookAtAll();
  // The one that leads and serves; 0: none, or several.
  uint64_t OnlyLeader();
  bool Serves(uint64_t id) { return stage_.Look(id).serving; }
  bool AllServe(const std::vector<uint64_t>& ids);

  // Creates `path` through `id`, again if need be. Timeout, Cancelled.
  absl::Status WriteSurely(uint64_t id, Phase phase, const std::string& path);

  // One round: a look at all; one write through each leader, or if there is no
  // leader through everyone that answers; and, if several were acknowledged, a
  // look whether the others have each of them. Tells the timeline what changed.
  const Round& MakeRound(Phase phase, absl::Duration write_timeout);

  // Records what became of every acknowledged write. Cancelled.
  absl::Status Account();

 private:
  struct Acked {
    std::string path;
    Phase phase;
    uint64_t by;
  };

  void CrossCheck(Round& round);
  void LookAtTrees(const Round& round);
  void Tell(const Round& round);

  Stage& stage_;
  const Patience& patience_;
  Timeline& timeline_;
  Record& record_;
  std::vector<Acked> acked_;
  std::string told_;  // of who leads, last
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_OBSERVER_H_
