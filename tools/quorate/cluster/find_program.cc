#include "tools/quorate/cluster/find_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

std::string Beside(const std::string& program, const std::string& name) {
  return program.find('/') == std::string::npos
             ? ""
             : absl::StrCat(DirectoryOf(program), "/", name);
}

absl::StatusOr<std::string> CheckProgram(const std::string& path) {
  if (access(path.c_str(), X_OK) != 0) {
    return SystemError(absl::StrCat("cannot run ", path), errno);
  }
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error || !std::filesystem::is_regular_file(real, error)) {
    return LocalError(absl::StrCat("cannot run ", path, ": not a program"));
  }
  return real.string();
}

}  // namespace

absl::StatusOr<std::string> FindProgram(const Context& context,
                                        const std::string& name,
                                        const std::string& option,
                                        const std::string& variable,
                                        const std::string& given,
                                        const std::string& recorded) {
  if (!given.empty()) return CheckProgram(given);
  const char* value = std::getenv(variable.c_str());
  if (value != nullptr && *value != '\0') return CheckProgram(value);
  std::error_code error;
  const std::filesystem::path self =
      std::filesystem::read_symlink("/proc/self/exe", error);
  for (const std::string& path : {Beside(context.options().program, name),
                                  Beside(self.string(), name), recorded}) {
    if (!path.empty() && FileExists(path)) return CheckProgram(path);
  }
  return LocalError(absl::StrCat("the program ", name,
                                 " is not beside quorate; give ", option,
                                 " PATH or set ", variable));
}

}  // namespace quorate::tools
