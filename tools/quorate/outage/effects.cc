#include "tools/quorate/outage/effects.h"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/input.h"
#include "tools/quorate/outage/message_key.h"

namespace quorate::tools {
namespace {

constexpr int kBusyMs = 5'000;
// Of what is no message of any act.
constexpr int kStrange = 0;

absl::Status DatabaseError(sqlite3* database, const char* what) {
  return LocalError(absl::StrCat("the consumer's database: ", what, ": ",
                                 sqlite3_errmsg(database)));
}

// A database that is there, to be read.
absl::Status WithDatabase(const std::string& path,
                          const std::function<absl::Status(sqlite3*)>& work) {
  sqlite3* database = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
  const absl::Cleanup close = [&] { sqlite3_close(database); };
  if (opened != SQLITE_OK) return DatabaseError(database, path.c_str());
  sqlite3_busy_timeout(database, kBusyMs);
  return work(database);
}

// Calls `row` with the statement at each row of the answer.
absl::Status Query(sqlite3* database, const char* sql, int act,
                   const std::function<void(sqlite3_stmt*)>& row) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) != SQLITE_OK) {
    return DatabaseError(database, sql);
  }
  const absl::Cleanup finalize = [&] { sqlite3_finalize(statement); };
  sqlite3_bind_int(statement, 1, act);
  int step = sqlite3_step(statement);
  for (; step == SQLITE_ROW; step = sqlite3_step(statement)) row(statement);
  return step == SQLITE_DONE ? absl::OkStatus() : DatabaseError(database, sql);
}

std::string TextOf(sqlite3_stmt* statement, int column) {
  const void* bytes = sqlite3_column_blob(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes),
                                        static_cast<size_t>(size));
}

}  // namespace

absl::Status AddEffect(sqlite3* database, const std::string& key,
                       const std::string& line) {
  int act = kStrange;
  int64_t number = 0;
  if (!ParseKey(key, act, number)) act = kStrange;
  constexpr char kSql[] =
      "INSERT INTO effects (act, number, line) VALUES (?, ?, ?)";
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, kSql, -1, &statement, nullptr) !=
      SQLITE_OK) {
    return DatabaseError(database, kSql);
  }
  const absl::Cleanup finalize = [&] { sqlite3_finalize(statement); };
  sqlite3_bind_int(statement, 1, act);
  sqlite3_bind_int64(statement, 2, number);
  // A null pointer would be NULL, not an empty line.
  sqlite3_bind_blob64(statement, 3, line.empty() ? "" : line.data(),
                      line.size(), SQLITE_TRANSIENT);
  return sqlite3_step(statement) == SQLITE_DONE ? absl::OkStatus()
                                                : DatabaseError(database, kSql);
}

int64_t CountEffects(const std::string& path, int act) {
  int64_t count = 0;
  WithDatabase(path, [&](sqlite3* database) {
    return Query(
        database, "SELECT COUNT(DISTINCT number) FROM effects WHERE act = ?",
        act, [&](sqlite3_stmt* row) { count = sqlite3_column_int64(row, 0); });
  }).IgnoreError();
  return count;
}

absl::StatusOr<ProcessedFacts> ReadEffects(const std::string& path,
                                           const Input& input, int act,
                                           int64_t expected) {
  ProcessedFacts facts{.expected = expected};
  const int64_t lines = static_cast<int64_t>(input.lines.size());
  facts.passes = (expected + lines - 1) / lines;
  // What was processed, in the order of its numbers; and what ought to have
  // been.
  std::vector<std::string> processed;
  int64_t last = -1;
  absl::Status status = WithDatabase(path, [&](sqlite3* database) {
    const absl::Status strange =
        Query(database, "SELECT COUNT(*) FROM effects WHERE act = 0 AND ? > 0",
              act, [&](sqlite3_stmt* row) {
                facts.strange = sqlite3_column_int64(row, 0);
              });
    if (!strange.ok()) return strange;
    return Query(database,
                 "SELECT number, line FROM effects WHERE act = ? "
                 "ORDER BY number",
                 act, [&](sqlite3_stmt* row) {
                   const int64_t number = sqlite3_column_int64(row, 0);
                   if (number >= expected) {
                     ++facts.strange;
                     return;
                   }
                   ++facts.effects;
                   if (number != last) ++facts.distinct;
                   last = number;
                   processed.push_back(TextOf(row, 1));
                 });
  });
  if (!status.ok()) return status;
  std::vector<std::string> wanted;
  for (int64_t number = 0; number < expected; ++number) {
    wanted.push_back(input.lines[static_cast<size_t>(number % lines)]);
  }
  facts.digest = DigestOf(processed, input.ends_with_newline);
  facts.expected_digest = DigestOf(wanted, input.ends_with_newline);
  return facts;
}

}  // namespace quorate::tools
