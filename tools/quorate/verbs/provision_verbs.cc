#include "tools/quorate/verbs/provision_verbs.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/limits.h"
#include "tools/quorate/cluster/resize.h"
#include "tools/quorate/cluster/rolling_restart.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/context.h"
#include "tools/quorate/provision/apply.h"
#include "tools/quorate/provision/provisioner.h"

namespace quorate::tools {
namespace {

void AddProvisionOptions(Verb& verb, ProvisionOptions& options) {
  verb.Option("--wait", &options.wait, "TIME",
              "how long it may take altogether (default 1h)")
      .Option("--patience", &options.patience, "TIME",
              "how long to wait for what may never come, such as a member that "
              "does not answer (default 30s)");
}

void AddApply(Verb& group, Context& context) {
  auto options = std::make_shared<ApplyOptions>();
  Verb verb = group.AddVerb(
      "apply",
      "move the running ensemble to a declared one, one safe step at a time; "
      "may be cut short and run again, from anywhere");
  verb.Positional("FILE", &options->file,
                  "who is to belong, as cluster export writes it; - for "
                  "standard input")
      .Flag("--dry-run", &options->dry_run,
            "print the steps and the estimate, and do nothing");
  AddProvisionOptions(verb, options->provision);
  verb.Example("quorate cluster export > ensemble.json   # then edit it")
      .Example("quorate cluster apply ensemble.json --dry-run")
      .Example("quorate cluster apply ensemble.json --wait 10m")
      .Example("quorate cluster export | quorate cluster apply -   # no change")
      .Does([options, &context] { return RunApply(context, *options); });
}

struct ResizeArguments {
  int64_t number = 0;
  ProvisionOptions provision;
};

void AddResize(Verb& group, Context& context, const std::string& name,
               const std::string& help, int64_t most,
               const std::string& argument, const std::string& argument_help,
               absl::Status (*run)(Context&, int64_t,
                                   const ProvisionOptions&)) {
  auto arguments = std::make_shared<ResizeArguments>();
  Verb verb = group.AddVerb(name, help);
  verb.Positional(argument, Number{&arguments->number, 1, most}, argument_help);
  AddProvisionOptions(verb, arguments->provision);
  verb.Example(absl::StrCat("quorate cluster ", name, " 3 --dir demo"))
      .Does([arguments, run, &context] {
        return run(context, arguments->number, arguments->provision);
      });
}

void AddRollingRestart(Verb& group, Context& context) {
  auto options = std::make_shared<RollingRestartOptions>();
  group
      .AddVerb("rolling-restart",
               "start every member anew, one after the other, while the "
               "ensemble serves; with --coordd a rolling upgrade")
      .Option("--coordd", &options->coordd, "PATH",
              "the program from now on; else QUORATE_COORDD, coordd beside "
              "quorate, or the one in use")
      .Option("--wait", &options->wait, "TIME",
              "how long each step of each member may take (default 60s)")
      .Example("quorate cluster rolling-restart --dir demo")
      .Example(
          "quorate cluster rolling-restart --dir demo --coordd /opt/new/coordd")
      .Does(
          [options, &context] { return RunRollingRestart(context, *options); });
}

}  // namespace

void AddProvisionVerbs(Verb& group, Context& context) {
  constexpr auto kMost = static_cast<int64_t>(consensus::kMaxVoters);
  AddApply(group, context);
  group
      .AddVerb("export",
               "print who belongs to the ensemble, as cluster apply takes it")
      .Example("quorate cluster export --endpoints 127.0.0.1:7401")
      .Does([&context] { return RunExport(context); });
  AddResize(group, context, "grow",
            "start members and let them vote, until there are N voters", kMost,
            "N", "how many voters there are to be", RunGrow);
  AddResize(group, context, "shrink",
            "remove voters and stop them, until there are N", kMost, "N",
            "how many voters there are to be", RunShrink);
  AddResize(group, context, "replace",
            "let another member take the place of this one, which is removed "
            "for ever and stopped",
            std::numeric_limits<int64_t>::max(), "ID", "the member to replace",
            RunReplace);
  AddRollingRestart(group, context);
}

}  // namespace quorate::tools
