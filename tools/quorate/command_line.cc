#include "tools/quorate/command_line.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {

struct Verb::Parsed {
  Action action;  // of the verb that was given
};

namespace {

// Thrown to CLI11, which hands it on to Parse().
[[noreturn]] void Refuse(const std::string& name, const std::string& expected,
                         const std::string& found) {
  throw CLI::ValidationError(
      name, absl::StrCat("expected ", expected, ", found \"", found, "\""));
}

int64_t ParseNumber(const std::string& name, const Number& number,
                    const std::string& text) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value) || value < number.min ||
      value > number.max) {
    const bool unbounded = number.max == std::numeric_limits<int64_t>::max();
    Refuse(name,
           unbounded ? absl::StrCat("a whole number, at least ", number.min)
                     : absl::StrCat("a whole number from ", number.min, " to ",
                                    number.max),
           text);
  }
  return value;
}

absl::Duration ParseDuration(const std::string& name, const std::string& text) {
  const std::optional<absl::Duration> time = ParseTime(text);
  if (!time) Refuse(name, "a time such as 10s, 300ms or 1.5", text);
  return *time;
}

// Stores one value.
struct Store {
  const std::string& name;
  const std::string& text;

  void operator()(std::string* value) const { *value = text; }
  void operator()(std::optional<std::string>* value) const { *value = text; }
  void operator()(std::vector<std::string>* value) const {
    value->push_back(text);
  }
  void operator()(const Number& number) const {
    const int64_t parsed = ParseNumber(name, number, text);
    std::visit([parsed](auto* value) { *value = parsed; }, number.value);
  }
  void operator()(const Choice& choice) const {
    if (std::find(choice.words.begin(), choice.words.end(), text) ==
        choice.words.end()) {
      Refuse(name, absl::StrCat("one of ", absl::StrJoin(choice.words, ", ")),
             text);
    }
    *choice.value = text;
  }
  void operator()(absl::Duration* value) const {
    *value = ParseDuration(name, text);
  }
  void operator()(std::optional<absl::Duration>* value) const {
    *value = ParseDuration(name, text);
  }
};

bool TakesMany(const Target& target) {
  return std::holds_alternative<std::vector<std::string>*>(target);
}

CLI::Option* AddOption(CLI::App* app, const std::string& cli_name,
                       const std::string& shown, const Target& target,
                       const std::string& help) {
  CLI::Option* option = app->add_option(
      cli_name,
      [target, shown](const CLI::results_t& results) {
        for (const std::string& text : results) {
          std::visit(Store{shown, text}, target);
        }
        return true;
      },
      help);
  option->type_size(1);
  const bool positional = !absl::StartsWith(cli_name, "-");
  if (TakesMany(target)) {
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    option->expected(1, positional ? CLI::detail::expected_max_vector_size : 1);
  } else {
    option->expected(1);
  }
  option->allow_extra_args(false);
  return option;
}

// How many letters to change to make `a` of `b`.
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// nullptr if there is none of this name.
const CLI::App* FindVerb(const CLI::App& app, const std::string& name) {
  for (const CLI::App* verb : app.get_subcommands({})) {
    if (verb->get_name() == name) return verb;
  }
  return nullptr;
}

std::vector<std::string> NamesOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) {
    names.push_back(verb->get_name());
  }
  return names;
}

// "; did you mean get?", or nothing.
std::string Suggestion(const std::vector<std::string>& names,
                       const std::string& word) {
  std::string best;
  size_t best_distance = std::min<size_t>(3, word.size());
  for (const std::string& name : names) {
    const size_t distance = EditDistance(name, word);
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best.empty() ? "" : absl::StrCat("; did you mean ", best, "?");
}

// The verb that the words led to so far.
const CLI::App& Reached(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

std::string FullName(const CLI::App& app) {
  if (app.get_parent() == nullptr) return app.get_name();
  return absl::StrCat(FullName(*app.get_parent()), " ", app.get_name());
}

}  // namespace

std::optional<absl::Duration> ParseTime(const std::string& text) {
  double seconds = 0;
  absl::Duration time;
  if (absl::SimpleAtod(text, &seconds)) {
    time = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &time)) {
    return std::nullopt;
  }
  // Beyond any use, and near what would overflow as nanoseconds.
  if (!(time > absl::ZeroDuration()) || time > absl::Hours(24 * 366 * 100)) {
    return std::nullopt;
  }
  return time;
}

Verb& Verb::Positional(const std::string& name, Target target,
                       const std::string& help) {
  AddOption(app_, name, name, target, help)->required();
  return *this;
}

