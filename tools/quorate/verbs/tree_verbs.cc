// create, get, set, delete, stat, sync

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <limits>
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
#include "absl/time/time.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "coord/tree/txn.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/interrupt.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/create_request.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

constexpr int64_t kMaxVersion = std::numeric_limits<int32_t>::max();

// Where data comes from: an argument, standard input ("-"), or a file.
struct DataSource {
  std::optional<std::string> argument;
  std::string file;

  void Declare(Verb& verb) {
    verb.OptionalPositional("DATA", &argument,
                            "the data; - reads standard input");
    verb.Option("--file", &file, "FILE", "take the data from a file");
  }
};

absl::StatusOr<std::string> ReadData(const Context& context,
                                     const DataSource& source, bool required) {
  if (source.argument && !source.file.empty()) {
    return UsageError("give DATA or --file, not both");
  }
  if (source.file.empty() && source.argument != "-") {
    if (required && !source.argument) {
      return UsageError(
          "the data is missing: give it behind the path (\"\" for none), "
          "- for standard input, or --file FILE");
    }
    return source.argument.value_or("");
  }
  const std::string path = source.file.empty() ? std::string("-") : source.file;
  if (path == "-" && context.in_shell()) {
    return UsageError("standard input is the shell's; use --file FILE");
  }
  return ReadFile(path, tree::kMaxDataBytes);
}

void PrintWritten(Context& context, const std::string& path,
                  const client::WriteResult& result) {
  const Console& console = context.console();
  if (console.json) {
    Json json = {{"path", path}, {"zxid", FormatZxid(result.zxid)}};
    if (result.stat) json["stat"] = StatJson(*result.stat);
    console.out << Dump(json) << std::endl;
  } else if (result.stat) {
    console.out << path << "  version " << result.stat->version << std::endl;
  }
}

// Keeps the session, and with it its ephemerals, until Ctrl-C, the end of
// standard input, or the end of the session.
absl::Status HoldSession(Context& context, client::Session& session,
                         const Interrupt& interrupt) {
  context.console().Remark(
      absl::StrCat("session ", FormatSession(session.id()),
                   " holds it until Ctrl-C or the end of standard input"));
  bool input_is_open = true;
  while (session.state() != client::SessionState::kExpired) {
    pollfd waited[2] = {{.fd = interrupt.fd(), .events = POLLIN, .revents = 0},
                        {.fd = input_is_open ? STDIN_FILENO : -1,
                         .events = POLLIN,
                         .revents = 0}};
    if (poll(waited, 2, 200) < 0 && errno != EINTR) {
      return SystemError("poll", errno);
    }
    if (waited[0].revents != 0) return absl::OkStatus();
    if (waited[1].revents == 0) continue;
    char skipped[4096];
    const ssize_t got = read(STDIN_FILENO, skipped, sizeof(skipped));
    if (got == 0 || (got < 0 && errno != EINTR)) return absl::OkStatus();
  }
  return absl::AbortedError("the session has expired; its ephemerals are gone");
}

struct CreateOptions {
  CreateRequest request;
  DataSource data;
  bool parents = false;
};

// Creates what is missing above `path`.
absl::Status CreateParents(Context& context, const std::string& path) {
  for (size_t end = path.find('/', 1); end != std::string::npos;
       end = path.find('/', end + 1)) {
    const absl::StatusOr<client::WriteResult> result =
        context.Write(client::Create{.path = path.substr(0, end)});
    if (!result.ok() && KindOf(result.status()) != "NodeExists") {
      return result.status();
    }
  }
  return absl::OkStatus();
}

