// drill split-brain, drill outage

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/context.h"
#include "tools/quorate/drill/drill.h"
#include "tools/quorate/drill/schedule.h"
#include "tools/quorate/outage/outage.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

std::string ScheduleHelp() {
  std::string text = "which ones, in this order (default all): ";
  const char* gap = "";
  for (const Schedule& schedule : AllSchedules()) {
    absl::StrAppend(&text, gap, schedule.name);
    gap = ", ";
  }
  return text;
}

void AddOutage(Verb& group, Context& context) {
  auto options = std::make_shared<OutageOptions>();
  group
      .AddVerb(
          "outage",
          "the whole outage in three acts, with brokers, producers and a "
          "consumer: without rules, where a second leader makes a second "
          "controller and writes fail; the recovery, with the dead letter "
          "queue drained; and with the rules, where nothing fails. Exit code "
          "6 if something that is claimed was not seen. Works in a temporary "
          "directory, or in --dir, which must be empty")
      .Option("--input", &options->input, "FILE",
              "its lines are written, and must come out again, each once "
              "(default: the text of a licence)")
      .Option("--out", &options->out, "DIR",
              "write a report there: outage.html, and outage.json with the "
              "same facts")
      .Option("--seed",
              Number{&options->seed, 0, std::numeric_limits<int64_t>::max()},
              "N", "of the order and times of the newcomers (default: drawn)")
      .Option("--coordd", &options->coordd, "PATH",
              "the program; else QUORATE_COORDD, or coordd beside quorate")
      .Option("--brokerd", &options->brokerd, "PATH",
              "the program; else QUORATE_BROKERD, or brokerd beside quorate")
      .Flag("--keep", &options->keep,
            "leave the processes' directories and logs behind")
      .Example("quorate drill outage --out report")
      .Example("quorate drill outage --input /etc/services --seed 7")
      .Does([options, &context] { return RunOutageDrill(context, *options); });
}

}  // namespace

void AddDrillVerb(CommandLine& line, Context& context) {
  Verb group = line.AddVerb("drill", "an outage, played on real processes");
  AddOutage(group, context);
  auto options = std::make_shared<DrillOptions>();
  group
      .AddVerb(
          "split-brain",
          "start four newcomers beside an ensemble of three in ten ways: with "
          "lists that are believed, where it splits and loses what it "
          "acknowledged, and with the membership rules, where it does not; "
          "exit code 6 if a claim was not observed. Works in a temporary "
          "directory, or in --dir, which must be empty")
      .Option("--schedule", &options->schedules, "NAME,...", ScheduleHelp())
      .Option("--against", Choice{&options->against, {"zookeeper"}}, "WHAT",
              "zookeeper: run the same on the ZooKeeper that is installed "
              "(Debian: libzookeeper-java), and show it beside ours")
      .Option("--seed",
              Number{&options->seed, 0, std::numeric_limits<int64_t>::max()},
              "N",
              "of everything that chance decides, such as times (default: "
              "drawn, and printed)")
      .Option("--coordd", &options->coordd, "PATH",
              "the program; else QUORATE_COORDD, or coordd beside quorate")
      .Flag("--keep", &options->keep,
            "leave the members' directories and logs behind")
      .Example("quorate drill split-brain --schedule quick,rolling --seed 7")
      .Example("quorate drill split-brain --against zookeeper")
      .Example(
          "quorate drill split-brain --schedule old-down --dir demo-drill "
          "--keep")
      .Does([options, &context] {
        return RunSplitBrainDrill(context, *options);
      });
}

}  // namespace quorate::tools
