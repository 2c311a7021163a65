#include "broker/server/directory.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "broker/controller/small_file.h"
#include "broker/image/cluster_image.h"
#include "coord/client/session.h"
#include "coord/server/random_bits.h"
#include "coord/storage/file_system.h"
#include "coord/storage/storage_error.h"
#include "nlohmann/json.hpp"

namespace quorate::broker {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kOwnerFile[] = "broker.json";
constexpr char kPinFile[] = "pin";
constexpr char kLockFile[] = "lock";
constexpr absl::string_view kPinBegin = "quorate-pin";
constexpr int kFormat = 1;
constexpr size_t kHexDigits = 32;

// The owner, and where it was written.
struct OwnerFile {
  Owner owner;
  storage::FileIdentity place;
};

std::string FormatOwner(const OwnerFile& file) {
  return Json({{"format", kFormat},
               {"broker", file.owner.id},
               {"ensemble", absl::BytesToHexString(file.owner.ensemble_id)},
               {"directory", file.owner.directory_id},
               {"inode", file.place.inode},
               {"birth_ns", file.place.birth_ns}})
             .dump() +
         "\n";
}

std::optional<OwnerFile> ParseOwner(absl::string_view text) {
  try {
    const Json json = Json::parse(text.begin(), text.end());
    if (json.at("format").get<int>() != kFormat) return std::nullopt;
    OwnerFile file;
    file.owner.id = json.at("broker").get<BrokerId>();
    file.owner.ensemble_id =
        absl::HexStringToBytes(json.at("ensemble").get<std::string>());
    file.owner.directory_id = json.at("directory").get<std::string>();
    file.place.inode = json.at("inode").get<uint64_t>();
    file.place.birth_ns = json.at("birth_ns").get<int64_t>();
    // Only what this program writes.
    if (file.owner.id <= 0 || file.owner.directory_id.size() != kHexDigits ||
        file.owner.ensemble_id.size() != kHexDigits / 2 ||
        FormatOwner(file) != text) {
      return std::nullopt;
    }
    return file;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

absl::StatusOr<std::optional<OwnerFile>> ReadOwner(
    storage::FileSystem& files, const std::string& directory) {
  absl::StatusOr<std::optional<std::string>> text =
      ReadSmallFile(files, directory, kOwnerFile);
  if (!text.ok()) return text.status();
  if (!*text) return std::optional<OwnerFile>();
  std::optional<OwnerFile> file = ParseOwner(**text);
  if (file) return file;
  return absl::DataLossError(absl::StrCat(
      storage::JoinPath(directory, kOwnerFile),
      ": expected what brokerd --format writes; found '",
      absl::CHexEscape(absl::string_view(**text).substr(0, 200)),
      "'; format an empty directory, and let the others fill it again"));
}

std::string Describe(const Owner& owner) {
  return absl::StrCat("broker ", owner.id, " of ensemble ",
                      absl::BytesToHexString(owner.ensemble_id));
}

absl::StatusOr<std::unique_ptr<storage::FileLock>> Lock(
    storage::FileSystem& files, const std::string& directory) {
  absl::StatusOr<std::unique_ptr<storage::FileLock>> lock =
      files.Lock(storage::JoinPath(directory, kLockFile));
  if (storage::StorageErrorOf(lock.status()).kind !=
      storage::StorageErrorKind::kLocked) {
    return lock;
  }
  return absl::UnavailableError(absl::StrCat(
      directory,
      ": another process uses the directory; stop it, or give --dir "
      "its own directory"));
}

// What an interrupted attempt to format leaves; anything else is somebody's.
absl::Status CheckEmpty(storage::FileSystem& files,
                        const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (name == kLockFile || absl::EndsWith(name, ".tmp")) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        directory, ": expected an empty directory or a broker's; found ", name,
        "; choose another directory"));
  }
  return absl::OkStatus();
}

std::string FormatPin(const client::Pin& pin) {
  return absl::StrCat(kPinBegin, " 1 ", absl::BytesToHexString(pin.ensemble_id),
                      " ", pin.highest_zxid, "\n");
}

