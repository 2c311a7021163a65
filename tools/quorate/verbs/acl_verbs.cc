// acl get, acl set

#include <cstdint>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/client/types.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

Json AclJson(const client::Acl& acl) {
  Json entries = Json::array();
  for (const client::AclEntry& entry : acl) {
    entries.push_back({{"scheme", entry.scheme},
                       {"id", entry.id},
                       {"permissions", entry.permissions}});
  }
  return entries;
}

absl::Status RunGet(Context& context, const std::string& path) {
  const absl::Status valid = CheckPath(path);
  if (!valid.ok()) return valid;
  const absl::StatusOr<client::AclAndStat> acl =
      context.ReadAs<client::AclAndStat>(client::GetAcl{path});
  if (!acl.ok()) return acl.status();
  const Console& console = context.console();
  if (console.json) {
    console.out << Dump({{"path", path},
                         {"acl", AclJson(acl->acl)},
                         {"stat", StatJson(acl->stat)}})
                << std::endl;
    return absl::OkStatus();
  }
  const std::string text = FormatAcl(acl->acl);
  for (const absl::string_view entry : absl::StrSplit(text, ',')) {
    console.out << entry << "\n";
  }
  console.out << std::flush;
  return absl::OkStatus();
}

struct SetOptions {
  std::string path;
  std::string acl;
  int64_t version = client::kAnyVersion;
};

absl::Status RunSet(Context& context, const SetOptions& options) {
  const absl::Status valid = CheckPath(options.path);
  if (!valid.ok()) return valid;
  absl::StatusOr<client::Acl> acl = ParseAcl(options.acl);
  if (!acl.ok()) return acl.status();
  const absl::StatusOr<client::WriteResult> result = context.Write(
      client::SetAcl{.path = options.path,
                     .acl = *std::move(acl),
                     .version = static_cast<int32_t>(options.version)});
  if (!result.ok()) return result.status();
  const Console& console = context.console();
  const int32_t version = result->stat ? result->stat->aversion : 0;
  if (console.json) {
    console.out << Dump({{"path", options.path},
                         {"zxid", FormatZxid(result->zxid)},
                         {"aversion", version}})
                << std::endl;
  } else {
    console.out << options.path << "  ACL version " << version << std::endl;
  }
  return absl::OkStatus();
}

}  // namespace

void AddAclVerbs(CommandLine& line, Context& context) {
  Verb group = line.AddVerb("acl", "who may do what with a znode");
  auto path = std::make_shared<std::string>();
  group.AddVerb("get", "print the ACL, one entry a line")
      .Positional("PATH", path.get(), "the znode")
      .Example("quorate acl get /config")
      .Does([path, &context] { return RunGet(context, *path); });
  auto options = std::make_shared<SetOptions>();
  group.AddVerb("set", "replace the ACL")
      .Positional("PATH", &options->path, "the znode")
      .Positional("ACL", &options->acl,
                  "SCHEME:ID:PERMISSIONS,... with letters of cdrwa: create, "
                  "delete, read, write, admin")
      .Option("--version",
              Number{&options->version, 0, std::numeric_limits<int32_t>::max()},
              "N", "only if the ACL has this version")
      .Example("quorate acl set /config world:anyone:r,ip:10.0.0.0/8:cdrwa")
      .Example("quorate --auth digest:ann:secret acl set /config auth::cdrwa")
      .Does([options, &context] { return RunSet(context, *options); });
}

}  // namespace quorate::tools
