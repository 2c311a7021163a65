#include "tools/quorate/outage/outage.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/cluster/cluster_up.h"
#include "tools/quorate/cluster/find_program.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/timeline.h"
#include "tools/quorate/drill/workplace.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/interrupt.h"
#include "tools/quorate/outage/acts.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/facts_json.h"
#include "tools/quorate/outage/html_report.h"
#include "tools/quorate/outage/input.h"
#include "tools/quorate/outage/scene.h"
#include "tools/quorate/outage/summary.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

// Debian's base-files has it, and that is essential.
constexpr char kDefaultInput[] = "/usr/share/common-licenses/GPL-3";

// Made before anything runs, so that a report that cannot be written costs
// nobody three minutes.
absl::Status MakeOut(const std::string& out) {
  if (out.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) return LocalError(absl::StrCat(out, ": ", error.message()));
  return WriteFileAtomically(absl::StrCat(out, "/outage.json"), "{}\n");
}

absl::Status WriteReport(const Console& console, const std::string& out,
                         const OutageFacts& facts) {
  if (out.empty()) return absl::OkStatus();
  const std::string html = absl::StrCat(out, "/outage.html");
  const std::string json = absl::StrCat(out, "/outage.json");
  absl::Status status = WriteFileAtomically(html, HtmlReport(facts));
  status.Update(
      WriteFileAtomically(json, absl::StrCat(Dump(FactsJson(facts)), "\n")));
  if (status.ok() && !console.json) {
    console.out << "\nreport: " << html << "\nfacts:  " << json << std::endl;
  }
  return status;
}

absl::Status PlayAll(const Production& production, Workplace& workplace,
                     std::vector<ActFacts>& acts) {
  absl::StatusOr<std::string> room = workplace.Room("unsafe");
  if (!room.ok()) return room.status();
  absl::Status status = PlayUnsafeActs(production, *room, acts);
  if (!status.ok()) return status;
  room = workplace.Room("safe");
  if (!room.ok()) return room.status();
  return PlaySafeAct(production, *room, acts);
}

// What went wrong, and where to look.
absl::Status Explain(const absl::Status& played, const OutageFacts& facts,
                     const std::string& directory) {
  const std::string logs =
      absl::StrCat("; the processes' logs are kept in ", directory);
  if (absl::IsCancelled(played)) {
    return LocalError("interrupted; every process of the demo was stopped");
  }
  if (!played.ok()) {
    return absl::Status(played.code(), absl::StrCat(played.message(), logs));
  }
  const std::vector<std::string> unmet = Unmet(facts);
  if (unmet.empty()) return absl::OkStatus();
  return NotObservedError(
      absl::StrCat(unmet.size(), " of the claims were not observed with seed ",
                   facts.seed, ": ", absl::StrJoin(unmet, "; "), logs));
}

}  // namespace

absl::Status RunOutageDrill(Context& context, const OutageOptions& options) {
  const Console& console = context.console();
  const absl::StatusOr<Input> input =
      ReadInput(options.input.empty() ? kDefaultInput : options.input);
  if (!input.ok()) return input.status();
  const absl::StatusOr<std::string> coordd =
      FindCoordd(context, options.coordd, "");
  if (!coordd.ok()) return coordd.status();
  const absl::StatusOr<std::string> brokerd = FindProgram(
      context, "brokerd", "--brokerd", "QUORATE_BROKERD", options.brokerd, "");
  if (!brokerd.ok()) return brokerd.status();
  absl::Status status = MakeOut(options.out);
  if (!status.ok()) return status;

  const Interrupt interrupt;
  const Patience patience(interrupt);
  Workplace workplace;
  status = workplace.Make(context.options().directory, options.keep);
  if (!status.ok()) return status;
  Timeline timeline(console);
  OutageFacts facts{.seed = options.seed ? static_cast<uint64_t>(*options.seed)
                                         : std::random_device()(),
                    .input_path = input->path,
                    .input_lines = static_cast<int64_t>(input->lines.size()),
                    .input_bytes = static_cast<int64_t>(input->bytes),
                    .input_digest = input->digest,
                    .when = FormatTime(absl::ToUnixMillis(absl::Now()))};
  if (!console.json) {
    console.out << "input: " << input->path << ", " << input->lines.size()
                << " lines; seed " << facts.seed << "; directories in "
                << workplace.path() << std::endl;
  }
  const Production production{.patience = patience,
                              .timeline = timeline,
                              .input = *input,
                              .coordd = *coordd,
                              .brokerd = *brokerd,
                              .seed = facts.seed};
  const absl::Status played = PlayAll(production, workplace, facts.acts);
  facts.duration_ms = timeline.NowMs();
  if (!played.ok()) facts.stopped = std::string(played.message());
  if (console.json) {
    console.out << Dump(FactsJson(facts)) << std::endl;
  } else {
    PrintSummary(console, facts);
  }
  status = WriteReport(console, options.out, facts);
  if (!AllSeen(facts) && !absl::IsCancelled(played)) workplace.Keep();
  const absl::Status explained = Explain(played, facts, workplace.path());
  return explained.ok() ? status : explained;
}

}  // namespace quorate::tools
