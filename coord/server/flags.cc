#include "coord/server/flags.h"

#include <algorithm>
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
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/options.h"
#include "coord/consensus/static_membership.h"
#include "coord/replica/options.h"
#include "coord/server/founders.h"
#include "coord/server/host_port.h"
#include "coord/server/logger.h"
#include "coord/server/settings.h"

namespace quorate::server {

const char kVersion[] = "0.1.0";

namespace {

constexpr const char* kAbout =
    R"(coordd: one member of a Quorate ensemble.

It keeps its data in one directory and serves clients, operators and peers on
one port. An ensemble is founded once, by members that are all given the same
--founders; others --join it, and are admitted by its leader.)";

constexpr const char* kFooter =
    R"(Examples:
  A single member:
    coordd --dir /var/lib/coordd --id 1 --listen 127.0.0.1:7400 \
      --founders 1=127.0.0.1:7400
  The first of three:
    coordd --dir /var/lib/coordd --id 1 --listen 0.0.0.0:7400 \
      --advertise a.example:7400 --metrics 127.0.0.1:7401 \
      --founders 1=a.example:7400,2=b.example:7400,3=c.example:7400
  A fourth, which asks to be admitted:
    coordd --dir /var/lib/coordd --id 4 --listen 0.0.0.0:7400 \
      --advertise d.example:7400 --join a.example:7400,b.example:7400
  Any of them again, after a restart:
    coordd --dir /var/lib/coordd --listen 0.0.0.0:7400 \
      --advertise d.example:7400

Exit codes:
  0  stopped by SIGTERM or SIGINT
  2  the flags, or the file of flags, are wrong
  3  the data directory cannot be used: damaged, locked, another member's, ...
  4  an address cannot be listened on
  5  a rule or a failure of the storage has stopped the member for good
The last line on stderr says why.)";

// What CLI11 fills in; text that needs more than its own checks.
struct Raw {
  Settings settings;
  std::string advertise;
  std::string founders;
  std::string join;
  std::string static_members;
  std::string metrics;
  std::string log_level = "info";
  std::string log_format = "text";
  std::vector<std::string> limits;
};

// Room for the largest request, several times.
constexpr int64_t kMinSegmentBytes = 4 << 20;
constexpr int64_t kMaxMs = 24 * 60 * 60 * 1000;

// A number in decimal digits. CLI11 by itself takes one that is too large for
// the largest.
template <typename Number>
void AddNumber(CLI::App& app, const char* name, Number& number, uint64_t low,
               uint64_t high, const char* what) {
  const auto check = [low, high](const std::string& text) -> std::string {
    uint64_t value = 0;
    if (text.find_first_not_of("0123456789") == std::string::npos &&
        absl::SimpleAtoi(text, &value) && value >= low && value <= high) {
      return "";
    }
    return absl::StrCat("expected a number from ", low, " to ", high,
                        "; found ", text);
  };
  app.add_option(name, number, what)
      ->check(CLI::Validator(check, ""))
      ->option_text(number == 0 ? "N" : absl::StrCat("N [", number, "]"));
}

