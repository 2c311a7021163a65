// snapshot take, save, inspect, restore

#include <cstdint>
#include <filesystem>
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
#include "coord/client/admin.h"
#include "coord/client/types.h"
#include "coord/consensus/durable_state.h"
#include "coord/replica/record_codec.h"
#include "coord/replica/saved_snapshot.h"
#include "coord/storage/file_names.h"
#include "coord/storage/file_system.h"
#include "coord/storage/inspect.h"
#include "coord/storage/posix_file_system.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/interrupt.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/restore_file.h"
#include "tools/quorate/verbs/saved_file.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

// The members to ask: the one that was named, or all.
absl::StatusOr<std::vector<std::string>> EndpointsFor(
    const client::AdminClient& admin, const std::string& named) {
  if (named.empty()) return admin.endpoints();
  const absl::Status valid = CheckEndpoint(named);
  if (!valid.ok()) return valid;
  return std::vector<std::string>{named};
}

absl::Status RunTake(Context& context, const std::string& from) {
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<std::vector<std::string>> endpoints =
      EndpointsFor(**admin, from);
  if (!endpoints.ok()) return endpoints.status();
  const Console& console = context.console();
  Table table({"ENDPOINT", "ZXID", "SIZE", "NOTES"});
  absl::Status first_failure;
  for (const std::string& endpoint : *endpoints) {
    const Progress progress(
        console, absl::StrCat("waiting for the snapshot of ", endpoint));
    const absl::StatusOr<coord::v1::TakeSnapshotResponse> taken =
        (*admin)->TakeSnapshot(endpoint);
    first_failure.Update(taken.status());
    if (console.json) {
      Json json = {{"endpoint", endpoint}, {"taken", taken.ok()}};
      if (taken.ok()) {
        json["zxid"] = FormatZxid(taken->zxid());
        json["size_bytes"] = taken->size_bytes();
      } else {
        json["error"] = std::string(taken.status().message());
      }
      console.out << Dump(json) << "\n";
    } else if (taken.ok()) {
      table.Add({endpoint, FormatZxid(taken->zxid()),
                 FormatBytes(taken->size_bytes()), ""});
    } else {
      table.Add({endpoint, "", "", Printable(taken.status().message(), 200)});
      table.PaintLast(Colour::kRed);
    }
  }
  if (!console.json) table.Print(console);
  console.out << std::flush;
  return first_failure;
}

void PrintInfo(const Console& console, const std::string& path,
               const replica::SavedSnapshotInfo& info) {
  const absl::StatusOr<consensus::SnapshotMeta> meta =
      replica::DecodeSnapshotMeta(info.zxid, info.size_bytes, info.meta);
  std::string configuration =
      absl::StrCat("not readable: ", meta.status().message());
  if (meta.ok() && meta->configuration != nullptr) {
    configuration = meta->configuration->Describe();
  }
  if (console.json) {
    console.out << Dump({{"file", path},
                         {"ensemble_id", ToString(info.ensemble)},
                         {"zxid", ToString(info.zxid)},
                         {"size_bytes", info.size_bytes},
                         {"configuration", configuration},
                         {"verified", true}})
                << std::endl;
    return;
  }
  PrintPairs(console, {{"file", path},
                       {"ensemble", ToString(info.ensemble)},
                       {"zxid", ToString(info.zxid)},
                       {"content", FormatBytes(info.size_bytes)},
                       {"configuration", configuration},
                       {"verified", "every byte was read and is right"}});
  console.out << std::flush;
}

struct SaveOptions {
  std::string file;
  std::string from;
  bool force = false;
};

// Has a fresh snapshot taken and fetches it.
absl::StatusOr<replica::SavedSnapshotInfo> SaveFrom(Context& context,
                                                    client::AdminClient& admin,
                                                    const std::string& endpoint,
                                                    client::Zxid at_least,
                                                    const std::string& file) {
  const std::unique_ptr<storage::FileSystem> files =
      storage::MakePosixFileSystem();
  Progress progress(context.console(),
                    absl::StrCat("waiting for the snapshot of ", endpoint));
  const absl::Status taken =
      TakeFreshSnapshot(admin, endpoint, at_least, context.options().timeout);
  if (!taken.ok()) return taken;
  const Interrupt interrupt;
  return SaveSnapshot(admin, endpoint, *files, file,
                      [&](uint64_t done, uint64_t all) -> absl::Status {
                        progress.Update(absl::StrCat(
                            "fetching the snapshot of ", endpoint, ": ",
                            FormatBytes(done), " of ", FormatBytes(all)));
                        if (!interrupt.HasCome()) return absl::OkStatus();
                        return LocalError("interrupted; nothing was saved");
                      });
}

absl::Status RunSave(Context& context, const SaveOptions& options) {
  if (FileExists(options.file) && !options.force) {
    return LocalError(absl::StrCat(
        options.file, " is there already; name another, or use --force"));
  }
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<std::vector<std::string>> endpoints =
      EndpointsFor(**admin, options.from);
  if (!endpoints.ok()) return endpoints.status();
  const client::Zxid at_least = AcknowledgedZxid(**admin, context.console());
  absl::Status first_failure;
  for (const std::string& endpoint : *endpoints) {
    const absl::StatusOr<replica::SavedSnapshotInfo> info =
        SaveFrom(context, **admin, endpoint, at_least, options.file);
    if (info.ok()) {
      PrintInfo(context.console(), options.file, *info);
      return absl::OkStatus();
    }
    first_failure.Update(info.status());
    // Another member could not help with our own disk.
    if (KindOf(info.status()) == "Local") break;
  }
  return first_failure;
}

