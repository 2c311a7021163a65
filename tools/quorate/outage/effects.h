// Effects: what processing leaves in the consumer's database, a row for each
// time that a line was processed. Nothing in the table keeps a line from being
// there twice: that is the processor's doing, and what is counted here.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_EFFECTS_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_EFFECTS_H_

#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/input.h"

namespace quorate::tools {

// Statements that make the table, unless it is there.
inline constexpr char kMakeEffects[] =
    "CREATE TABLE IF NOT EXISTS effects "
    "(act INTEGER NOT NULL, number INTEGER NOT NULL, line BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS by_number ON effects (act, number);";

// Errors are Local. The effect of one message, within whatever transaction is
// open. What is no message of ours is noted as strange.
absl::Status AddEffect(sqlite3* database, const std::string& key,
                       const std::string& line);

// How many different messages of an act have had an effect; 0 if the database
// is not there yet. For progress.
int64_t CountEffects(const std::string& path, int act);

// What the database says of messages 0 to `expected` - 1 of an act.
absl::StatusOr<ProcessedFacts> ReadEffects(const std::string& path,
                                           const Input& input, int act,
                                           int64_t expected);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_EFFECTS_H_
