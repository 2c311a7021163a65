// wal dump, wal verify

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/file_names.h"
#include "coord/storage/file_system.h"
#include "coord/storage/inspect.h"
#include "coord/storage/log_format.h"
#include "coord/storage/posix_file_system.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/saved_file.h"
#include "tools/quorate/verbs/verbs.h"
#include "tools/quorate/verbs/wal_text.h"

namespace quorate::tools {
namespace {

// Local: it is not a member's data directory.
absl::StatusOr<std::vector<std::string>> ListMember(
    storage::FileSystem& files, const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return AsLocal(names.status());
  for (const std::string& name : *names) {
    if (name == storage::kStateName || storage::ParseSegmentName(name)) {
      return names;
    }
  }
  return LocalError(
      absl::StrCat(directory,
                   " is not a member's data directory: neither hard state nor "
                   "log in it; in a local cluster it is DIR/member-N/data"));
}

struct DumpOptions {
  std::string directory;
  std::string from;
  std::string to;
};

absl::StatusOr<consensus::Zxid> ParseBound(const std::string& text,
                                           const char* option,
                                           uint64_t otherwise) {
  if (text.empty()) return consensus::Zxid::FromValue(otherwise);
  const std::optional<uint64_t> zxid = ParseZxid(text);
  if (!zxid) {
    return UsageError(absl::StrCat(
        option, ": expected a zxid such as 3:17 (epoch:counter), found \"",
        Printable(text, 100), "\""));
  }
  return consensus::Zxid::FromValue(*zxid);
}

absl::Status RunDump(Context& context, const DumpOptions& options) {
  const absl::StatusOr<consensus::Zxid> from =
      ParseBound(options.from, "--from", 0);
  if (!from.ok()) return from.status();
  const absl::StatusOr<consensus::Zxid> to =
      ParseBound(options.to, "--to", ~uint64_t{0});
  if (!to.ok()) return to.status();
  const std::unique_ptr<storage::FileSystem> files =
      storage::MakePosixFileSystem();
  const absl::StatusOr<std::vector<std::string>> names =
      ListMember(*files, options.directory);
  if (!names.ok()) return names.status();
  const Console& console = context.console();
  absl::Status damage;
  for (const std::string& name : *names) {
    if (!storage::ParseSegmentName(name)) continue;
    const storage::SegmentReport report = storage::ReadSegment(
        *files, storage::JoinPath(options.directory, name),
        [&](uint64_t offset, const storage::LogEntry& entry) {
          if (entry.type == storage::EntryType::kRecord &&
              (entry.record.zxid < *from || entry.record.zxid > *to)) {
            return;
          }
          const std::string text = DescribeEntry(entry);
          if (console.json) {
            console.out << Dump({{"segment", name},
                                 {"offset", offset},
                                 {"zxid", ToString(entry.record.zxid)},
                                 {"text", text}})
                        << "\n";
          } else {
            console.out << name << ":" << offset << "  " << text << "\n";
          }
        });
    damage.Update(report.status);
  }
  console.out << std::flush;
  return AsLocal(damage);
}

void PrintReport(const Console& console,
                 const storage::DirectoryReport& report) {
  const auto state = [](const absl::Status& status) {
    return status.ok() ? std::string("ok") : std::string(status.message());
  };
  if (report.hard_state.ok()) {
    console.out << "hard state  ok, ensemble "
                << ToString(report.hard_state->state.ensemble) << ", member "
                << ToString(report.hard_state->member) << "\n";
  } else {
    console.out << "hard state  " << report.hard_state.status().message()
                << "\n";
  }
  console.out << "log         " << state(report.log.status);
  if (report.log.status.ok()) {
    console.out << ", " << report.log.records << " records behind "
                << ToString(report.log.base) << ", last "
                << ToString(report.log.last);
  }
  console.out << "\n\n";
  Table table({"FILE", "SYNCS", "RECORDS", "BYTES", "TORN", "STATE"});
  for (const storage::SegmentReport& segment : report.log.segments) {
    table.Add({segment.path, absl::StrCat(segment.frames),
               absl::StrCat(segment.records), FormatBytes(segment.end_bytes),
               segment.torn_bytes == 0 ? "" : FormatBytes(segment.torn_bytes),
               state(segment.status)});
    if (!segment.status.ok()) table.PaintLast(Colour::kRed);
  }
  for (const storage::SnapshotReport& snapshot : report.snapshots) {
    table.Add({snapshot.path, "", "", FormatBytes(snapshot.info.size_bytes), "",
               state(snapshot.status)});
    if (!snapshot.status.ok()) table.PaintLast(Colour::kRed);
  }
  for (const std::string& name : report.other_files) {
    const bool spare = name == storage::kSpareName;
    table.Add({name, "", "", "", "",
               spare ? "prepared for the log" : "under way, or unknown"});
  }
  table.Print(console);
  console.out << std::flush;
}

Json ReportJson(const storage::DirectoryReport& report) {
  Json json = {{"ok", report.ok()},
               {"hard_state", report.hard_state.ok()},
               {"log", report.log.status.ok()},
               {"last_zxid", ToString(report.log.last)},
               {"records", report.log.records},
               {"segments", Json::array()},
               {"snapshots", Json::array()}};
  for (const storage::SegmentReport& segment : report.log.segments) {
    json["segments"].push_back(
        {{"file", segment.path},
         {"records", segment.records},
         {"bytes", segment.end_bytes},
         {"torn_bytes", segment.torn_bytes},
         {"ok", segment.status.ok()},
         {"error", std::string(segment.status.message())}});
  }
  for (const storage::SnapshotReport& snapshot : report.snapshots) {
    json["snapshots"].push_back(
        {{"file", snapshot.path},
         {"zxid", ToString(snapshot.info.zxid)},
         {"ok", snapshot.status.ok()},
         {"error", std::string(snapshot.status.message())}});
  }
  return json;
}

absl::Status RunVerify(Context& context, const std::string& directory) {
  const std::unique_ptr<storage::FileSystem> files =
      storage::MakePosixFileSystem();
  const absl::Status member = ListMember(*files, directory).status();
  if (!member.ok()) return member;
  const absl::StatusOr<storage::DirectoryReport> report = [&] {
    const Progress progress(context.console(),
                            absl::StrCat("reading ", directory));
    return storage::VerifyDirectory(*files, directory);
  }();
  if (!report.ok()) return AsLocal(report.status());
  if (context.console().json) {
    context.console().out << Dump(ReportJson(*report)) << std::endl;
  } else {
    PrintReport(context.console(), *report);
  }
  if (report->ok()) return absl::OkStatus();
  return LocalError(
      absl::StrCat(directory,
                   " is damaged: see above. Let the member be replaced by an "
                   "empty one that joins: the others have the data"));
}

}  // namespace

void AddWalVerbs(CommandLine& line, Context& context) {
  Verb group =
      line.AddVerb("wal", "look into the data directory of a stopped member");
  auto dump = std::make_shared<DumpOptions>();
  group.AddVerb("dump", "print the records of the log, decoded")
      .Positional("DATA_DIR", &dump->directory, "the member's data directory")
      .Option("--from", &dump->from, "ZXID", "only records from here on")
      .Option("--to", &dump->to, "ZXID", "only records up to here")
      .Example("quorate wal dump demo/member-1/data --from 2:0")
      .Does([dump, &context] { return RunDump(context, *dump); });
  auto directory = std::make_shared<std::string>();
  group.AddVerb("verify", "read and check every byte; changes nothing")
      .Positional("DATA_DIR", directory.get(), "the member's data directory")
      .Example("quorate wal verify demo/member-1/data")
      .Does([directory, &context] { return RunVerify(context, *directory); });
}

}  // namespace quorate::tools
