// bench

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "tools/quorate/bench/load.h"
#include "tools/quorate/bench/load_flags.h"
#include "tools/quorate/bench/process_usage.h"
#include "tools/quorate/bench/quorate_driver.h"
#include "tools/quorate/bench/report.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/cluster/process.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

// A DeleteRecursive takes at most 100,000 znodes at once.
constexpr size_t kMaxRecursive = 90'000;
constexpr size_t kDeletesInMulti = 1'000;

struct BenchOptions {
  LoadFlags flags;
  bool keep = false;
};

// The members of the local cluster that is asked, if it is one.
std::vector<WatchedProcess> MembersOf(Context& context) {
  std::vector<WatchedProcess> processes;
  if (!context.options().endpoints.empty()) return processes;
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return processes;
  const absl::StatusOr<ClusterFile> cluster = LoadCluster(*directory);
  if (!cluster.ok()) return processes;
  for (const ClusterMember* member : cluster->Present()) {
    if (StateOf(member->process) == ProcessState::kGone) continue;
    processes.push_back({.name = absl::StrCat("member ", member->id),
                         .pid = member->process.pid});
  }
  return processes;
}

// The root and all below it. OK if there is none.
absl::Status RemoveRoot(client::Session& session, const std::string& root) {
  while (true) {
    absl::StatusOr<client::Children> children = session.GetChildren(root);
    if (!children.ok()) {
      return client::IsError(children.status(), "NoNode") ? absl::OkStatus()
                                                          : children.status();
    }
    std::vector<std::string>& names = children->names;
    if (names.size() < kMaxRecursive) break;
    while (names.size() >= kMaxRecursive) {
      client::Multi multi;
      for (size_t i = 0; i < kDeletesInMulti; ++i) {
        multi.ops.push_back(
            client::Delete{.path = absl::StrCat(root, "/", names.back())});
        names.pop_back();
      }
      const absl::Status status = session.Write(std::move(multi)).status();
      if (!status.ok()) return status;
    }
  }
  return session.Write(client::DeleteRecursive{root}).status();
}

absl::Status CleanUp(const client::SessionOptions& options,
                     const std::string& root) {
  const absl::StatusOr<std::unique_ptr<client::Session>> session =
      client::Session::Open(options);
  if (!session.ok()) return session.status();
  return RemoveRoot(**session, root);
}

absl::Status Run(Context& context, BenchOptions& options) {
  absl::Status status = FinishLoadFlags(options.flags);
  if (!status.ok()) return status;
  const absl::StatusOr<client::SessionOptions> session_options =
      context.NewSessionOptions();
  if (!session_options.ok()) return session_options.status();
  LoadOptions& load = options.flags.load;
  std::random_device random;
  load.root = absl::StrFormat("/quorate-bench-%08x", random());
  load.patience = context.options().timeout;
  QuorateDriverOptions driver{
      .endpoints = session_options->endpoints,
      .session_timeout_ms = session_options->timeout_ms,
      .sessions_per_connection = options.flags.sessions_per_connection,
      .ensemble_id = session_options->pin.ensemble_id,
      .highest_zxid = session_options->pin.highest_zxid};
  for (const client::Credential& credential : session_options->credentials) {
    driver.credentials.push_back({credential.scheme, credential.secret});
  }
  const Console& console = context.console();
  Progress progress(console, "beginning");
  const absl::StatusOr<LoadReport> report =
      RunLoad(load, MakeQuorateDrivers(std::move(driver)), MembersOf(context),
              [&progress](const std::string& text) { progress.Update(text); });
  if (report.ok()) {
    status = TellLoad(console, load, *report, options.flags.save);
  } else {
    status = report.status();
  }
  // Nobody was reached: there is nothing to remove.
  if (!options.keep && !absl::IsUnavailable(status)) {
    progress.Update("removing the znodes");
    status.Update(CleanUp(*session_options, load.root));
  }
  return status;
}

}  // namespace

void AddBenchVerb(CommandLine& line, Context& context) {
  auto options = std::make_shared<BenchOptions>();
  Verb verb = line.AddVerb(
      "bench",
      "measure throughput, latency, and CPU and memory of a local cluster's "
      "members; works below a znode of its own, which it removes");
  AddLoadFlags(verb, options->flags);
  verb.Flag("--keep", &options->keep, "do not remove the znodes at the end")
      .Example("quorate bench --op mixed --sessions 10 --duration 30s")
      .Example("quorate bench --op set --rate 2000 --skew 0.99 --save out.json")
      .Does([options, &context] { return Run(context, *options); });
}

}  // namespace quorate::tools
