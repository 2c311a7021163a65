// What stands below the verb `member`, a file for each part.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_MEMBER_VERBS_H_
#define QUORATE_TOOLS_QUORATE_VERBS_MEMBER_VERBS_H_

#include "tools/quorate/command_line.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

void AddMemberListVerb(Verb& group, Context& context);
void AddMemberReplaceVerb(Verb& group, Context& context);
void AddMemberLimitsVerb(Verb& group, Context& context);
// can-stop and change-state.
void AddMemberQuestionVerbs(Verb& group, Context& context);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_MEMBER_VERBS_H_