std::optional<client::Pin> ParsePin(absl::string_view text) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  client::Pin pin;
  if (words.size() != 4 || words[2].size() != kHexDigits ||
      !absl::SimpleAtoi(words[3], &pin.highest_zxid)) {
    return std::nullopt;
  }
  pin.ensemble_id = absl::HexStringToBytes(words[2]);
  if (FormatPin(pin) != text) return std::nullopt;
  return pin;
}

absl::StatusOr<client::Pin> ReadPin(storage::FileSystem& files,
                                    const std::string& directory,
                                    const Owner& owner) {
  const absl::StatusOr<std::optional<std::string>> text =
      ReadSmallFile(files, directory, kPinFile);
  if (!text.ok()) return text.status();
  if (!*text) return client::Pin{owner.ensemble_id, 0};
  const std::optional<client::Pin> pin = ParsePin(**text);
  if (pin && pin->ensemble_id == owner.ensemble_id) return *pin;
  return absl::DataLossError(absl::StrCat(
      storage::JoinPath(directory, kPinFile), ": expected '",
      FormatPin({owner.ensemble_id, 0}), "' or higher; found '",
      absl::CHexEscape(absl::string_view(**text).substr(0, 200)), "'"));
}

}  // namespace

absl::Status FormatDirectory(storage::FileSystem& files,
                             const std::string& directory, BrokerId id,
                             const std::string& ensemble_id) {
  if (absl::Status s = files.CreateDirectory(directory); !s.ok()) return s;
  const absl::StatusOr<std::unique_ptr<storage::FileLock>> lock =
      Lock(files, directory);
  if (!lock.ok()) return lock.status();
  const absl::StatusOr<std::optional<OwnerFile>> found =
      ReadOwner(files, directory);
  if (!found.ok()) return found.status();
  OwnerFile file;
  file.owner.id = id;
  file.owner.ensemble_id = ensemble_id;
  if (*found) {
    const Owner& owner = (*found)->owner;
    if (owner.id == id && owner.ensemble_id == ensemble_id) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": expected an empty directory, or that of ",
                     Describe(file.owner), "; found that of ", Describe(owner),
                     "; choose another directory"));
  }
  if (absl::Status s = CheckEmpty(files, directory); !s.ok()) return s;
  const absl::StatusOr<storage::FileIdentity> place =
      files.DirectoryIdentity(directory);
  if (!place.ok()) return place.status();
  file.place = *place;
  file.owner.directory_id =
      absl::StrFormat("%016x%016x", server::RandomBits(), server::RandomBits());
  return WriteSmallFile(files, directory, kOwnerFile, FormatOwner(file));
}

absl::StatusOr<std::unique_ptr<Directory>> Directory::Open(
    storage::FileSystem& files, const std::string& path) {
  const auto unformatted = [&path] {
    return absl::NotFoundError(absl::StrCat(
        path,
        ": expected the directory of a broker; it was never formatted; "
        "to do: brokerd --format --dir ",
        path, " --id N --endpoints HOST:PORT,..."));
  };
  auto directory = absl::WrapUnique(new Directory(files, path));
  // So that a directory that is none is not made one by the lock.
  absl::StatusOr<std::optional<OwnerFile>> found = ReadOwner(files, path);
  if (!found.ok()) return found.status();
  if (!*found) return unformatted();
  absl::StatusOr<std::unique_ptr<storage::FileLock>> lock = Lock(files, path);
  if (!lock.ok()) return lock.status();
  directory->lock_ = *std::move(lock);
  directory->owner_ = (*found)->owner;

  const absl::StatusOr<storage::FileIdentity> place =
      files.DirectoryIdentity(path);
  if (!place.ok()) return place.status();
  if (*place != (*found)->place) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": the directory is a copy of that of ",
        Describe(directory->owner_),
        ", and two that take themselves for one broker lose data; format an "
        "empty directory, and let the others fill it"));
  }
  absl::StatusOr<client::Pin> pin = ReadPin(files, path, directory->owner_);
  if (!pin.ok()) return pin.status();
  directory->pin_ = *std::move(pin);
  return directory;
}

absl::Status Directory::SavePin(const client::Pin& pin) {
  return WriteSmallFile(files_, path_, kPinFile, FormatPin(pin));
}

}  // namespace quorate::broker