absl::Status RunCreate(Context& context, CreateOptions& options) {
  absl::StatusOr<std::string> data = ReadData(context, options.data, false);
  if (!data.ok()) return data.status();
  options.request.data = *std::move(data);
  absl::StatusOr<client::Create> create = ToCreate(options.request);
  if (!create.ok()) return create.status();
  if (options.parents) {
    const absl::Status status = CreateParents(context, create->path);
    if (!status.ok()) return status;
  }
  const bool hold = options.request.ephemeral && !context.in_shell();
  std::optional<Interrupt> interrupt;
  client::Session* session = nullptr;
  if (hold) {
    interrupt.emplace();
    const absl::StatusOr<client::Session*> opened = context.Session();
    if (!opened.ok()) return opened.status();
    session = *opened;
  }
  const absl::StatusOr<client::WriteResult> result =
      hold ? session->Write(*std::move(create))
           : context.Write(*std::move(create));
  if (!result.ok()) return result.status();
  const Console& console = context.console();
  if (console.json) {
    PrintWritten(context, result->path, *result);
  } else {
    console.out << result->path << std::endl;
  }
  return hold ? HoldSession(context, *session, *interrupt) : absl::OkStatus();
}

void AddCreate(CommandLine& line, Context& context) {
  auto options = std::make_shared<CreateOptions>();
  Verb verb = line.AddVerb("create", "create a znode; prints its path");
  verb.Positional("PATH", &options->request.path, "the znode, such as /jobs/a");
  options->data.Declare(verb);
  AddCreateOptions(verb, options->request);
  verb.Flag("-p,--parents", &options->parents,
            "create what is missing above it")
      .Example("quorate create /config '{\"rate\": 5}'")
      .Example("quorate create /jobs/job- --sequential --file job.json")
      .Example("quorate create /workers/w1 --ephemeral   # until Ctrl-C")
      .Does([options, &context] { return RunCreate(context, *options); });
}

struct GetOptions {
  std::string path;
  bool stat = false;
  bool local = false;
  bool raw = false;
};

void PrintStat(const Console& console, const client::Stat& stat) {
  PrintPairs(
      console,
      {{"kind", FormatOwner(stat.ephemeral_owner)},
       {"created", absl::StrCat(FormatTime(stat.ctime_ms), "  zxid ",
                                FormatZxid(stat.czxid))},
       {"modified", absl::StrCat(FormatTime(stat.mtime_ms), "  zxid ",
                                 FormatZxid(stat.mzxid))},
       {"children changed", absl::StrCat("zxid ", FormatZxid(stat.pzxid))},
       {"version", absl::StrCat(stat.version)},
       {"children version", absl::StrCat(stat.cversion)},
       {"ACL version", absl::StrCat(stat.aversion)},
       {"data", FormatBytes(stat.data_length)},
       {"children", absl::StrCat(stat.num_children)}});
}

client::Consistency ConsistencyOf(bool local) {
  return local ? client::Consistency::kLocal
               : client::Consistency::kLinearizable;
}

absl::Status RunGet(Context& context, const GetOptions& options) {
  const absl::Status path = CheckPath(options.path);
  if (!path.ok()) return path;
  const absl::StatusOr<client::Data> data = context.ReadAs<client::Data>(
      client::GetData{options.path}, ConsistencyOf(options.local));
  if (!data.ok()) return data.status();
  const Console& console = context.console();
  if (console.json) {
    Json json = {{"path", options.path}};
    SetDataJson(data->data, json);
    json["stat"] = StatJson(data->stat);
    console.out << Dump(json) << std::endl;
    return absl::OkStatus();
  }
  console.out << data->data;
  if (!options.raw) console.out << "\n";
  if (options.stat) PrintStat(console, data->stat);
  console.out << std::flush;
  return absl::OkStatus();
}

void AddGet(CommandLine& line, Context& context) {
  auto options = std::make_shared<GetOptions>();
  line.AddVerb("get", "print the data of a znode")
      .Positional("PATH", &options->path, "the znode")
      .Flag("--stat", &options->stat, "print its Stat too")
      .Flag("--raw", &options->raw, "the bytes alone, without a newline")
      .Flag("--local", &options->local,
            "what one member has: quicker, may be old")
      .Example("quorate get /config")
      .Example("quorate get /config --stat --json")
      .Does([options, &context] { return RunGet(context, *options); });
}

