// cluster.json, which says what a directory's local cluster is.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coord/base/check.h"
#include "tests/fuzz/fuzz.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"

namespace quorate::fuzz {
namespace {

using tools::ClusterFile;

void CheckCluster(ClusterFile cluster) {
  QUORATE_CHECK(!cluster.Present().empty());
  for (const tools::ClusterMember& member : cluster.members) {
    QUORATE_CHECK(cluster.Find(member.id) == &member);
    QUORATE_CHECK(member.process.pid >= 0);
  }
  const std::string text = tools::FormatCluster(cluster);
  const absl::StatusOr<ClusterFile> again = tools::ParseCluster(text, "path");
  QUORATE_CHECK(again.ok() && *again == cluster);
}

}  // namespace

std::vector<std::string> Seeds() {
  ClusterFile cluster;
  cluster.coordd = "/usr/bin/coordd";
  cluster.flags = {"--log-level=debug", "--x"};
  cluster.founded = true;
  for (uint64_t id = 1; id <= 3; ++id) {
    cluster.members.push_back({.id = id,
                               .address = "127.0.0.1:2000" + std::to_string(id),
                               .metrics = "127.0.0.1:3000",
                               .joins = id == 3,
                               .process = {.pid = 4711,
                                           .start_ticks = 123,
                                           .boot_id = "boot",
                                           .executable = "/bin/x"},
                               .retired = id == 2});
  }
  return {tools::FormatCluster(cluster), "{\"format\": 2}", "[]",
          "{\"format\": 1, \"members\": {}}"};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  const absl::StatusOr<tools::ClusterFile> cluster =
      tools::ParseCluster(fuzz::Text(data, size), "path");
  if (cluster.ok()) {
    fuzz::CheckCluster(*cluster);
    return 0;
  }
  QUORATE_CHECK(tools::ExitCodeOf(cluster.status()) == tools::ExitCode::kLocal);
  return 0;
}
