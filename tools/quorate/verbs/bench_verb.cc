// bench

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "coord/tree/txn.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/bench/histogram.h"
#include "tools/quorate/bench/load.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

constexpr double kPercentiles[] = {50, 90, 99, 99.9};

struct BenchOptions {
  std::string op = "set";
  int64_t sessions = 4;
  bool keep = false;
  LoadOptions load;
};

const std::map<std::string, LoadOp>& Ops() {
  static const auto* ops =
      new std::map<std::string, LoadOp>{{"set", LoadOp::kSet},
                                        {"create", LoadOp::kCreate},
                                        {"get", LoadOp::kGet},
                                        {"get-local", LoadOp::kGetLocal},
                                        {"mixed", LoadOp::kMixed}};
  return *ops;
}

absl::Duration CpuUsed() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) +
         absl::DurationFromTimeval(usage.ru_stime);
}

void Print(const Console& console, const BenchOptions& options,
           const LoadResult& result, double cpus) {
  const Histogram& latency = result.latency_us;
  const double rate = static_cast<double>(latency.count()) /
                      std::max(1e-9, absl::ToDoubleSeconds(result.elapsed));
  uint64_t errors = 0;
  for (const auto& [kind, count] : result.errors) errors += count;
  if (console.json) {
    Json json = {{"op", options.op},
                 {"sessions", options.sessions},
                 {"outstanding", options.load.outstanding},
                 {"size_bytes", options.load.size_bytes},
                 {"seconds", absl::ToDoubleSeconds(result.elapsed)},
                 {"requests", latency.count()},
                 {"requests_per_second", rate},
                 {"errors", errors},
                 {"own_cpus", cpus},
                 {"latency_us", {{"mean", latency.Mean()}}}};
    for (const double percent : kPercentiles) {
      json["latency_us"][absl::StrCat("p", percent)] =
          latency.Percentile(percent);
    }
    json["latency_us"]["max"] = latency.max();
    for (const auto& [kind, count] : result.errors) {
      json["errors_by_kind"][kind] = count;
    }
    console.out << Dump(json) << std::endl;
    return;
  }
  const auto ms = [](double us) {
    return absl::StrFormat("%.2f ms", us / 1e3);
  };
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"requests", absl::StrFormat("%d in %.1f s", latency.count(),
                                   absl::ToDoubleSeconds(result.elapsed))},
      {"throughput", absl::StrFormat("%.0f a second", rate)},
      {"latency mean", ms(latency.Mean())}};
  for (const double percent : kPercentiles) {
    pairs.push_back({absl::StrCat("latency p", percent),
                     ms(static_cast<double>(latency.Percentile(percent)))});
  }
  pairs.push_back({"latency max", ms(static_cast<double>(latency.max()))});
  pairs.push_back({"errors", absl::StrCat(errors)});
  for (const auto& [kind, count] : result.errors) {
    pairs.push_back({absl::StrCat("  ", kind), absl::StrCat(count)});
  }
  pairs.push_back({"own CPU", absl::StrFormat("%.2f cores", cpus)});
  PrintPairs(console, pairs);
  console.out << std::flush;
}

absl::StatusOr<std::vector<std::unique_ptr<client::Session>>> OpenSessions(
    const client::SessionOptions& options, int64_t count) {
  std::vector<std::unique_ptr<client::Session>> sessions;
  for (int64_t i = 0; i < count; ++i) {
    absl::StatusOr<std::unique_ptr<client::Session>> session =
        client::Session::Open(options);
    if (!session.ok()) return session.status();
    sessions.push_back(*std::move(session));
  }
  return sessions;
}

absl::Status Run(Context& context, BenchOptions& options) {
  options.load.op = Ops().at(options.op);
  absl::StatusOr<client::SessionOptions> session_options =
      context.NewSessionOptions();
  if (!session_options.ok()) return session_options.status();
  session_options->max_outstanding =
      static_cast<size_t>(options.load.outstanding);
  std::random_device random;
  options.load.root = absl::StrFormat("/quorate-bench-%08x", random());
  const Console& console = context.console();
  Progress progress(console, "opening sessions");
  const absl::StatusOr<std::vector<std::unique_ptr<client::Session>>> sessions =
      OpenSessions(*session_options, options.sessions);
  if (!sessions.ok()) return sessions.status();
  client::Session& first = *sessions->front();
  absl::Status status =
      first.Write(client::Create{.path = options.load.root}).status();
  if (!status.ok()) return status;
  progress.Update("creating the keys");
  if (options.load.op != LoadOp::kCreate) {
    status = PrepareKeys(first, options.load);
  }
  if (status.ok()) {
    progress.Update(absl::StrCat("measuring for ",
                                 absl::FormatDuration(options.load.duration)));
    const absl::Duration cpu_before = CpuUsed();
    const LoadResult result = RunLoad(*sessions, options.load);
    const double cpus =
        absl::FDivDuration(CpuUsed() - cpu_before, result.elapsed);
    progress.Update("removing the keys");
    Print(console, options, result, cpus);
    if (result.latency_us.count() == 0) {
      status = TimeoutError(absl::StrCat(
          "no request succeeded; most failed with ",
          result.errors.empty() ? "nothing" : result.errors.begin()->first));
    }
  }
  if (!options.keep) {
    status.Update(
        first.Write(client::DeleteRecursive{options.load.root}).status());
  }
  return status;
}

}  // namespace

void AddBenchVerb(CommandLine& line, Context& context) {
  auto options = std::make_shared<BenchOptions>();
  std::vector<std::string> ops;
  for (const auto& [name, op] : Ops()) ops.push_back(name);
  line.AddVerb("bench",
               "measure throughput and latency; works below a znode of its "
               "own, which it removes")
      .Option("--op", Choice{&options->op, ops}, "OP",
              "set, create, get (linearizable), get-local, mixed (1 set to 9 "
              "gets); default set")
      .Option("--sessions", Number{&options->sessions, 1, 10'000}, "S",
              "so many clients (default 4)")
      .Option("--outstanding", Number{&options->load.outstanding, 1, 1000}, "O",
              "requests under way, of each session (default 16)")
      .Option("--duration", &options->load.duration, "TIME",
              "how long to measure (default 10s)")
      .Option("--size",
              Number{&options->load.size_bytes, 0,
                     static_cast<int64_t>(tree::kMaxDataBytes)},
              "BYTES", "of the data written (default 128)")
      .Option("--keys", Number{&options->load.keys, 1, 100'000}, "N",
              "znodes that are set and read (default 1000)")
      .Flag("--keep", &options->keep, "do not remove the znodes at the end")
      .Example("quorate bench --op mixed --sessions 10 --duration 30s")
      .Does([options, &context] { return Run(context, *options); });
}

}  // namespace quorate::tools