void AddMemberFlags(CLI::App& app, Raw& raw) {
  app.set_version_flag("--version", absl::StrCat("coordd ", kVersion));
  app.set_config("--config", "",
                 "Read flags from FILE as well: name = \"value\", a line each, "
                 "names without --. The command line wins.")
      ->option_text("FILE");
  app.add_option("--dir", raw.settings.directory,
                 "Data directory; made if it is not there, in a directory that "
                 "is.")
      ->required()
      ->option_text("DIR REQUIRED");
  AddNumber(app, "--id", raw.settings.id.value, 1,
            std::numeric_limits<int64_t>::max(),
            "The member's number, unique for ever. Needed for a directory that "
            "was never used; later the directory knows it.");
  app.add_option("--listen", raw.settings.listen_address,
                 "Where clients, operators and peers are served.")
      ->option_text(
          absl::StrCat("HOST:PORT [", raw.settings.listen_address, "]"));
  app.add_option("--advertise", raw.advertise,
                 "Where others reach this member; as --listen unless given.")
      ->option_text("HOST:PORT");
  CLI::Option* founders =
      app.add_option("--founders", raw.founders,
                     "Found an ensemble: all its founders, this one too; the "
                     "same list at each. Without effect later, but no other "
                     "list is accepted.")
          ->option_text("1=HOST:PORT,2=HOST:PORT,...");
  CLI::Option* join =
      app.add_option("--join", raw.join,
                     "Ask these members for admission. Without effect later.")
          ->option_text("HOST:PORT,...")
          ->excludes(founders);
  app.add_option("--limit", raw.limits,
                 absl::StrCat("With --founders: a limit of the ensemble's "
                              "membership rules; the same at each founder. ",
                              DescribeLimits()))
      ->option_text("NAME=VALUE ...")
      ->allow_extra_args(false)
      ->needs(founders);
  app.add_option("--unsafe-static-membership", raw.static_members,
                 "UNSAFE, for showing an outage only: no membership rules; the "
                 "member believes this list, its own entry in it, as a "
                 "ZooKeeper server does, and a restart with another list "
                 "believes that one. Such members never talk to safe ones, and "
                 "their data is never kept. Needed at every start; ids are 1 "
                 "to 999.")
      ->option_text("1=HOST:PORT,2=HOST:PORT,...")
      ->excludes(founders)
      ->excludes(join);
}

void AddRunningFlags(CLI::App& app, Raw& raw) {
  app.add_option(
         "--metrics", raw.metrics,
         "Serve /metrics, /livez and /readyz over HTTP there; off or 0: "
         "nowhere.")
      ->option_text("HOST:PORT [off]");
  app.add_option("--log-level", raw.log_level, "Least level that is logged.")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->option_text("trace|debug|info|warn|error [info]");
  app.add_option("--log-format", raw.log_format,
                 "key=value, or a JSON object a line; on stderr.")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("text|json [text]");

  replica::Options& replica = raw.settings.replica;
  AddNumber(app, "--heartbeat-ms", replica.core.heartbeat_ms, 5, 60'000,
            "Time between a leader's heartbeats.");
  AddNumber(app, "--election-ms", replica.core.election_ms, 15, 600'000,
            "Least time without a leader before an election; at least three "
            "heartbeats.");
  AddNumber(app, "--disk-stall-ms", replica.core.disk_stall_ms, 10, kMaxMs,
            "A leader whose disk stands still for so long hands over.");
  AddNumber(app, "--min-session-ms", replica.min_session_ms, 10, kMaxMs,
            "Shortest session timeout that is granted.");
  AddNumber(app, "--max-session-ms", replica.max_session_ms, 10, kMaxMs,
            "Longest session timeout that is granted.");
  AddNumber(app, "--snapshot-log-bytes", replica.snapshot_log_bytes, 64 << 10,
            int64_t{1} << 40, "Bytes of log between two snapshots.");
  AddNumber(app, "--retained-log-bytes", replica.core.retained_log_bytes, 0,
            int64_t{1} << 40,
            "Bytes of log that are kept behind a snapshot, for members that "
            "were away for a short while.");
  AddNumber(app, "--segment-bytes", raw.settings.log.segment_bytes,
            kMinSegmentBytes, int64_t{1} << 30,
            "Size of the log's files; a multiple of 512. One is made ahead.");
}

absl::Status Bad(absl::string_view flag, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", why));
}