void AddStat(CommandLine& line, Context& context) {
  auto options = std::make_shared<GetOptions>();
  line.AddVerb("stat", "print a znode's versions, times and kind")
      .Positional("PATH", &options->path, "the znode")
      .Flag("--local", &options->local,
            "what one member has: quicker, may be old")
      .Example("quorate stat /config")
      .Does([options, &context] {
        const absl::Status path = CheckPath(options->path);
        if (!path.ok()) return path;
        const absl::StatusOr<client::Stat> stat = context.ReadAs<client::Stat>(
            client::Exists{options->path}, ConsistencyOf(options->local));
        if (!stat.ok()) return stat.status();
        const Console& console = context.console();
        if (console.json) {
          console.out << Dump({{"path", options->path},
                               {"stat", StatJson(*stat)}})
                      << std::endl;
        } else {
          PrintStat(console, *stat);
        }
        return absl::OkStatus();
      });
}

struct SetOptions {
  std::string path;
  DataSource data;
  int64_t version = client::kAnyVersion;
};

void AddSet(CommandLine& line, Context& context) {
  auto options = std::make_shared<SetOptions>();
  Verb verb = line.AddVerb("set", "replace the data of a znode");
  verb.Positional("PATH", &options->path, "the znode");
  options->data.Declare(verb);
  verb.Option("--version", Number{&options->version, 0, kMaxVersion}, "N",
              "only if the data has this version")
      .Example("quorate set /config '{\"rate\": 6}' --version 3")
      .Example("quorate set /config - < config.json")
      .Does([options, &context] {
        const absl::Status path = CheckPath(options->path);
        if (!path.ok()) return path;
        absl::StatusOr<std::string> data =
            ReadData(context, options->data, true);
        if (!data.ok()) return data.status();
        const absl::StatusOr<client::WriteResult> result = context.Write(
            client::SetData{.path = options->path,
                            .data = *std::move(data),
                            .version = static_cast<int32_t>(options->version)});
        if (!result.ok()) return result.status();
        PrintWritten(context, options->path, *result);
        return absl::OkStatus();
      });
}

struct DeleteOptions {
  std::string path;
  std::optional<int64_t> version;
  bool recursive = false;
};

absl::Status RunDelete(Context& context, const DeleteOptions& options) {
  const absl::Status path = CheckPath(options.path);
  if (!path.ok()) return path;
  if (options.recursive && options.version) {
    return UsageError("--version does not go together with --recursive");
  }
  client::Write write = client::DeleteRecursive{options.path};
  if (!options.recursive) {
    write = client::Delete{.path = options.path,
                           .version = static_cast<int32_t>(
                               options.version.value_or(client::kAnyVersion))};
  }
  const absl::StatusOr<client::WriteResult> result =
      context.Write(std::move(write));
  if (!result.ok()) return result.status();
  if (context.console().json) PrintWritten(context, options.path, *result);
  return absl::OkStatus();
}

void AddDelete(CommandLine& line, Context& context) {
  auto options = std::make_shared<DeleteOptions>();
  line.AddVerb("delete", "delete a znode")
      .Positional("PATH", &options->path, "the znode")
      .Option("--version", Number{&options->version, 0, kMaxVersion}, "N",
              "only if the data has this version")
      .Flag("-r,--recursive", &options->recursive,
            "all that is below it too, as one change")
      .Example("quorate delete /jobs/job-0000000007")
      .Example("quorate delete --recursive /jobs")
      .Does([options, &context] { return RunDelete(context, *options); });
}

void AddSync(CommandLine& line, Context& context) {
  line.AddVerb("sync", "wait until the member asked has all that was committed")
      .Example("quorate sync && quorate get --local /config")
      .Does([&context] {
        const absl::StatusOr<client::ReadResult> result =
            context.Read(client::Sync{}, client::Consistency::kLinearizable);
        if (!result.ok()) return result.status();
        if (context.console().json) {
          context.console().out << Dump({{"synced", true}}) << std::endl;
        }
        return absl::OkStatus();
      });
}

}  // namespace

void AddTreeVerbs(CommandLine& line, Context& context) {
  AddCreate(line, context);
  AddGet(line, context);
  AddSet(line, context);
  AddDelete(line, context);
  AddStat(line, context);
  AddSync(line, context);
}

}  // namespace quorate::tools
