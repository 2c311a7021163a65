#include "tools/quorate/drill/workplace.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {

namespace fs = std::filesystem;

Workplace::~Workplace() {
  std::error_code error;
  if (keep_) return;
  for (const std::string& made : made_) fs::remove_all(made, error);
}

absl::Status Workplace::Make(const std::string& wanted, bool keep) {
  keep_ = keep;
  if (wanted.empty()) return MakeTemporary();
  std::error_code error;
  const bool is_new = fs::create_directories(wanted, error);
  const fs::path real = error ? fs::path() : fs::canonical(wanted, error);
  if (!error && !fs::is_empty(real, error) && !error) {
    return LocalError(
        absl::StrCat(wanted, " is not empty; name another directory"));
  }
  if (error) {
    return LocalError(absl::StrCat(wanted, ": ", error.message()));
  }
  path_ = real.string();
  if (is_new) made_.push_back(path_);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Workplace::Room(const std::string& name) {
  const std::string room = absl::StrCat(path_, "/", name);
  std::error_code error;
  fs::create_directories(room, error);
  if (error) {
    return LocalError(absl::StrCat(room, ": ", error.message()));
  }
  made_.push_back(room);
  return room;
}

absl::Status Workplace::MakeTemporary() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  if (error) {
    return LocalError(
        absl::StrCat("no directory for temporary files: ", error.message()));
  }
  std::string name = (parent / "quorate-drill.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) return SystemError(name, errno);
  path_ = fs::canonical(name, error).string();
  made_.push_back(path_);
  return absl::OkStatus();
}

}  // namespace quorate::tools
