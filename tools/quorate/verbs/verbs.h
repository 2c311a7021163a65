// The verbs of `quorate`, by group; each function declares those of one file.
//
// `context` must outlive the command line.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_VERBS_H_
#define QUORATE_TOOLS_QUORATE_VERBS_VERBS_H_

#include "tools/quorate/command_line.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

void AddTreeVerbs(CommandLine& line, Context& context);
void AddListVerb(CommandLine& line, Context& context);
void AddMultiVerb(CommandLine& line, Context& context);
void AddWatchVerb(CommandLine& line, Context& context);
void AddAclVerbs(CommandLine& line, Context& context);
void AddQuotaVerbs(CommandLine& line, Context& context);
void AddSessionVerbs(CommandLine& line, Context& context);
void AddStatusVerb(CommandLine& line, Context& context);
void AddMemberVerbs(CommandLine& line, Context& context);
void AddSnapshotVerbs(CommandLine& line, Context& context);
void AddRescueVerb(CommandLine& line, Context& context);
void AddWalVerbs(CommandLine& line, Context& context);
void AddClusterVerbs(CommandLine& line, Context& context);
void AddTopicVerbs(CommandLine& line, Context& context);
void AddGroupVerbs(CommandLine& line, Context& context);
void AddBrokerVerbs(CommandLine& line, Context& context);
void AddBenchVerb(CommandLine& line, Context& context);
void AddDrillVerb(CommandLine& line, Context& context);

// All of the above, in the order of the help.
void AddAllVerbs(CommandLine& line, Context& context);

// Options that may stand before or behind any verb, stored in
// context.options(). In a shell only those that can differ from line to line.
void AddGlobalOptions(CommandLine& line, Context& context);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_VERBS_H_
