// CommandLine: verbs with their arguments, declared; parsed by CLI11.
//
//   CommandLine line("quorate", "...");
//   auto path = std::make_shared<std::string>();
//   line.AddVerb("get", "print the data of a znode")
//       .Positional("PATH", path.get(), "the znode")
//       .Example("quorate get /config")
//       .Does([path] { return Get(*path); });
//   absl::StatusOr<Action> action = line.Parse({"get", "/config"});
//
// CLI11 is behind this header because it is slow to compile, and because its
// errors are made the same everywhere: kind Usage, with what was expected and
// what was found. Not thread-safe. What the options point to must live until
// the parsed action has run.

#ifndef QUORATE_TOOLS_QUORATE_COMMAND_LINE_H_
#define QUORATE_TOOLS_QUORATE_COMMAND_LINE_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace CLI {
class App;
}  // namespace CLI

namespace quorate::tools {

using Action = std::function<absl::Status()>;

// A whole number within bounds.
struct Number {
  std::variant<int64_t*, std::optional<int64_t>*> value;
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
};

// One of a few words.
struct Choice {
  std::string* value;
  std::vector<std::string> words;
};

// Where the value of an option or argument goes. A vector takes many. A time is
// "1.5" (seconds) or "300ms", "10s", "5m", "2h"; above zero.
using Target = std::variant<std::string*, std::optional<std::string>*,
                            std::vector<std::string>*, Number, Choice,
                            absl::Duration*, std::optional<absl::Duration>*>;

// A verb that is being declared; a handle, valid as long as its CommandLine.
class Verb {
 public:
  // Has to be given.
  Verb& Positional(const std::string& name, Target target,
                   const std::string& help);
  // May be left out; only behind those that must be given.
  Verb& OptionalPositional(const std::string& name, Target target,
                           const std::string& help);
  // `--name VALUE`.
  Verb& Option(const std::string& names, Target target,
               const std::string& value_name, const std::string& help);
  Verb& Flag(const std::string& names, bool* target, const std::string& help);
  // A command that works as it stands; at least one for every verb.
  Verb& Example(const std::string& example);
  Verb& Does(Action action);

  // A verb of this group; a group does nothing by itself.
  Verb AddVerb(const std::string& name, const std::string& help);

 private:
  friend class CommandLine;
  struct Parsed;
  Verb(CLI::App* app, std::shared_ptr<Parsed> parsed)
      : app_(app), parsed_(std::move(parsed)) {}

  CLI::App* app_;
  std::shared_ptr<Parsed> parsed_;
};

class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& description);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  // The options before (or behind) any verb.
  Verb& global() { return *root_; }
  Verb AddVerb(const std::string& name, const std::string& help);

  // Stores the values and returns what to do: the verb's action; an empty one
  // if there is no verb. Usage: see above. If help was asked for, the action is
  // empty and help() is not.
  absl::StatusOr<Action> Parse(const std::vector<std::string>& arguments);
  const std::string& help() const { return help_; }

  // Names of the verbs below `group`, such as {} or {"member"}, in the order in
  // which they were added; empty if there is no such group.
  std::vector<std::string> VerbNames(
      const std::vector<std::string>& group) const;
  // Names of the options of a verb, such as "--version".
  std::vector<std::string> OptionNames(
      const std::vector<std::string>& verb) const;

 private:
  absl::Status Explain(int code, const std::string& what) const;

  std::unique_ptr<CLI::App> app_;
  std::unique_ptr<Verb> root_;
  std::string help_;
};

// "10", "1.5s", "300ms"; nothing if it is no time above zero.
std::optional<absl::Duration> ParseTime(const std::string& text);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_COMMAND_LINE_H_
