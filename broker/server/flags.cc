#include "broker/server/flags.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "broker/server/settings.h"
#include "coord/server/host_port.h"
#include "coord/server/logger.h"

namespace quorate::broker {

const char kVersion[] = "0.1.0";

namespace {

using server::HostPort;
using server::ParseHostPort;

constexpr const char* kAbout =
    R"(brokerd: one broker of a Quorate cluster.

It keeps partitions of topics in one directory, and finds the other brokers, and
who is their controller, through an ensemble of coordd. A directory is formatted
once, for one broker of one ensemble; the broker serves no other.)";

constexpr const char* kFooter =
    R"(Examples:
  The first broker of a new cluster, and the next one:
    brokerd --format --bootstrap --dir /var/lib/brokerd --id 1 \
      --endpoints a.example:7400,b.example:7400,c.example:7400
    brokerd --format --dir /var/lib/brokerd --id 2 \
      --endpoints a.example:7400,b.example:7400,c.example:7400
  Either of them, whenever it starts:
    brokerd --dir /var/lib/brokerd --listen 0.0.0.0:7500 \
      --advertise d.example:7500 --metrics 127.0.0.1:7501 \
      --endpoints a.example:7400,b.example:7400,c.example:7400

Signals:
  SIGTERM and SIGINT: hands its partitions over, then stops; another one, a
  second or more after the first: stops at once

Exit codes:
  0  done, or stopped by SIGTERM or SIGINT
  2  the flags are wrong
  3  the data directory cannot be used: not formatted, damaged, locked, ...
  4  an address cannot be listened on
  5  the ensemble, or a failure of the storage, has stopped the broker for good
The last line on stderr says why.)";

struct Raw {
  Settings settings;
  std::string endpoints;
  std::string advertise;
  std::string metrics;
  std::string log_level = "info";
  std::string log_format = "text";
};

constexpr int64_t kMaxMs = 24 * 60 * 60 * 1000;

// A number in decimal digits. CLI11 by itself takes one that is too large for
// the largest.
template <typename Number>
CLI::Option* AddNumber(CLI::App& app, const char* name, Number& number,
                       int64_t low, int64_t high, const char* what,
                       const char* text) {
  const auto check = [low, high](const std::string& given) -> std::string {
    int64_t value = 0;
    if (given.find_first_not_of("0123456789") == std::string::npos &&
        absl::SimpleAtoi(given, &value) && value >= low && value <= high) {
      return "";
    }
    return absl::StrCat("expected a number from ", low, " to ", high,
                        "; found ", given);
  };
  return app.add_option(name, number, what)
      ->check(CLI::Validator(check, ""))
      ->option_text(text);
}

void AddFlags(CLI::App& app, Raw& raw) {
  Settings& settings = raw.settings;
  app.set_version_flag("--version", absl::StrCat("brokerd ", kVersion));
  app.add_option("--dir", settings.directory, "Data directory.")
      ->required()
      ->option_text("DIR REQUIRED");
  app.add_option("--endpoints", raw.endpoints, "Members of the ensemble.")
      ->required()
      ->option_text("HOST:PORT,... REQUIRED");
  AddNumber(app, "--session-timeout-ms", settings.session_timeout_ms, 100,
            kMaxMs,
            "Others take the broker for dead when the ensemble has not heard "
            "from it for so long.",
            "N [10000]");
  app.add_option("--log-level", raw.log_level, "Least level that is logged.")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->option_text("trace|debug|info|warn|error [info]");
  app.add_option("--log-format", raw.log_format,
                 "key=value, or a JSON object a line; on stderr.")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("text|json [text]");

  CLI::Option* format =
      app.add_flag("--format", settings.format,
                   "Make the directory that of a broker of this ensemble, and "
                   "end. Told again, it changes nothing.");
  AddNumber(app, "--id", settings.id, 1, std::numeric_limits<BrokerId>::max(),
            "With --format: the broker's number, its own in the cluster.", "N")
      ->needs(format);
  app.add_flag("--bootstrap", settings.bootstrap,
               "With --format: also make the znodes that a new cluster begins "
               "with, unless they are there.")
      ->needs(format);

  app.add_option("--listen", settings.listen_address,
                 "Where clients and other brokers are served.")
      ->option_text(absl::StrCat("HOST:PORT [", settings.listen_address, "]"))
      ->excludes(format);
  app.add_option("--advertise", raw.advertise,
                 "Where others reach this broker; as --listen unless given.")
      ->option_text("HOST:PORT")
      ->excludes(format);
  app.add_option(
         "--metrics", raw.metrics,
         "Serve /metrics, /livez and /readyz over HTTP there; off or 0: "
         "nowhere.")
      ->option_text("HOST:PORT [off]")
      ->excludes(format);
  AddNumber(app, "--replica-lag-ms", settings.replica_lag_ms, 10, kMaxMs,
            "A follower that has not caught up for so long leaves the in-sync "
            "replicas.",
            "N [10000]")
      ->excludes(format);
  app.add_flag(
         "--unsafe-no-ensemble-pin", settings.is_unsafe,
         "UNSAFE, only to show an outage: serve any ensemble, make znodes "
         "that are missing, and take a missing controller epoch for "
         "zero. Acknowledged data may be lost.")
      ->excludes(format);
}

