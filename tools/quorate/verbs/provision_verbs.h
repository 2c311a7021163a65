// cluster apply, export, grow, shrink, replace, rolling-restart: verbs below
// `cluster` that move an ensemble, step by step.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_PROVISION_VERBS_H_
#define QUORATE_TOOLS_QUORATE_VERBS_PROVISION_VERBS_H_

#include "tools/quorate/command_line.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

// Declares them below `group`. `context` must outlive the command line.
void AddProvisionVerbs(Verb& group, Context& context);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_PROVISION_VERBS_H_
