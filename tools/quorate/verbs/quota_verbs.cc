// quota get, quota set, quota delete: over the znodes of ZooKeeper's quotas,
// see coord/tree/quota.h.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coord/client/types.h"
#include "coord/tree/path.h"
#include "coord/tree/quota.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

absl::Status CheckQuotaPath(const std::string& path) {
  const absl::Status valid = CheckPath(path);
  if (!valid.ok()) return valid;
  if (path == tree::kRootPath || tree::IsAtOrBelow(path, tree::kSystemPath)) {
    return UsageError(absl::StrCat("there is no quota on ", path,
                                   "; set one on a znode below /"));
  }
  return absl::OkStatus();
}

// As ZooKeeper writes them.
std::string FormatLimits(const tree::QuotaLimits& limits) {
  std::vector<std::string> parts;
  parts.push_back(absl::StrCat("count=", limits.count));
  parts.push_back(absl::StrCat("bytes=", limits.bytes));
  std::string text = absl::StrJoin(parts, ",");
  if (limits.bytes_hard != -1 || limits.count_hard != -1) {
    absl::StrAppend(&text, "=;byteHardLimit=", limits.bytes_hard,
                    ";countHardLimit=", limits.count_hard);
  }
  return text;
}

absl::StatusOr<tree::QuotaLimits> ReadLimits(Context& context,
                                             const std::string& path) {
  const absl::StatusOr<client::Data> data = context.ReadAs<client::Data>(
      client::GetData{tree::QuotaLimitsPath(path)});
  if (!data.ok()) return data.status();
  const std::optional<tree::QuotaLimits> limits =
      tree::ParseQuotaLimits(data->data);
  if (!limits) {
    return absl::DataLossError(absl::StrCat("the quota of ", path, " reads \"",
                                            Printable(data->data, 200),
                                            "\", which is none; set it anew"));
  }
  return *limits;
}

std::string LimitText(int64_t limit) {
  return limit < 0 ? "no limit" : absl::StrCat(limit);
}

absl::Status RunGet(Context& context, const std::string& path) {
  const absl::Status valid = CheckQuotaPath(path);
  if (!valid.ok()) return valid;
  const absl::StatusOr<tree::QuotaLimits> limits = ReadLimits(context, path);
  if (!limits.ok()) return limits.status();
  const absl::StatusOr<client::Data> stats =
      context.ReadAs<client::Data>(client::GetData{tree::QuotaStatsPath(path)});
  if (!stats.ok()) return stats.status();
  // What is used is written in the same words as what is allowed.
  const tree::QuotaLimits used =
      tree::ParseQuotaLimits(stats->data).value_or(tree::QuotaLimits());
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"path", path},
                         {"count",
                          {{"used", used.count},
                           {"soft", limits->count},
                           {"hard", limits->count_hard}}},
                         {"bytes",
                          {{"used", used.bytes},
                           {"soft", limits->bytes},
                           {"hard", limits->bytes_hard}}}})
                << std::endl;
    return absl::OkStatus();
  }
  Table table({"", "USED", "SOFT LIMIT", "HARD LIMIT"});
  table.Add({"znodes", absl::StrCat(used.count), LimitText(limits->count),
             LimitText(limits->count_hard)});
  table.Add({"bytes", absl::StrCat(used.bytes), LimitText(limits->bytes),
             LimitText(limits->bytes_hard)});
  table.Print(console);
  console.out << std::flush;
  return absl::OkStatus();
}

struct SetOptions {
  std::string path;
  std::optional<int64_t> count;
  std::optional<int64_t> bytes;
  std::optional<int64_t> count_hard;
  std::optional<int64_t> bytes_hard;
};

// OK also if it is there already.
absl::Status Ensure(Context& context, const std::string& path,
                    const std::string& data) {
  const absl::Status status =
      context.Write(client::Create{.path = path, .data = data}).status();
  const bool there = !status.ok() && KindOf(status) == "NodeExists";
  return there ? absl::OkStatus() : status;
}

