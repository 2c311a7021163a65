// Stages of our own members: with lists, and with membership rules.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_COORDD_STAGE_H_
#define QUORATE_TOOLS_QUORATE_DRILL_COORDD_STAGE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"

namespace quorate::tools {

// Each member believes the list that it was started with. `directory` is there
// and empty; `coordd` has no symbolic links in it. Local: no ports.
absl::StatusOr<std::unique_ptr<Stage>> MakeListStage(
    const std::string& directory, const std::string& coordd);

// The same members with the rules, whose times are as short as they may be. Old
// members are founders; a list of seven at them is another list of founders.
// Newcomers ask whom they are told of to be admitted. `patience` and `timeline`
// must outlive it.
absl::StatusOr<std::unique_ptr<Stage>> MakeRulesStage(
    const std::string& directory, const std::string& coordd,
    const Patience& patience, Timeline& timeline);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_COORDD_STAGE_H_
