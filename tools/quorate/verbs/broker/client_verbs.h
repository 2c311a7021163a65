// Verbs that send and read messages, and those of dead letters.
//
// As verbs.h: `context` must outlive the command line.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_BROKER_CLIENT_VERBS_H_
#define QUORATE_TOOLS_QUORATE_VERBS_BROKER_CLIENT_VERBS_H_

#include "tools/quorate/command_line.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

void AddProduceVerb(CommandLine& line, Context& context);
void AddConsumeVerb(CommandLine& line, Context& context);
void AddDlqVerbs(CommandLine& line, Context& context);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_BROKER_CLIENT_VERBS_H_