// The znodes that lead to the limits, the limits, and, as ZooKeeper's command
// line does, the znode that shows what is used.
absl::Status WriteLimits(Context& context, const std::string& path,
                         const std::string& data) {
  const std::string limits = tree::QuotaLimitsPath(path);
  for (size_t end = limits.find('/', 1); end != std::string::npos;
       end = limits.find('/', end + 1)) {
    const absl::Status status = Ensure(context, limits.substr(0, end), "");
    if (!status.ok()) return status;
  }
  absl::Status status = Ensure(context, limits, data);
  if (status.ok()) {
    status =
        context.Write(client::SetData{.path = limits, .data = data}).status();
  }
  if (!status.ok()) return status;
  return Ensure(context, tree::QuotaStatsPath(path), "");
}

absl::Status RunSet(Context& context, const SetOptions& options) {
  const absl::Status valid = CheckQuotaPath(options.path);
  if (!valid.ok()) return valid;
  if (!options.count && !options.bytes && !options.count_hard &&
      !options.bytes_hard) {
    return UsageError(
        "which limit? Give --count, --bytes, --hard-count or --hard-bytes");
  }
  const absl::Status exists =
      context.ReadAs<client::Stat>(client::Exists{options.path}).status();
  if (!exists.ok()) return exists;
  absl::StatusOr<tree::QuotaLimits> limits = ReadLimits(context, options.path);
  if (!limits.ok() && KindOf(limits.status()) == "NoNode") {
    limits = tree::QuotaLimits();
  }
  if (!limits.ok()) return limits.status();
  limits->count = options.count.value_or(limits->count);
  limits->bytes = options.bytes.value_or(limits->bytes);
  limits->count_hard = options.count_hard.value_or(limits->count_hard);
  limits->bytes_hard = options.bytes_hard.value_or(limits->bytes_hard);
  const absl::Status status =
      WriteLimits(context, options.path, FormatLimits(*limits));
  if (!status.ok()) return status;
  return RunGet(context, options.path);
}

// Deletes the limits, what is used, and what then leads nowhere.
absl::Status RunDelete(Context& context, const std::string& path) {
  const absl::Status valid = CheckQuotaPath(path);
  if (!valid.ok()) return valid;
  const absl::Status status =
      context.Write(client::Delete{.path = tree::QuotaLimitsPath(path)})
          .status();
  if (!status.ok()) return status;
  std::string rest = tree::QuotaStatsPath(path);
  while (rest != tree::kQuotaPath) {
    const absl::Status deleted =
        context.Write(client::Delete{.path = rest}).status();
    const std::string kind = deleted.ok() ? "" : KindOf(deleted);
    // Another quota is below it.
    if (kind == "NotEmpty") break;
    if (!deleted.ok() && kind != "NoNode") return deleted;
    rest = std::string(tree::ParentPath(rest));
  }
  if (context.console().json) {
    context.console().out << Dump({{"path", path}, {"deleted", true}})
                          << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace

void AddQuotaVerbs(CommandLine& line, Context& context) {
  Verb group = line.AddVerb("quota", "limits on the size of a subtree");
  auto get_path = std::make_shared<std::string>();
  group.AddVerb("get", "print limits and what is used")
      .Positional("PATH", get_path.get(), "the top of the subtree")
      .Example("quorate quota get /jobs")
      .Does([get_path, &context] { return RunGet(context, *get_path); });
  auto options = std::make_shared<SetOptions>();
  group.AddVerb("set", "set limits; those not named stay. -1: no limit")
      .Positional("PATH", &options->path, "the top of the subtree")
      .Option("--count", Number{&options->count, -1}, "N",
              "znodes; soft: reported only")
      .Option("--bytes", Number{&options->bytes, -1}, "N",
              "bytes of data; soft: reported only")
      .Option("--hard-count", Number{&options->count_hard, -1}, "N",
              "znodes; what goes beyond is refused")
      .Option("--hard-bytes", Number{&options->bytes_hard, -1}, "N",
              "bytes of data; what goes beyond is refused")
      .Example("quorate quota set /jobs --hard-count 1000 --bytes 1000000")
      .Does([options, &context] { return RunSet(context, *options); });
  auto delete_path = std::make_shared<std::string>();
  group.AddVerb("delete", "remove all limits")
      .Positional("PATH", delete_path.get(), "the top of the subtree")
      .Example("quorate quota delete /jobs")
      .Does(
          [delete_path, &context] { return RunDelete(context, *delete_path); });
}

}  // namespace quorate::tools