absl::Status ReadAddresses(Raw& raw) {
  Settings& settings = raw.settings;
  const absl::StatusOr<HostPort> listen =
      ParseHostPort(settings.listen_address);
  if (!listen.ok()) return Bad("--listen", listen.status().message());
  if (raw.advertise.empty() && (listen->IsWildcard() || listen->port == 0)) {
    return Bad("--advertise",
               absl::StrCat("needed, as no peer can reach what --listen says (",
                            settings.listen_address, ")"));
  }
  settings.replica.core.address =
      raw.advertise.empty() ? settings.listen_address : raw.advertise;
  const absl::StatusOr<HostPort> advertise =
      ParseHostPort(settings.replica.core.address);
  if (!advertise.ok()) return Bad("--advertise", advertise.status().message());
  if (advertise->IsWildcard() || advertise->port == 0) {
    return Bad("--advertise",
               absl::StrCat("expected an address that peers can reach; found ",
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

absl::Status ReadManifest(const Raw& raw, consensus::Options& core) {
  consensus::Manifest manifest;
  absl::StatusOr<std::vector<consensus::Manifest::Founder>> founders =
      ParseFounders(raw.founders);
  if (!founders.ok()) return Bad("--founders", founders.status().message());
  manifest.founders = *std::move(founders);
  for (const std::string& limit : raw.limits) {
    if (absl::Status status = SetLimit(limit, manifest.limits); !status.ok()) {
      return Bad("--limit", status.message());
    }
  }
  if (absl::Status status = consensus::ValidateManifest(manifest);
      !status.ok()) {
    return Bad("--founders and --limit", status.message());
  }
  const MemberId id = raw.settings.id;
  const bool listed =
      std::any_of(manifest.founders.begin(), manifest.founders.end(),
                  [&](const consensus::Manifest::Founder& founder) {
                    return (id.IsNone() || founder.id == id) &&
                           founder.address == core.address;
                  });
  if (!listed) {
    return Bad(
        "--founders",
        absl::StrCat("expected this member, ",
                     id.IsNone() ? "" : absl::StrCat(id.value, "="),
                     core.address, ", in the list; found ", raw.founders));
  }
  core.manifest = std::move(manifest);
  return absl::OkStatus();
}

absl::Status ReadStaticMembers(const Raw& raw, consensus::Options& core) {
  constexpr absl::string_view kFlag = "--unsafe-static-membership";
  absl::StatusOr<std::vector<consensus::Manifest::Founder>> members =
      ParseFounders(raw.static_members);
  if (!members.ok()) return Bad(kFlag, members.status().message());
  if (raw.settings.id.IsNone()) return Bad("--id", "needed with the list");
  if (absl::Status status = consensus::ValidateStaticMembers(
          *members, raw.settings.id, core.address);
      !status.ok()) {
    return Bad(kFlag, status.message());
  }
  core.static_members = *std::move(members);
  return absl::OkStatus();
}

absl::Status ReadRest(Raw& raw) {
  Settings& settings = raw.settings;
  replica::Options& replica = settings.replica;
  if (settings.directory.empty()) return Bad("--dir", "expected a name");
  if (replica.core.election_ms < 3 * replica.core.heartbeat_ms) {
    return Bad("--election-ms",
               absl::StrCat("expected at least three times --heartbeat-ms (",
                            3 * replica.core.heartbeat_ms, "); found ",
                            replica.core.election_ms));
  }
  if (replica.min_session_ms > replica.max_session_ms) {
    return Bad("--min-session-ms",
               absl::StrCat("expected at most --max-session-ms (",
                            replica.max_session_ms, "); found ",
                            replica.min_session_ms));
  }
  if (settings.log.segment_bytes % 512 != 0) {
    return Bad("--segment-bytes",
               absl::StrCat("expected a multiple of 512; found ",
                            settings.log.segment_bytes));
  }
  settings.log_level = ParseLogLevel(raw.log_level).value_or(LogLevel::kInfo);
  settings.log_format =
      raw.log_format == "json" ? LogFormat::kJson : LogFormat::kText;
  if (absl::Status status = ReadAddresses(raw); !status.ok()) return status;
  if (!raw.static_members.empty()) {
    return ReadStaticMembers(raw, replica.core);
  }
  if (!raw.founders.empty()) return ReadManifest(raw, replica.core);
  if (raw.join.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<std::string>> seeds = ParseSeeds(raw.join);
  if (!seeds.ok()) return Bad("--join", seeds.status().message());
  replica.core.seeds = *std::move(seeds);
  return absl::OkStatus();
}

ParsedFlags Error(absl::string_view why) {
  // One line, whatever the file of flags has in it.
  const std::string line = absl::StrReplaceAll(why, {{"\n", " "}});
  return {std::nullopt, absl::StrCat(line, "; see coordd --help"), true};
}

}  // namespace

ParsedFlags ParseFlags(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app(kAbout, "coordd");
  app.footer(kFooter);
  app.allow_config_extras(CLI::config_extras_mode::error);
  AddMemberFlags(app, raw);
  AddRunningFlags(app, raw);
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

}  // namespace quorate::server
