#include "tools/quorate/bench/report.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/bench/histogram.h"
#include "tools/quorate/bench/load.h"
#include "tools/quorate/console.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"

namespace quorate::tools {
namespace {

using Json = nlohmann::ordered_json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr double kPercentiles[] = {50, 90, 99, 99.9, 99.99};
// A thread that is busier may be what limits the load.
constexpr double kBusy = 0.9;

Json LatencyJson(const Histogram& histogram) {
  Json json = {{"count", histogram.count()}, {"mean", histogram.Mean()}};
  for (const double percent : kPercentiles) {
    json[absl::StrCat("p", percent)] = histogram.Percentile(percent);
  }
  json["max"] = histogram.max();
  return json;
}

// 0 operations: nothing can be said of one.
Json PerThousand(const std::optional<double>& seconds, uint64_t operations) {
  if (!seconds || operations == 0) return nullptr;
  return *seconds * 1000 / static_cast<double>(operations);
}

Json CostJson(const ProcessCost& cost, uint64_t operations) {
  Json json = {
      {"name", cost.name},
      {"cpu_seconds", nullptr},
      {"cpu_seconds_per_1000", PerThousand(cost.cpu_seconds, operations)},
      {"rss_bytes", cost.rss_bytes}};
  if (cost.cpu_seconds) json["cpu_seconds"] = *cost.cpu_seconds;
  return json;
}

std::string CostText(const ProcessCost& cost, uint64_t operations,
                     double window_seconds) {
  std::string text = "gone, or started meanwhile";
  if (cost.cpu_seconds) {
    text = absl::StrFormat("%.2f cores", *cost.cpu_seconds / window_seconds);
    if (operations > 0) {
      absl::StrAppendFormat(
          &text, ", %.1f ms per 1,000 operations",
          *cost.cpu_seconds * 1e6 / static_cast<double>(operations));
    }
  }
  absl::StrAppendFormat(&text, ", %.1f MiB",
                        static_cast<double>(cost.rss_bytes) / (1 << 20));
  return text;
}

std::string Ms(double us) { return absl::StrFormat("%.2f ms", us / 1e3); }

void AddLatency(const std::string& name, const Histogram& histogram,
                Pairs& pairs) {
  if (histogram.count() == 0) return;
  pairs.push_back({absl::StrCat(name, " mean"), Ms(histogram.Mean())});
  for (const double percent : kPercentiles) {
    pairs.push_back({absl::StrCat(name, " p", percent),
                     Ms(static_cast<double>(histogram.Percentile(percent)))});
  }
  pairs.push_back(
      {absl::StrCat(name, " max"), Ms(static_cast<double>(histogram.max()))});
}

uint64_t ErrorsOf(const LoopResult& result) {
  uint64_t errors = 0;
  for (const auto& [kind, count] : result.errors) errors += count;
  return errors;
}

double SecondsOf(const LoadReport& report) {
  return std::max(1e-9, absl::ToDoubleSeconds(report.window));
}

}  // namespace

Json LoadJson(const LoadOptions& options, const LoadReport& report) {
  const LoopResult& result = report.result;
  Json json = {{"op", options.op_name},
               {"sessions", options.sessions},
               {"outstanding", options.outstanding},
               {"threads", options.threads},
               {"rate", options.rate},
               {"keys", options.keys},
               {"skew", options.skew},
               {"size_bytes", options.size_bytes},
               {"seconds", absl::ToDoubleSeconds(report.window)},
               {"requests", result.completed},
               {"requests_per_second",
                static_cast<double>(result.completed) / SecondsOf(report)},
               {"unsent", result.unsent},
               {"errors", ErrorsOf(result)},
               {"errors_by_kind", result.errors},
               {"reconnects", result.reconnects},
               {"longest_gap_ms", result.LongestGapMs()},
               {"latency_us", LatencyJson(result.latency_us)}};
  if (result.late_us.count() > 0) json["late_us"] = LatencyJson(result.late_us);
  if (result.write_us.count() > 0) {
    json["write_us"] = LatencyJson(result.write_us);
  }
  if (result.round_us.count() > 0) {
    json["round_us"] = LatencyJson(result.round_us);
  }
  json["own"] = CostJson(report.self, result.completed);
  json["own"]["busiest_thread"] = report.busiest_thread;
  json["processes"] = Json::array();
  for (const ProcessCost& cost : report.processes) {
    json["processes"].push_back(CostJson(cost, result.completed));
  }
  return json;
}

Pairs LoadPairs(const LoadReport& report) {
  const LoopResult& result = report.result;
  const double seconds = SecondsOf(report);
  Pairs pairs = {
      {"requests", absl::StrFormat("%d in %.1f s", result.completed, seconds)},
      {"throughput",
       absl::StrFormat("%.0f a second",
                       static_cast<double>(result.completed) / seconds)}};
  AddLatency("latency", result.latency_us, pairs);
  AddLatency("began late", result.late_us, pairs);
  AddLatency("the write itself", result.write_us, pairs);
  AddLatency("until all were told", result.round_us, pairs);
  if (result.unsent > 0) {
    pairs.push_back({"never sent", absl::StrCat(result.unsent)});
  }
  pairs.push_back({"longest gap", absl::StrCat(result.LongestGapMs(), " ms")});
  pairs.push_back({"errors", absl::StrCat(ErrorsOf(result))});
  for (const auto& [kind, count] : result.errors) {
    pairs.push_back({absl::StrCat("  ", kind), absl::StrCat(count)});
  }
  if (result.reconnects > 0) {
    pairs.push_back({"reconnects", absl::StrCat(result.reconnects)});
  }
  pairs.push_back(
      {"load generator", CostText(report.self, result.completed, seconds)});
  for (const ProcessCost& cost : report.processes) {
    pairs.push_back({cost.name, CostText(cost, result.completed, seconds)});
  }
  return pairs;
}

absl::Status TellLoad(const Console& console, const LoadOptions& options,
                      const LoadReport& report, const std::string& save_path) {
  const Json json = LoadJson(options, report);
  const std::string text =
      json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (console.json) {
    console.out << text << std::endl;
  } else {
    PrintPairs(console, LoadPairs(report));
    console.out << std::flush;
    if (report.busiest_thread > kBusy) {
      console.Remark(absl::StrFormat(
          "a thread of the load generator was busy %.0f %% of the time and may "
          "have been the limit: try --threads",
          report.busiest_thread * 100));
    }
  }
  if (!save_path.empty()) {
    const absl::Status saved =
        WriteFileAtomically(save_path, absl::StrCat(text, "\n"));
    if (!saved.ok()) return saved;
  }
  if (report.result.completed == 0 && options.op_name != "idle") {
    return TimeoutError(
        absl::StrCat("no request succeeded; most failed with ",
                     report.result.errors.empty()
                         ? "nothing"
                         : std::max_element(report.result.errors.begin(),
                                            report.result.errors.end(),
                                            [](const auto& a, const auto& b) {
                                              return a.second < b.second;
                                            })
                               ->first));
  }
  return absl::OkStatus();
}

}  // namespace quorate::tools
