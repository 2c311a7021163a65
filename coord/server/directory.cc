#include "coord/server/directory.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/base/unsafe_ensemble.h"
#include "coord/consensus/options.h"
#include "coord/replica/recovery.h"
#include "coord/server/logger.h"
#include "coord/server/random_bits.h"
#include "coord/server/settings.h"
#include "coord/storage/file_system.h"
#include "coord/storage/member_storage.h"
#include "coord/storage/storage_error.h"

namespace quorate::server {
namespace {

using storage::MemberStorage;
using storage::OpenedStorage;
using storage::StorageErrorKind;

absl::Status Refuse(absl::string_view what) {
  return absl::FailedPreconditionError(what);
}

// What an interrupted attempt to format leaves; anything else belongs to
// somebody.
bool MayBeOurs(absl::string_view name) {
  return name == "lock" || absl::EndsWith(name, ".tmp") ||
         absl::StartsWith(name, "log-");
}

// It is told where its ensemble comes from.
bool HasOrder(const consensus::Options& core) {
  return core.manifest || !core.seeds.empty() || !core.static_members.empty();
}

absl::Status CheckMayFormat(storage::FileSystem& files,
                            const Settings& settings) {
  if (settings.id.IsNone()) {
    return Refuse(absl::StrCat(settings.directory,
                               ": the directory was never used; say which "
                               "member it is for: --id N"));
  }
  if (!HasOrder(settings.replica.core)) {
    return Refuse(absl::StrCat(
        settings.directory,
        ": the directory was never used; found an ensemble with --founders, or "
        "ask one for admission with --join"));
  }
  absl::StatusOr<std::vector<std::string>> names =
      files.List(settings.directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (MayBeOurs(name)) continue;
    return Refuse(
        absl::StrCat(settings.directory,
                     ": expected an empty directory or a member's; found ",
                     name, "; choose another directory"));
  }
  return absl::OkStatus();
}

absl::Status CheckId(const Settings& settings, MemberId found) {
  if (settings.id.IsNone() || settings.id == found) return absl::OkStatus();
  return Refuse(absl::StrCat(
      settings.directory, ": expected the directory of member ",
      ToString(settings.id), " (--id); found that of member ", ToString(found),
      "; give --dir its own directory, or leave --id out"));
}

// A crash between formatting and the first confirmation leaves a directory
// that has an owner and no ensemble: it, too, needs an order.
absl::Status CheckOrder(const Settings& settings, const OpenedStorage& opened) {
  if (!opened.state.hard_state.ensemble.IsNone() ||
      HasOrder(settings.replica.core)) {
    return absl::OkStatus();
  }
  return Refuse(absl::StrCat(
      settings.directory,
      ": the member belongs to no ensemble yet; found one with --founders, or "
      "ask one for admission with --join"));
}

void LogRecovered(const storage::RecoveredState& state, Logger& logger) {
  const consensus::Zxid last =
      state.log.empty() ? state.log_base : state.log.back().zxid;
  const std::string snapshot =
      state.snapshots.empty() ? "none" : ToString(state.snapshots.back().zxid);
  logger.Log(LogLevel::kInfo, "directory opened",
             {{"member", state.member.id.value},
              {"incarnation", ToString(state.member.incarnation)},
              {"ensemble", state.hard_state.ensemble.IsNone()
                               ? "none"
                               : ToString(state.hard_state.ensemble)},
              {"records", state.log.size()},
              {"last_zxid", ToString(last)},
              {"snapshot", snapshot}});
  if (state.cut_bytes != 0) {
    logger.Log(LogLevel::kWarn, "cut a torn tail, as a crash leaves it",
               {{"bytes", state.cut_bytes}});
  }
  for (const std::string& name : state.removed_files) {
    logger.Log(LogLevel::kInfo, "removed what a crash had left under way",
               {{"file", name}});
  }
}

// How another member takes the place of one whose directory is of no use.
std::string ReplaceCommands(const Settings& settings) {
  const std::string id =
      settings.id.IsNone() ? "ID" : absl::StrCat(settings.id.value);
  return absl::StrCat("; to do: quorate member remove ", id,
                      " --endpoints HOST:PORT,... ; coordd --dir EMPTY_DIR "
                      "--id NEW_ID --listen ",
                      settings.listen_address, " --join HOST:PORT,...");
}

}  // namespace

absl::StatusOr<OpenedStorage> OpenDirectory(storage::FileSystem& files,
                                            const Settings& settings,
                                            Logger& logger) {
  const std::string& directory = settings.directory;
  if (absl::Status s = files.CreateDirectory(directory); !s.ok()) return s;
  absl::StatusOr<OpenedStorage> opened =
      MemberStorage::Open(files, directory, settings.log);
  if (storage::StorageErrorOf(opened.status()).kind ==
      StorageErrorKind::kUnused) {
    if (absl::Status s = CheckMayFormat(files, settings); !s.ok()) return s;
    const bool is_unsafe = !settings.replica.core.static_members.empty();
    const MemberKey member = {settings.id, is_unsafe
                                               ? kUnsafeIncarnation
                                               : Incarnation{RandomBits()}};
    if (absl::Status s =
            replica::FormatMember(files, directory, member, settings.log);
        !s.ok()) {
      return s;
    }
    logger.Log(LogLevel::kInfo, "directory formatted",
               {{"directory", directory}, {"member", ToString(member)}});
    opened = MemberStorage::Open(files, directory, settings.log);
  }
  if (!opened.ok()) return opened.status();
  if (absl::Status s = CheckId(settings, opened->state.member.id); !s.ok()) {
    return s;
  }
  if (absl::Status s = CheckOrder(settings, *opened); !s.ok()) return s;
  LogRecovered(opened->state, logger);
  return opened;
}

std::string Explain(const absl::Status& status, const Settings& settings) {
  const StorageErrorKind kind = storage::StorageErrorOf(status).kind;
  absl::string_view advice;
  if (kind == StorageErrorKind::kIo && absl::IsNotFound(status)) {
    advice = "make its parent directory first, or correct --dir";
  } else if (kind == StorageErrorKind::kIo &&
             absl::IsPermissionDenied(status)) {
    advice = "let the user that runs coordd write there, or correct --dir";
  } else if (kind != StorageErrorKind::kNone) {
    advice = Advice(kind);
  }
  const bool is_lost =
      kind == StorageErrorKind::kCopied || kind == StorageErrorKind::kDamaged;
  return absl::StrCat(status.message(), advice.empty() ? "" : "; ", advice,
                      is_lost ? ReplaceCommands(settings) : "");
}

}  // namespace quorate::server
