// multi

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/client/error.h"
#include "coord/client/types.h"
#include "coord/tree/error.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/multi_script.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

constexpr size_t kMaxScriptBytes = 8 << 20;

struct Described {
  const char* verb;
  std::string path;
};

Described Describe(const client::MultiOp& op) {
  struct Describer {
    Described operator()(const client::Create& create) const {
      return {"create", create.path};
    }
    Described operator()(const client::Delete& op) const {
      return {"delete", op.path};
    }
    Described operator()(const client::SetData& set) const {
      return {"set", set.path};
    }
    Described operator()(const client::Check& check) const {
      return {"check", check.path};
    }
  };
  return std::visit(Describer(), op);
}

bool IsEphemeral(const client::MultiOp& op) {
  const client::Create* create = std::get_if<client::Create>(&op);
  return create != nullptr &&
         (create->mode == client::CreateMode::kEphemeral ||
          create->mode == client::CreateMode::kEphemeralSequential);
}

// Adds to the message which op it was.
absl::Status NameOp(const absl::Status& status,
                    const std::vector<client::MultiOp>& ops) {
  const std::optional<client::ErrorInfo> info = client::ErrorInfoOf(status);
  if (!info) return status;
  for (size_t i = 0; i < info->op_codes.size() && i < ops.size(); ++i) {
    const int32_t code = info->op_codes[i];
    // -2 stands behind the op that failed, for those that were not tried.
    if (code == 0 || code == -2) continue;
    const Described op = Describe(ops[i]);
    return client::MakeError(
        status.code(),
        absl::StrCat(
            "nothing was changed; op ", i + 1, " (", op.verb, " ", op.path,
            ") failed with ",
            std::string(tree::ErrorName(static_cast<tree::ErrorCode>(code))),
            ": ", status.message()),
        *info);
  }
  return status;
}

void Print(const Console& console, const std::vector<client::MultiOp>& ops,
           const client::WriteResult& result) {
  Json json = {{"zxid", FormatZxid(result.zxid)}, {"ops", Json::array()}};
  for (size_t i = 0; i < ops.size(); ++i) {
    const Described op = Describe(ops[i]);
    // Creates have the path with its sequence number.
    std::string path = op.path;
    std::optional<client::Stat> stat;
    if (i < result.ops.size()) {
      if (!result.ops[i].path.empty()) path = result.ops[i].path;
      stat = result.ops[i].stat;
    }
    if (!console.json) {
      console.out << op.verb << " " << Printable(path) << "\n";
      continue;
    }
    Json done = {{"op", op.verb}, {"path", path}};
    if (stat) done["stat"] = StatJson(*stat);
    json["ops"].push_back(std::move(done));
  }
  if (console.json) console.out << Dump(json) << "\n";
  console.out << std::flush;
}

absl::Status Run(Context& context, const std::string& file) {
  if (file == "-" && context.in_shell()) {
    return UsageError("standard input is the shell's; name a file");
  }
  const absl::StatusOr<std::string> text = ReadFile(file, kMaxScriptBytes);
  if (!text.ok()) return text.status();
  const absl::StatusOr<std::vector<client::MultiOp>> ops = ParseMulti(*text);
  if (!ops.ok()) return ops.status();
  for (const client::MultiOp& op : *ops) {
    if (IsEphemeral(op) && !context.in_shell()) {
      return UsageError(
          "an ephemeral znode would go at once, as multi has no session "
          "outside of the shell; use quorate create --ephemeral");
    }
  }
  const absl::StatusOr<client::WriteResult> result =
      context.Write(client::Multi{*ops});
  if (!result.ok()) return NameOp(result.status(), *ops);
  Print(context.console(), *ops, *result);
  return absl::OkStatus();
}

}  // namespace

void AddMultiVerb(CommandLine& line, Context& context) {
  auto file = std::make_shared<std::string>("-");
  line.AddVerb("multi",
               "several changes as one, all or none: one op a line, of\n"
               "  create PATH [DATA] [options of create]\n"
               "  set PATH DATA [--version N]\n"
               "  delete PATH [--version N]\n"
               "  check PATH [--version N]")
      .OptionalPositional("FILE", file.get(),
                          "the ops; standard input unless given")
      .Example("quorate multi ops.txt")
      .Example("printf 'check /a --version 3\\nset /b new\\n' | quorate multi")
      .Does([file, &context] { return Run(context, *file); });
}

}  // namespace quorate::tools
