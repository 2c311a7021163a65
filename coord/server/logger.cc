#include "coord/server/logger.h"

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "spdlog/async_logger.h"
#include "spdlog/details/thread_pool.h"
#include "spdlog/logger.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace quorate::server {
namespace {

// Lines that may wait for a slow terminal.
constexpr size_t kWaitingLines = 8192;
// Of one value; what is longer, such as bytes from outside, is cut.
constexpr size_t kMaxValueBytes = 4096;

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern =
    R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// In quotes, with escapes; bytes that are no UTF-8 are replaced.
std::string Quote(absl::string_view text) {
  return nlohmann::json(std::string(text.substr(0, kMaxValueBytes)))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

class Logger::Impl {
 public:
  Impl(LogFormat format, spdlog::sink_ptr sink, bool in_background) {
    if (in_background) {
      threads_ =
          std::make_shared<spdlog::details::thread_pool>(kWaitingLines, 1);
      logger_ = std::make_shared<spdlog::async_logger>(
          "coordd", std::move(sink), threads_,
          spdlog::async_overflow_policy::overrun_oldest);
    } else {
      logger_ = std::make_shared<spdlog::logger>("coordd", std::move(sink));
    }
    logger_->set_level(spdlog::level::trace);  // Logger::IsOn() has decided
    logger_->set_formatter(absl::make_unique<spdlog::pattern_formatter>(
        format == LogFormat::kJson ? kJsonPattern : kTextPattern,
        spdlog::pattern_time_type::utc));
  }

  void Log(LogLevel level, absl::string_view line) {
    logger_->log(ToSpdlog(level),
                 spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  // Destroyed after the logger: writes what waits, then ends its thread.
  std::shared_ptr<spdlog::details::thread_pool> threads_;
  std::shared_ptr<spdlog::logger> logger_;
};

std::optional<LogLevel> ParseLogLevel(absl::string_view name) {
  if (name == "trace") return LogLevel::kTrace;
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warn") return LogLevel::kWarn;
  if (name == "error") return LogLevel::kError;
  return std::nullopt;
}

Logger::Logger(LogLevel level, LogFormat format)
    : level_(level),
      format_(format),
      impl_(absl::make_unique<Impl>(
          format, std::make_shared<spdlog::sinks::stderr_sink_mt>(), true)) {}

Logger::Logger(LogLevel level, LogFormat format, std::ostream& out)
    : level_(level),
      format_(format),
      impl_(absl::make_unique<Impl>(
          format, std::make_shared<spdlog::sinks::ostream_sink_mt>(out, true),
          false)) {}

Logger::~Logger() = default;

void Logger::Log(LogLevel level, absl::string_view message,
                 std::initializer_list<LogField> fields) {
  if (!IsOn(level)) return;
  impl_->Log(level, FormatLine(format_, message, fields));
}

std::string FormatLine(LogFormat format, absl::string_view message,
                       std::initializer_list<LogField> fields) {
  const bool json = format == LogFormat::kJson;
  std::string line = absl::StrCat(json ? "\"msg\":" : "msg=", Quote(message));
  for (const LogField& field : fields) {
    const std::string value =
        field.is_number ? field.value : Quote(field.value);
    if (json) {
      absl::StrAppend(&line, ",\"", field.key, "\":", value);
    } else {
      absl::StrAppend(&line, " ", field.key, "=", value);
    }
  }
  return line;
}

}  // namespace quorate::server
