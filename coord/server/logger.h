// Logger: what happens, one line an event, for people and for programs.
//
//   logger.Log(LogLevel::kInfo, "became leader", {{"epoch", 3}});
//
//   2026-11-22T22:02:44.123Z info msg="became leader" epoch=3
//   {"time":"2026-11-22T22:02:44.123Z","level":"info","msg":"became leader",...
//
// Lines are written by a thread of the logger, so that no caller waits for a
// terminal or a pipe; if that thread is far behind, the oldest lines are lost.
// Thread-safe.

#ifndef QUORATE_COORD_SERVER_LOGGER_H_
#define QUORATE_COORD_SERVER_LOGGER_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace quorate::server {

enum class LogLevel : uint8_t { kTrace, kDebug, kInfo, kWarn, kError };
enum class LogFormat : uint8_t { kText, kJson };

// "info"; nothing if there is no level of that name.
std::optional<LogLevel> ParseLogLevel(absl::string_view name);

// One `key=value` of a line. Keys are words of our own: [a-z_]+.
struct LogField {
  template <std::integral Number>
  LogField(absl::string_view the_key, Number number)
      : key(the_key), value(absl::StrCat(number)), is_number(true) {}
  LogField(absl::string_view the_key, bool truth)
      : key(the_key), value(truth ? "true" : "false"), is_number(true) {}
  LogField(absl::string_view the_key, absl::string_view text)
      : key(the_key), value(text) {}
  LogField(absl::string_view the_key, const char* text)
      : key(the_key), value(text) {}
  LogField(absl::string_view the_key, const std::string& text)
      : key(the_key), value(text) {}

  absl::string_view key;
  std::string value;
  bool is_number = false;  // or true or false: needs no quotes
};

class Logger {
 public:
  // Writes to stderr.
  Logger(LogLevel level, LogFormat format);
  // Writes to `out`, which must outlive it, within Log(). For tests.
  Logger(LogLevel level, LogFormat format, std::ostream& out);
  // Writes what waits.
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  bool IsOn(LogLevel level) const { return level >= level_; }
  void Log(LogLevel level, absl::string_view message,
           std::initializer_list<LogField> fields = {});

 private:
  class Impl;

  const LogLevel level_;
  const LogFormat format_;
  std::unique_ptr<Impl> impl_;
};

// The line without time and level, as Logger writes it; for tests.
std::string FormatLine(LogFormat format, absl::string_view message,
                       std::initializer_list<LogField> fields);

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_LOGGER_H_