absl::Status RunInspect(Context& context, const std::string& path) {
  const std::unique_ptr<storage::FileSystem> files =
      storage::MakePosixFileSystem();
  const std::string name = std::filesystem::path(path).filename();
  const Progress progress(context.console(), absl::StrCat("reading ", path));
  if (storage::ParseSnapshotName(name)) {
    // One of a member's data directory.
    const storage::SnapshotReport report =
        storage::VerifySnapshot(*files, path);
    if (!report.status.ok()) return AsLocal(report.status);
    PrintInfo(context.console(), path,
              {.ensemble = report.owner.ensemble,
               .zxid = report.info.zxid,
               .size_bytes = report.info.size_bytes,
               .meta = report.info.meta});
    return absl::OkStatus();
  }
  const absl::StatusOr<replica::SavedSnapshotInfo> info =
      VerifySavedSnapshot(*files, path);
  if (!info.ok()) return info.status();
  PrintInfo(context.console(), path, *info);
  return absl::OkStatus();
}

struct RestoreOptions {
  std::string file;
  std::string directory;
  int64_t id = 1;
  std::string address;
};

absl::Status RunRestore(Context& context, const RestoreOptions& options) {
  const absl::Status valid = CheckEndpoint(options.address);
  if (!valid.ok()) return valid;
  const absl::StatusOr<Restored> restored =
      RestoreFile(context.console(), {.file = options.file,
                                      .directory = options.directory,
                                      .id = static_cast<uint64_t>(options.id),
                                      .address = options.address});
  if (!restored.ok()) return restored.status();
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"dir", options.directory},
                         {"member_id", options.id},
                         {"address", options.address},
                         {"ensemble_id", ToString(restored->ensemble)},
                         {"parent_ensemble_id", ToString(restored->parent)}})
                << std::endl;
    return absl::OkStatus();
  }
  console.out
      << "restored " << ToString(restored->zxid) << " as ensemble "
      << ToString(restored->ensemble) << ", which names "
      << ToString(restored->parent)
      << " as its parent.\nIts only voter is member " << options.id
      << "; start it with\n  coordd --dir " << options.directory << " --listen "
      << options.address
      << "\nand let others join it, each with an empty directory and an id "
         "of its own:\n  coordd --dir EMPTY_DIR --id "
      << options.id + 1 << " --listen HOST:PORT --join " << options.address
      << "\n  quorate member promote " << options.id + 1
      << " --retry-for 10m --endpoints " << options.address
      << "\nThe sessions of the old ensemble expire; clients that "
         "remember it must be told to\nfollow, those of quorate by rm "
         "PIN_FILE.\n"
      << std::flush;
  return absl::OkStatus();
}

void AddRestore(Verb& group, Context& context) {
  auto options = std::make_shared<RestoreOptions>();
  group
      .AddVerb("restore",
               "make the first member of a new ensemble from a saved snapshot")
      .Positional("FILE", &options->file, "as written by snapshot save")
      .Positional("DATA_DIR", &options->directory,
                  "the member's data directory; empty, or not there yet")
      .Option("--id", Number{&options->id, 1}, "N",
              "the member's id (default 1)")
      .Option("--address", &options->address, "HOST:PORT",
              "where clients and peers will reach it")
      .Example(
          "quorate snapshot restore backup.snap data "
          "--address 127.0.0.1:7001")
      .Does([options, &context] {
        if (options->address.empty()) {
          return UsageError(
              "--address HOST:PORT is needed: where clients and "
              "peers will reach the member");
        }
        return RunRestore(context, *options);
      });
}

}  // namespace

void AddSnapshotVerbs(CommandLine& line, Context& context) {
  Verb group = line.AddVerb("snapshot", "copies of the whole state");
  auto from = std::make_shared<std::string>();
  group.AddVerb("take", "let members write a snapshot to their disks now")
      .Option("--from", from.get(), "HOST:PORT", "this member; else all")
      .Example("quorate snapshot take")
      .Does([from, &context] { return RunTake(context, *from); });
  auto save = std::make_shared<SaveOptions>();
  group
      .AddVerb("save",
               "save the state of the running ensemble to a file, verified")
      .Positional("FILE", &save->file, "the file to be made")
      .Option("--from", &save->from, "HOST:PORT",
              "this member; else the first that can")
      .Flag("--force", &save->force, "replace the file if it is there")
      .Example("quorate snapshot save backup.snap")
      .Does([save, &context] { return RunSave(context, *save); });
  auto file = std::make_shared<std::string>();
  group.AddVerb("inspect", "read a snapshot file, check all of it, describe it")
      .Positional("FILE", file.get(), "saved, or of a member's data directory")
      .Example("quorate snapshot inspect backup.snap")
      .Does([file, &context] { return RunInspect(context, *file); });
  AddRestore(group, context);
}

}  // namespace quorate::tools
