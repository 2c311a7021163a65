#include "tools/quorate/shell/shell.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coord/client/types.h"
#include "coord/tree/path.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/shell/line_editor.h"
#include "tools/quorate/shell/words.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

constexpr size_t kMaxLineBytes = 4 << 20;

bool IsExit(const std::vector<std::string>& words) {
  return words.size() == 1 && (words[0] == "exit" || words[0] == "quit");
}

// Runs the verb of one line.
absl::Status RunWords(Context& context, std::vector<std::string> words) {
  Console& console = context.console();
  // What a line sets is for that line only.
  const GlobalOptions options = context.options();
  const bool json = console.json;
  CommandLine line("quorate", "In the shell; exit or Ctrl-D leaves it.");
  AddGlobalOptions(line, context);
  AddAllVerbs(line, context);
  if (words[0] == "help") {
    words.erase(words.begin());
    words.push_back("--help");
  }
  const absl::StatusOr<Action> action = line.Parse(words);
  absl::Status status = action.status();
  if (status.ok()) {
    console.json = context.options().json;
    console.out << line.help() << std::flush;
    if (*action) status = (*action)();
  }
  PrintFailure(console, status);
  context.options() = options;
  console.json = json;
  return status.ok() ? status : AlreadyTold(status);
}

// Completes verbs, options and paths.
class Completer {
 public:
  explicit Completer(Context& context)
      : context_(context), line_("quorate", "") {
    AddGlobalOptions(line_, context);
    AddAllVerbs(line_, context);
  }

  std::vector<std::string> operator()(const std::vector<std::string>& words) {
    const std::string& typed = words.back();
    if (absl::StartsWith(typed, "/")) return Paths(typed);
    std::vector<std::string> verb(words.begin(), words.end() - 1);
    std::vector<std::string> names = line_.VerbNames(verb);
    if (verb.empty()) names.insert(names.end(), {"help", "exit"});
    if (absl::StartsWith(typed, "-")) names = Options(verb);
    std::erase_if(names, [&typed](const std::string& name) {
      return !absl::StartsWith(name, typed);
    });
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  // Of the verb that the words begin with.
  std::vector<std::string> Options(std::vector<std::string> words) const {
    while (!words.empty()) {
      std::vector<std::string> names = line_.OptionNames(words);
      if (!names.empty()) return names;
      words.pop_back();
    }
    return {};
  }

  std::vector<std::string> Paths(const std::string& typed) {
    constexpr size_t kMaxShown = 500;
    const size_t slash = typed.rfind('/');
    const std::string parent = slash == 0 ? "/" : typed.substr(0, slash);
    const absl::StatusOr<client::Children> children =
        context_.ReadAs<client::Children>(client::GetChildren{parent},
                                          client::Consistency::kLocal);
    std::vector<std::string> paths;
    if (!children.ok()) return paths;
    for (const std::string& name : children->names) {
      std::string path = tree::JoinPath(parent, name);
      if (absl::StartsWith(path, typed)) paths.push_back(std::move(path));
      if (paths.size() == kMaxShown) break;
    }
    // The only one: what is below it can be typed right on.
    if (paths.size() == 1 && paths[0] == typed) paths[0] += "/";
    return paths;
  }

  Context& context_;
  CommandLine line_;
};

std::string HistoryPath() {
  const char* path = std::getenv("QUORATE_HISTORY");
  if (path != nullptr) return path;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : absl::StrCat(home, "/.quorate_history");
}

}  // namespace

absl::Status RunScript(Context& context, std::istream& input) {
  std::string text;
  for (int number = 1; std::getline(input, text); ++number) {
    absl::Status status;
    absl::StatusOr<std::vector<std::string>> words = std::vector<std::string>();
    if (text.size() > kMaxLineBytes) {
      words = UsageError(
          absl::StrCat("a line has at most ", kMaxLineBytes, " bytes"));
    } else {
      words = SplitWords(text);
    }
    if (!words.ok()) {
      PrintFailure(context.console(), words.status());
      status = AlreadyTold(words.status());
    } else if (IsExit(*words)) {
      return absl::OkStatus();
    } else if (!words->empty()) {
      status = RunWords(context, *std::move(words));
    }
    if (!status.ok()) {
      context.console().Remark(
          absl::StrCat("  line ", number, ": ", Printable(text, 200)));
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status RunInteractive(Context& context) {
  const absl::StatusOr<std::vector<std::string>> endpoints =
      context.Endpoints();
  if (!endpoints.ok()) return endpoints.status();
  context.console().Remark(
      "quorate: help shows the verbs, Tab completes, Ctrl-D leaves");
  Completer completer(context);
  LineEditor editor(HistoryPath(),
                    [&completer](const std::vector<std::string>& words) {
                      return completer(words);
                    });
  while (const std::optional<std::string> text = editor.Read("quorate> ")) {
    absl::StatusOr<std::vector<std::string>> words = SplitWords(*text);
    if (!words.ok()) {
      PrintFailure(context.console(), words.status());
    } else if (IsExit(*words)) {
      return absl::OkStatus();
    } else if (!words->empty()) {
      // It has been printed; the next line may do better.
      RunWords(context, *std::move(words)).IgnoreError();
    }
  }
  context.console().out << std::endl;
  return absl::OkStatus();
}

}  // namespace quorate::tools
