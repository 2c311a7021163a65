#include "tests/simulation/command_line.h"

#include <algorithm>
#include <map>
#include <string>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace quorate::simulation {

absl::Status SetFlags(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (!absl::StartsWith(argument, "--")) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected --flag=value, found \"", argument, "\""));
    }
    argument.remove_prefix(2);
    const size_t equals = argument.find('=');
    const bool has_value = equals != absl::string_view::npos;
    std::string name(argument.substr(0, equals));
    std::replace(name.begin(), name.end(), '-', '_');
    absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    if (flag == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag --", name, "; see --help"));
    }
    const absl::string_view value =
        has_value ? argument.substr(equals + 1) : "true";
    std::string error;
    if (!flag->ParseFrom(value, &error)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "bad value \"", value, "\" of flag --", name, " ", error));
    }
  }
  return absl::OkStatus();
}

std::string DescribeFlags(const std::string& file) {
  std::map<std::string, std::string> lines;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (!absl::EndsWith(flag->Filename(), file)) continue;
    lines[std::string(name)] = absl::StrCat(
        "  --", name, "=", flag->CurrentValue(), "\n      ", flag->Help());
  }
  std::string text;
  for (const auto& [name, line] : lines) absl::StrAppend(&text, line, "\n");
  return text;
}

}  // namespace quorate::simulation
