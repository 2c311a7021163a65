// Sqlite: one connection to an SQLite database: durable, shared with other
// processes, and with errors as everywhere else.
//
// Not thread-safe: the owner has a mutex.

#ifndef QUORATE_BROKER_DLQ_SQLITE_H_
#define QUORATE_BROKER_DLQ_SQLITE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace quorate::broker {

// Kinds of errors: "DiskFull"; "Damaged": no such database, or a damaged one;
// "Busy": another process has had it for too long; "LocalFile": anything else.
class Sqlite {
 public:
  // One schema: what makes it, and its number, which the file remembers.
  struct Schema {
    int32_t application_id = 0;  // of the kind of file
    int32_t version = 0;         // above 0
    const char* create = "";     // statements
    const char* what = "";       // "a spool of dead letters"
  };

  class Statement {
   public:
    Statement(Statement&& other) noexcept;
    ~Statement();
    // Parameters are counted from 1.
    Statement& Bind(int index, int64_t value);
    Statement& Bind(int index, absl::string_view text);
    Statement& BindBlob(int index, absl::string_view bytes);
    Statement& BindNull(int index);
    // True: there is a row. False: done.
    absl::StatusOr<bool> Step();
    // To the end, without rows.
    absl::Status Run();
    // Columns are counted from 0.
    int64_t Int(int column) const;
    std::string Text(int column) const;
    std::optional<std::string> OptionalText(int column) const;

   private:
    friend class Sqlite;
    Statement(Sqlite* db, sqlite3_stmt* statement)
        : db_(db), statement_(statement) {}

    Sqlite* db_;
    sqlite3_stmt* statement_;
  };

  // Opens or makes it, in WAL mode and synced at every commit. `create` false:
  // one that is not there is an error. FailedPrecondition, kind "WrongSchema":
  // another kind of file, or one of a later version.
  static absl::StatusOr<std::unique_ptr<Sqlite>> Open(const std::string& path,
                                                      const Schema& schema,
                                                      bool create);
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;
  ~Sqlite();

  absl::Status Execute(const std::string& statements);
  absl::StatusOr<Statement> Prepare(absl::string_view statement);
  // Runs `body` in one transaction that may write: all of it is durable when
  // this is OK, and nothing of it otherwise.
  absl::Status Transaction(const std::function<absl::Status()>& body);
  // Rows that the last statement has changed.
  int64_t Changes() const;
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }

 private:
  Sqlite(std::string path, sqlite3* handle);

  absl::Status SetUp(const Schema& schema, bool create);
  absl::Status ErrorOf(int code) const;

  const std::string path_;
  sqlite3* handle_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DLQ_SQLITE_H_
