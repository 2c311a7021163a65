// cluster up, status, down, kill, pause, resume, restart, add, logs

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/quorate/cluster/cluster_commands.h"
#include "tools/quorate/cluster/cluster_logs.h"
#include "tools/quorate/cluster/cluster_up.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/verbs/provision_verbs.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

void AddUp(Verb& group, Context& context) {
  auto options = std::make_shared<UpOptions>();
  group
      .AddVerb("up",
               "make an ensemble of this machine's processes, or start one "
               "again with its data")
      .Option("--members", Number{&options->members, 1, 7}, "N",
              "how many founders: 1, 3, 5 or 7 (default 3)")
      .Option("--base-port", Number{&options->base_port, 1, 65500}, "P",
              "the first of two ports a member; else any that are free")
      .Option("--coordd", &options->coordd, "PATH",
              "the program; else QUORATE_COORDD, or coordd beside quorate")
      .Option("--coordd-flag", &options->flags, "FLAG",
              "hand this to every coordd too; may be repeated")
      .Option("--from-snapshot", &options->from_snapshot, "FILE",
              "begin with this saved snapshot: a new ensemble of one member, "
              "for others to join")
      .Option("--brokers", Number{&options->brokers.brokers, 0, 100}, "N",
              "how many brokers beside the members (default as many as there "
              "are)")
      .Option("--brokerd", &options->brokers.brokerd, "PATH",
              "the program; else QUORATE_BROKERD, or brokerd beside quorate")
      .Option("--brokerd-flag", &options->brokers.flags, "FLAG",
              "hand this to every brokerd too; may be repeated")
      .Option("--wait", &options->wait, "TIME",
              "how long to wait until it serves (default 60s)")
      .Example("quorate cluster up --dir demo")
      .Example("quorate cluster up --dir demo --members 5 --base-port 7000")
      .Example("quorate cluster up --dir demo --members 3 --brokers 3")
      .Example("quorate cluster up --dir copy --from-snapshot backup.snap")
      .Does([options, &context] { return RunUp(context, *options); });
}

constexpr char kWhich[] =
    "a member's id, leader, a broker as broker-1, or controller";

// A verb that does something with one member or broker.
void AddOne(Verb& group, Context& context, const std::string& name,
            const std::string& help,
            absl::Status (*run)(Context&, const std::string&)) {
  auto member = std::make_shared<std::string>();
  group.AddVerb(name, help)
      .Positional("ID", member.get(), kWhich)
      .Example(absl::StrCat("quorate cluster ", name, " 2 --dir demo"))
      .Example(absl::StrCat("quorate cluster ", name, " leader --dir demo"))
      .Example(absl::StrCat("quorate cluster ", name, " broker-1 --dir demo"))
      .Does([member, run, &context] { return run(context, *member); });
}

void AddLogs(Verb& group, Context& context) {
  auto options = std::make_shared<LogOptions>();
  group.AddVerb("logs", "print what a member or broker has written")
      .Positional("ID", &options->member, kWhich)
      .Flag("-f,--follow", &options->follow, "go on until Ctrl-C")
      .Option("--lines", Number{&options->lines, 1, 1'000'000}, "N",
              "only the last so many")
      .Example("quorate cluster logs 1 --dir demo --lines 20 --follow")
      .Does([options, &context] { return RunLogs(context, *options); });
}

}  // namespace

void AddClusterVerbs(CommandLine& line, Context& context) {
  Verb group = line.AddVerb("cluster",
                            "an ensemble of this machine's processes (--dir); "
                            "apply and export: any ensemble");
  AddUp(group, context);
  group.AddVerb("status", "print the members, the brokers and their processes")
      .Example("quorate cluster status --dir demo")
      .Does([&context] { return RunClusterStatus(context); });
  group.AddVerb("down", "stop every broker and member; the data stays")
      .Example("quorate cluster down --dir demo")
      .Does([&context] { return RunDown(context); });
  AddOne(group, context, "kill",
         "end a member or broker as a crash would (SIGKILL)", RunKill);
  AddOne(group, context, "pause", "stop its clock (SIGSTOP)", RunPause);
  AddOne(group, context, "resume", "let one that is paused go on (SIGCONT)",
         RunResume);
  AddOne(group, context, "restart",
         "start it anew, stopping it first if it runs", RunRestart);
  group
      .AddVerb("add",
               "start one more member, which asks the others to be admitted")
      .Example("quorate cluster add --dir demo")
      .Does([&context] { return RunAdd(context); });
  AddLogs(group, context);
  AddProvisionVerbs(group, context);
}

}  // namespace quorate::tools
