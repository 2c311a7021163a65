#include "tools/quorate/outage/summary.h"

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/quorate/console.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/markup.h"
#include "tools/quorate/table.h"

namespace quorate::tools {

void PrintSummary(const Console& console, const OutageFacts& facts) {
  for (const ActFacts& act : facts.acts) {
    console.out << "\n"
                << console.Paint(Colour::kBold,
                                 absl::StrCat("Act ", act.number))
                << ": " << act.title << "\n";
    for (const Finding& finding : act.findings) {
      console.out << "  "
                  << console.Paint(finding.met ? Colour::kGreen : Colour::kRed,
                                   finding.met ? "seen    " : "NOT SEEN")
                  << "  " << finding.sentence << ": " << finding.seen << "\n";
    }
  }
  console.out << "\n";
  Table table({"ACT", "SENT", "AT ONCE", "BY RETRY", "DEAD-LETTERED", "FAILED",
               "FAILED AT FIRST", "PROCESSED", "LOST", "TWICE", "SHA-256"});
  for (const ActFacts& act : facts.acts) {
    const WriteSums sums = SumUp(act.writes);
    const ProcessedFacts& end = act.in_the_end;
    table.Add({absl::StrCat(act.number), Grouped(sums.sent()),
               Grouped(sums.at_once), Grouped(sums.by_retry),
               Grouped(sums.dead_lettered), Grouped(sums.failed),
               Percent(sums.failed_at_first_share()), Grouped(end.distinct),
               Grouped(end.missing()), Grouped(end.doubled()),
               end.digest.substr(0, 16)});
  }
  table.Print(console);
  console.out << std::flush;
}

std::vector<std::string> Unmet(const OutageFacts& facts) {
  std::vector<std::string> unmet;
  for (const ActFacts& act : facts.acts) {
    for (const Finding& finding : act.findings) {
      if (finding.met) continue;
      unmet.push_back(absl::StrCat("act ", act.number, ": ", finding.name, " (",
                                   finding.seen, ")"));
    }
  }
  return unmet;
}

}  // namespace quorate::tools
