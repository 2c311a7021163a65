#include "tools/quorate/bench/load_op.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace quorate::tools {
namespace {

struct Named {
  const char* name;
  LoadOp op;
};

constexpr Named kOps[] = {
    {"set", LoadOp::kSet},
    {"create", LoadOp::kCreate},
    {"get", LoadOp::kGetLinearizable},
    {"get-linearizable", LoadOp::kGetLinearizable},
    {"get-local", LoadOp::kGetLocal},
    {"exists", LoadOp::kExists},
    {"multi", LoadOp::kMulti},
    {"mixed", LoadOp::kMixed},
    {"watch-fanout", LoadOp::kWatchFanout},
    {"session-churn", LoadOp::kSessionChurn},
    {"idle", LoadOp::kIdle},
};

}  // namespace

std::vector<std::string> LoadOpNames() {
  std::vector<std::string> names;
  for (const Named& named : kOps) names.push_back(named.name);
  return names;
}

std::optional<LoadOp> ParseLoadOp(absl::string_view name) {
  for (const Named& named : kOps) {
    if (name == named.name) return named.op;
  }
  return std::nullopt;
}

}  // namespace quorate::tools
