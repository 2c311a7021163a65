// ls

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/client/types.h"
#include "coord/tree/path.h"
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

struct ListOptions {
  std::string path = "/";
  bool recursive = false;
  bool stat = false;
  bool local = false;
};

class Lister {
 public:
  Lister(Context& context, const ListOptions& options)
      : context_(context),
        options_(options),
        consistency_(options.local ? client::Consistency::kLocal
                                   : client::Consistency::kLinearizable) {}

  absl::Status Run() {
    absl::Status status = Walk(options_.path, 0);
    if (options_.stat && !context_.console().json) {
      table_.Print(context_.console());
    }
    context_.console().out << std::flush;
    return status;
  }

 private:
  // Prints what is below `path`. A znode that goes meanwhile is skipped, but
  // not the one that was asked for.
  absl::Status Walk(const std::string& path, int depth) {
    const absl::StatusOr<client::Children> children =
        context_.ReadAs<client::Children>(client::GetChildren{path},
                                          consistency_);
    if (!children.ok()) {
      const bool gone = depth > 0 && KindOf(children.status()) == "NoNode";
      return gone ? absl::OkStatus() : children.status();
    }
    for (const std::string& name : children->names) {
      const std::string child = tree::JoinPath(path, name);
      absl::Status status = Show(child, name);
      if (status.ok() && options_.recursive) status = Walk(child, depth + 1);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Show(const std::string& path, const std::string& name) {
    const Console& console = context_.console();
    const std::string& shown = options_.recursive ? path : name;
    if (!options_.stat) {
      if (console.json) {
        console.out << Dump({{"path", path}}) << "\n";
      } else {
        console.out << Printable(shown) << "\n";
      }
      return absl::OkStatus();
    }
    const absl::StatusOr<client::Stat> stat =
        context_.ReadAs<client::Stat>(client::Exists{path}, consistency_);
    if (!stat.ok()) {
      return KindOf(stat.status()) == "NoNode" ? absl::OkStatus()
                                               : stat.status();
    }
    if (console.json) {
      console.out << Dump({{"path", path}, {"stat", StatJson(*stat)}}) << "\n";
    } else {
      table_.Add({Printable(shown), absl::StrCat(stat->version),
                  FormatBytes(stat->data_length),
                  absl::StrCat(stat->num_children), FormatTime(stat->mtime_ms),
                  FormatOwner(stat->ephemeral_owner)});
    }
    return absl::OkStatus();
  }

  Context& context_;
  const ListOptions& options_;
  const client::Consistency consistency_;
  Table table_{{"NAME", "VERSION", "DATA", "CHILDREN", "MODIFIED", "KIND"}};
};

}  // namespace

void AddListVerb(CommandLine& line, Context& context) {
  auto options = std::make_shared<ListOptions>();
  line.AddVerb("ls", "list the children of a znode")
      .OptionalPositional("PATH", &options->path, "the znode; / unless given")
      .Flag("-r,--recursive", &options->recursive,
            "all that is below it, as full paths")
      .Flag("--stat", &options->stat, "with versions, sizes and times")
      .Flag("--local", &options->local,
            "what one member has: quicker, may be old")
      .Example("quorate ls /")
      .Example("quorate ls --recursive --stat /jobs")
      .Does([options, &context] {
        const absl::Status path = CheckPath(options->path);
        if (!path.ok()) return path;
        return Lister(context, *options).Run();
      });
}

}  // namespace quorate::tools
