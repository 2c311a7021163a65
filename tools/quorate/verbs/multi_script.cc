#include "tools/quorate/verbs/multi_script.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/client/types.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/shell/words.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/create_request.h"

namespace quorate::tools {
namespace {

constexpr size_t kMaxOps = 4096;
constexpr int64_t kMaxVersion = std::numeric_limits<int32_t>::max();

// What a line has set.
struct Line {
  CreateRequest create;
  std::string path;
  std::string data;
  int64_t version = client::kAnyVersion;
  absl::StatusOr<client::MultiOp> op = UsageError("no op");
};

void DeclareCreate(CommandLine& grammar, Line& line) {
  Verb verb = grammar.AddVerb("create", "create a znode");
  verb.Positional("PATH", &line.create.path, "")
      .OptionalPositional("DATA", &line.create.data, "");
  AddCreateOptions(verb, line.create);
  verb.Does([&line] {
    absl::StatusOr<client::Create> create = ToCreate(line.create);
    if (!create.ok()) return create.status();
    line.op = client::MultiOp(*std::move(create));
    return absl::OkStatus();
  });
}

// An op on a znode that is there; `make` gets path, data and version.
template <typename Make>
void Declare(CommandLine& grammar, Line& line, const char* name, bool has_data,
             Make make) {
  Verb verb = grammar.AddVerb(name, "");
  verb.Positional("PATH", &line.path, "");
  if (has_data) verb.Positional("DATA", &line.data, "");
  verb.Option("--version", Number{&line.version, 0, kMaxVersion}, "N", "")
      .Does([&line, make] {
        const absl::Status path = CheckPath(line.path);
        if (!path.ok()) return path;
        line.op = client::MultiOp(
            make(line.path, line.data, static_cast<int32_t>(line.version)));
        return absl::OkStatus();
      });
}

absl::StatusOr<client::MultiOp> ParseOp(const std::vector<std::string>& words) {
  Line line;
  CommandLine grammar("multi", "");
  DeclareCreate(grammar, line);
  Declare(grammar, line, "set", true,
          [](std::string path, std::string data, int32_t version) {
            return client::SetData{std::move(path), std::move(data), version};
          });
  Declare(grammar, line, "delete", false,
          [](std::string path, std::string, int32_t version) {
            return client::Delete{std::move(path), version};
          });
  Declare(grammar, line, "check", false,
          [](std::string path, std::string, int32_t version) {
            return client::Check{std::move(path), version};
          });
  const absl::StatusOr<Action> action = grammar.Parse(words);
  if (!action.ok()) return action.status();
  if (!*action) return UsageError("expected create, set, delete or check");
  const absl::Status status = (*action)();
  if (!status.ok()) return status;
  return std::move(line.op);
}

}  // namespace

absl::StatusOr<std::vector<client::MultiOp>> ParseMulti(
    absl::string_view text) {
  std::vector<client::MultiOp> ops;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const auto refuse = [number](const absl::Status& status) {
      return UsageError(absl::StrCat("line ", number, ": ", status.message()));
    };
    const absl::StatusOr<std::vector<std::string>> words = SplitWords(line);
    if (!words.ok()) return refuse(words.status());
    if (words->empty()) continue;
    if (ops.size() == kMaxOps) {
      return UsageError(absl::StrCat("line ", number, ": a multi has at most ",
                                     kMaxOps, " ops"));
    }
    absl::StatusOr<client::MultiOp> op = ParseOp(*words);
    if (!op.ok()) return refuse(op.status());
    ops.push_back(*std::move(op));
  }
  if (ops.empty()) {
    return UsageError("there is no op; one a line, such as: create /a data");
  }
  return ops;
}

}  // namespace quorate::tools
