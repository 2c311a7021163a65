#include "broker/dlq/sqlite.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/client/error.h"
#include "sqlite3.h"

namespace quorate::broker {
namespace {

// How long a writer waits for another process.
constexpr int kBusyMs = 10'000;

absl::Status Error(absl::StatusCode code, const char* kind,
                   absl::string_view message) {
  client::ErrorInfo info;
  info.kind = kind;
  return client::MakeError(code, message, info);
}

}  // namespace

// --- Statements --------------------------------------------------------------

Sqlite::Statement::Statement(Statement&& other) noexcept
    : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)) {}

Sqlite::Statement::~Statement() { sqlite3_finalize(statement_); }

Sqlite::Statement& Sqlite::Statement::Bind(int index, int64_t value) {
  QUORATE_CHECK(sqlite3_bind_int64(statement_, index, value) == SQLITE_OK);
  return *this;
}

Sqlite::Statement& Sqlite::Statement::Bind(int index, absl::string_view text) {
  QUORATE_CHECK(sqlite3_bind_text64(statement_, index, text.data(), text.size(),
                                    SQLITE_TRANSIENT,
                                    SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

Sqlite::Statement& Sqlite::Statement::BindBlob(int index,
                                               absl::string_view bytes) {
  // A blob without bytes is not NULL.
  QUORATE_CHECK(
      sqlite3_bind_blob64(statement_, index, bytes.empty() ? "" : bytes.data(),
                          bytes.size(), SQLITE_TRANSIENT) == SQLITE_OK);
  return *this;
}

Sqlite::Statement& Sqlite::Statement::BindNull(int index) {
  QUORATE_CHECK(sqlite3_bind_null(statement_, index) == SQLITE_OK);
  return *this;
}

absl::StatusOr<bool> Sqlite::Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return db_->ErrorOf(code);
}

absl::Status Sqlite::Statement::Run() {
  for (;;) {
    const absl::StatusOr<bool> row = Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
  }
}

int64_t Sqlite::Statement::Int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Sqlite::Statement::Text(int column) const {
  return OptionalText(column).value_or("");
}

std::optional<std::string> Sqlite::Statement::OptionalText(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) {
    return std::nullopt;
  }
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr || size == 0) return std::string();
  return std::string(static_cast<const char*>(bytes),
                     static_cast<size_t>(size));
}

// --- The connection ----------------------------------------------------------

Sqlite::Sqlite(std::string path, sqlite3* handle)
    : path_(std::move(path)), handle_(handle) {}

Sqlite::~Sqlite() { sqlite3_close(handle_); }

absl::Status Sqlite::ErrorOf(int code) const {
  const std::string message =
      absl::StrCat(path_, ": ", sqlite3_errmsg(handle_));
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Error(absl::StatusCode::kResourceExhausted, "DiskFull", message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(
          absl::StatusCode::kUnavailable, "Busy",
          absl::StrCat(message, "; another process has had it for more than ",
                       kBusyMs, " ms"));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error(absl::StatusCode::kDataLoss, "Damaged", message);
    default:
      return Error(absl::StatusCode::kInternal, "LocalFile", message);
  }
}

absl::StatusOr<std::unique_ptr<Sqlite>> Sqlite::Open(const std::string& path,
                                                     const Schema& schema,
                                                     bool create) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                                       SQLITE_OPEN_EXRESCODE |
                                       (create ? SQLITE_OPEN_CREATE : 0),
                                   nullptr);
  QUORATE_CHECK(handle != nullptr);  // else there is no memory for it
  std::unique_ptr<Sqlite> db(new Sqlite(path, handle));
  if (code != SQLITE_OK) {
    return Error(
        absl::StatusCode::kInternal, "LocalFile",
        absl::StrCat("cannot open ", path, ": ", sqlite3_errmsg(handle)));
  }
  sqlite3_busy_timeout(handle, kBusyMs);
  const absl::Status status = db->SetUp(schema, create);
  if (!status.ok()) return status;
  return db;
}

absl::Status Sqlite::SetUp(const Schema& schema, bool create) {
  absl::Status status = Execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
      "PRAGMA foreign_keys = ON;");
  if (!status.ok()) return status;
  const auto number = [this](const char* pragma) -> absl::StatusOr<int64_t> {
    absl::StatusOr<Statement> statement = Prepare(pragma);
    if (!statement.ok()) return statement.status();
    const absl::StatusOr<bool> row = statement->Step();
    if (!row.ok()) return row.status();
    return *row ? statement->Int(0) : 0;
  };
  // Two processes may make it at once; one of them does.
  return Transaction([&]() -> absl::Status {
    const absl::StatusOr<int64_t> id = number("PRAGMA application_id");
    if (!id.ok()) return id.status();
    const absl::StatusOr<int64_t> version = number("PRAGMA user_version");
    if (!version.ok()) return version.status();
    const absl::StatusOr<int64_t> tables =
        number("SELECT COUNT(*) FROM sqlite_schema");
    if (!tables.ok()) return tables.status();
    if (*id == schema.application_id && *version == schema.version) {
      return absl::OkStatus();
    }
    if (*id == 0 && *version == 0 && *tables == 0 && create) {
      return Execute(absl::StrCat(
          schema.create, ";PRAGMA application_id = ", schema.application_id,
          ";PRAGMA user_version = ", schema.version));
    }
    return Error(absl::StatusCode::kFailedPrecondition, "WrongSchema",
                 absl::StrCat(path_, ": expected ", schema.what, " of version ",
                              schema.version, ", found ",
                              *id == schema.application_id
                                  ? absl::StrCat("one of version ", *version)
                                  : "another kind of database"));
  });
}

absl::Status Sqlite::Execute(const std::string& statements) {
  const int code =
      sqlite3_exec(handle_, statements.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorOf(code);
}

absl::StatusOr<Sqlite::Statement> Sqlite::Prepare(absl::string_view statement) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(handle_, statement.data(),
                                      static_cast<int>(statement.size()),
                                      &prepared, nullptr);
  if (code != SQLITE_OK) return ErrorOf(code);
  return Statement(this, prepared);
}

absl::Status Sqlite::Transaction(const std::function<absl::Status()>& body) {
  absl::Status status = Execute("BEGIN IMMEDIATE");
  if (!status.ok()) return status;
  status = body();
  if (status.ok()) status = Execute("COMMIT");
  if (!status.ok()) {
    // Some errors have ended it already; then there is nothing to take back.
    static_cast<void>(
        sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr));
  }
  return status;
}

int64_t Sqlite::Changes() const { return sqlite3_changes64(handle_); }

}  // namespace quorate::broker
