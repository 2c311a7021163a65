// LoadOp: what the load generator can do, by name.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_LOAD_OP_H_
#define QUORATE_TOOLS_QUORATE_BENCH_LOAD_OP_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace quorate::tools {

enum class LoadOp {
  kSet,
  kCreate,           // of new znodes
  kGetLocal,         // of what one member has
  kGetLinearizable,  // also called "get"
  kExists,           // linearizable
  kMulti,            // some sets in one txn
  kMixed,            // 1 set to 9 linearizable gets
  kWatchFanout,      // every session watches one znode, which changes
  kSessionChurn,     // sessions are opened and closed
  kIdle,             // sessions that only stay alive
};

// In the order of the help.
std::vector<std::string> LoadOpNames();
std::optional<LoadOp> ParseLoadOp(absl::string_view name);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_LOAD_OP_H_