Verb& Verb::OptionalPositional(const std::string& name, Target target,
                               const std::string& help) {
  AddOption(app_, name, name, target, help);
  return *this;
}

Verb& Verb::Option(const std::string& names, Target target,
                   const std::string& value_name, const std::string& help) {
  const std::vector<std::string> all = absl::StrSplit(names, ',');
  AddOption(app_, names, all.back(), target, help)->type_name(value_name);
  return *this;
}

Verb& Verb::Flag(const std::string& names, bool* target,
                 const std::string& help) {
  app_->add_flag(names, *target, help)->disable_flag_override();
  return *this;
}

Verb& Verb::Example(const std::string& example) {
  const std::string footer = app_->get_footer();
  app_->footer(
      absl::StrCat(footer.empty() ? "Examples:" : footer, "\n  ", example));
  return *this;
}

Verb& Verb::Does(Action action) {
  app_->callback([parsed = parsed_, action = std::move(action)] {
    parsed->action = action;
  });
  return *this;
}

Verb Verb::AddVerb(const std::string& name, const std::string& help) {
  CLI::App* verb = app_->add_subcommand(name, help);
  verb->fallthrough();
  app_->require_subcommand(app_->get_parent() == nullptr ? 0 : 1, 1);
  return Verb(verb, parsed_);
}

CommandLine::CommandLine(const std::string& name,
                         const std::string& description)
    : app_(std::make_unique<CLI::App>(description, name)),
      root_(new Verb(app_.get(), std::make_shared<Verb::Parsed>())) {
  app_->option_defaults()->always_capture_default(false);
  app_->get_formatter()->column_width(34);
}

CommandLine::~CommandLine() = default;

Verb CommandLine::AddVerb(const std::string& name, const std::string& help) {
  return root_->AddVerb(name, help);
}

absl::StatusOr<Action> CommandLine::Parse(
    const std::vector<std::string>& arguments) {
  help_.clear();
  root_->parsed_->action = nullptr;
  // CLI11 takes the last word first.
  std::vector<std::string> words(arguments.rbegin(), arguments.rend());
  try {
    app_->parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    const CLI::App* group = Reached(*app_).get_parent();
    help_ = Reached(*app_).help(group == nullptr ? "" : FullName(*group));
    return Action();
  } catch (const CLI::ParseError& error) {
    return Explain(error.get_exit_code(), error.what());
  }
  return root_->parsed_->action;
}

absl::Status CommandLine::Explain(int code, const std::string& what) const {
  const CLI::App& verb = Reached(*app_);
  const std::vector<std::string> names = NamesOf(verb);
  const std::string help = absl::StrCat("; see ", FullName(verb), " --help");
  const std::vector<std::string> extras = app_->remaining(true);
  const std::string word = extras.empty() ? "" : extras.front();
  if (absl::StartsWith(word, "-") && word.size() > 1) {
    const std::string option = word.substr(0, word.find('='));
    const std::vector<std::string> path = absl::StrSplit(FullName(verb), ' ');
    return UsageError(absl::StrCat(FullName(verb), ": unknown option ", option,
                                   Suggestion(OptionNames(path), option),
                                   help));
  }
  if (!word.empty() && !names.empty()) {
    return UsageError(absl::StrCat("unknown verb \"", word, "\"",
                                   Suggestion(names, word), help));
  }
  if (code == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    return UsageError(absl::StrCat(
        FullName(verb), ": one argument too many: ", "\"", word, "\"", help));
  }
  if (code == static_cast<int>(CLI::ExitCodes::RequiredError) &&
      !names.empty()) {
    return UsageError(absl::StrCat(FullName(verb), ": which verb? One of ",
                                   absl::StrJoin(names, ", "), help));
  }
  return UsageError(absl::StrCat(FullName(verb), ": ",
                                 absl::StripAsciiWhitespace(what), help));
}

std::vector<std::string> CommandLine::VerbNames(
    const std::vector<std::string>& group) const {
  const CLI::App* app = app_.get();
  for (const std::string& name : group) {
    app = FindVerb(*app, name);
    if (app == nullptr) return {};
  }
  return NamesOf(*app);
}

std::vector<std::string> CommandLine::OptionNames(
    const std::vector<std::string>& verb) const {
  const CLI::App* app = app_.get();
  for (const std::string& name : verb) {
    if (name == app_->get_name()) continue;
    app = FindVerb(*app, name);
    if (app == nullptr) return {};
  }
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        names.push_back("--" + name);
      }
    }
  }
  return names;
}

}  // namespace quorate::tools
