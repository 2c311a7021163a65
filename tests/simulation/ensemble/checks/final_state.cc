#include "tests/simulation/ensemble/checks/final_state.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/tree/reads.h"

namespace quorate::simulation {

void CheckFinalState(int member, const tree::StateMachine& state,
                     const tree::PlainModel& model,
                     EnsembleViolations& violations) {
  const auto violation = [&](const std::string& text) {
    violations.push_back(
        {"final_state", absl::StrCat("member ", member, ": ", text)});
  };
  const tree::Reads reads(state, {});
  for (const auto& [path, node] : model.nodes()) {
    const absl::StatusOr<tree::DataAnswer> found = reads.GetData(path);
    if (!found.ok()) {
      violation(absl::StrCat(path, " is missing: ", found.status().ToString()));
    } else if (found->data != node.data || found->stat != model.StatOf(path)) {
      violation(absl::StrCat(path, " is not what was committed"));
    }
  }
  if (state.tree().size() != model.nodes().size()) {
    violation(absl::StrCat("has ", state.tree().size(), " znodes, expected ",
                           model.nodes().size()));
  }
  for (const auto& [session, its] : model.sessions()) {
    if (!state.sessions().Has({session})) {
      violation(absl::StrCat("session ", session, " is missing"));
    }
  }
  if (state.sessions().sessions().size() != model.sessions().size()) {
    violation(absl::StrCat("has ", state.sessions().sessions().size(),
                           " sessions, expected ", model.sessions().size()));
  }
}

}  // namespace quorate::simulation