absl::Status Bad(absl::string_view flag, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", why));
}

absl::Status ReadEndpoints(Raw& raw) {
  const std::vector<std::string> endpoints = absl::StrSplit(raw.endpoints, ',');
  for (const std::string& endpoint : endpoints) {
    const absl::StatusOr<HostPort> parsed = ParseHostPort(endpoint);
    if (!parsed.ok()) return Bad("--endpoints", parsed.status().message());
  }
  raw.settings.endpoints = endpoints;
  return absl::OkStatus();
}

absl::Status ReadAddresses(Raw& raw) {
  Settings& settings = raw.settings;
  const absl::StatusOr<HostPort> listen =
      ParseHostPort(settings.listen_address);
  if (!listen.ok()) return Bad("--listen", listen.status().message());
  if (raw.advertise.empty() && (listen->IsWildcard() || listen->port == 0)) {
    return Bad("--advertise",
               absl::StrCat("needed, as nobody can reach what --listen says (",
                            settings.listen_address, ")"));
  }
  settings.advertised_address =
      raw.advertise.empty() ? settings.listen_address : raw.advertise;
  const absl::StatusOr<HostPort> advertise =
      ParseHostPort(settings.advertised_address);
  if (!advertise.ok()) return Bad("--advertise", advertise.status().message());
  if (advertise->IsWildcard() || advertise->port == 0) {
    return Bad("--advertise",
               absl::StrCat("expected an address that others can reach; found ",
                            raw.advertise));
  }
  if (raw.metrics.empty() || raw.metrics == "0" || raw.metrics == "off") {
    return absl::OkStatus();
  }
  const absl::StatusOr<HostPort> metrics = ParseHostPort(raw.metrics);
  if (!metrics.ok()) return Bad("--metrics", metrics.status().message());
  settings.metrics_address = raw.metrics;
  return absl::OkStatus();
}

absl::Status ReadRest(Raw& raw) {
  Settings& settings = raw.settings;
  if (settings.directory.empty()) return Bad("--dir", "expected a name");
  settings.log_level =
      server::ParseLogLevel(raw.log_level).value_or(server::LogLevel::kInfo);
  settings.log_format = raw.log_format == "json" ? server::LogFormat::kJson
                                                 : server::LogFormat::kText;
  if (absl::Status status = ReadEndpoints(raw); !status.ok()) return status;
  if (settings.format) {
    return settings.id == kNoBroker ? Bad("--id", "needed with --format")
                                    : absl::OkStatus();
  }
  return ReadAddresses(raw);
}

ParsedFlags Error(absl::string_view why) {
  const std::string line = absl::StrReplaceAll(why, {{"\n", " "}});
  return {std::nullopt, absl::StrCat(line, "; see brokerd --help"), true};
}

}  // namespace

ParsedFlags ParseFlags(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app(kAbout, "brokerd");
  app.footer(kFooter);
  AddFlags(app, raw);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return {std::nullopt, app.help(), false};
  } catch (const CLI::CallForVersion& version) {
    return {std::nullopt, absl::StrCat(version.what(), "\n"), false};
  } catch (const CLI::Error& error) {
    return Error(error.what());
  }
  if (absl::Status status = ReadRest(raw); !status.ok()) {
    return Error(std::string(status.message()));
  }
  return {std::move(raw.settings), "", false};
}

}  // namespace quorate::broker
