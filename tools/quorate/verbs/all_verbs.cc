#include "tools/quorate/command_line.h"
#include "tools/quorate/context.h"
#include "tools/quorate/verbs/broker/client_verbs.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {

void AddGlobalOptions(CommandLine& line, Context& context) {
  GlobalOptions& options = context.options();
  Verb& global = line.global();
  global.Flag("--json", &options.json, "print JSON, errors too");
  if (context.in_shell()) return;
  global.Option("--timeout", &options.timeout, "TIME",
                "how long each request may take: 10s, 500ms (default 10s)");
  global.Option("--endpoints", &options.endpoints, "HOST:PORT,...",
                "members to ask; else QUORATE_ENDPOINTS");
  global.Option("--dir", &options.directory, "DIR",
                "a local cluster; else QUORATE_DIR");
  global.Option("--pin-file", &options.pin_file, "FILE",
                "remember ensemble id and highest zxid from call to call, and "
                "refuse other ensembles and members behind");
  global.Option("--auth", &options.auth, "SCHEME:SECRET",
                "prove who you are: digest:USER:PASSWORD; may be repeated");
}

void AddAllVerbs(CommandLine& line, Context& context) {
  AddTreeVerbs(line, context);
  AddListVerb(line, context);
  AddMultiVerb(line, context);
  AddWatchVerb(line, context);
  AddAclVerbs(line, context);
  AddQuotaVerbs(line, context);
  AddSessionVerbs(line, context);
  AddStatusVerb(line, context);
  AddMemberVerbs(line, context);
  AddSnapshotVerbs(line, context);
  AddRescueVerb(line, context);
  AddWalVerbs(line, context);
  AddClusterVerbs(line, context);
  AddTopicVerbs(line, context);
  AddProduceVerb(line, context);
  AddConsumeVerb(line, context);
  AddDlqVerbs(line, context);
  AddGroupVerbs(line, context);
  AddBrokerVerbs(line, context);
  AddBenchVerb(line, context);
  AddDrillVerb(line, context);
}

}  // namespace quorate::tools
