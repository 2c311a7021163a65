#include "tools/quorate/outage/html_report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/outage/chart.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/markup.h"

namespace quorate::tools {
namespace {

constexpr char kStyle[] = R"(
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 40px 60px; max-width: 1280px;
  background: #fff; color: #222;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 28px; margin: 0 0 4px; }
h2 { font-size: 21px; margin: 44px 0 4px; border-top: 1px solid #ddd;
  padding-top: 20px; }
h3 { font-size: 16px; margin: 20px 0 6px; }
p { margin: 4px 0 10px; max-width: 900px; }
.quiet { color: #666; font-size: 13.5px; }
.verdict { padding: 10px 16px; border-left: 6px solid; margin: 14px 0; }
.good { background: #eaf6ee; border-color: #2e8b57; }
.bad { background: #fdeaea; border-color: #c81e1e; }
.tiles { display: grid; grid-template-columns: repeat(5, 1fr); gap: 12px;
  margin: 16px 0; }
.tile { border: 1px solid #ddd; border-radius: 6px; padding: 10px 14px; }
.tile b { display: block; font-size: 24px; line-height: 1.25; }
.tile span { color: #555; font-size: 13px; }
table { border-collapse: collapse; margin: 8px 0; font-size: 14px; }
th, td { text-align: left; padding: 4px 14px 4px 0;
  border-bottom: 1px solid #e5e5e5; vertical-align: top; }
th { font-weight: 600; }
td.count, th.count { text-align: right; font-variant-numeric: tabular-nums; }
code { font: 12.5px ui-monospace, monospace; word-break: break-all; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 6px 0 0 92px;
  font-size: 13px; color: #444; }
.legend i { display: inline-block; width: 12px; height: 12px;
  margin-right: 5px; vertical-align: -1px; }
.columns { display: grid; grid-template-columns: 5fr 6fr; gap: 0 40px; }
ol, ul { margin: 4px 0; padding-left: 24px; }
.claims { list-style: none; padding: 0; }
.claims li { padding: 2px 0 2px 26px; text-indent: -26px; }
.yes::before { content: "\2713"; color: #2e8b57; font-weight: 700;
  display: inline-block; width: 26px; text-indent: 0; }
.no::before { content: "\2717"; color: #c81e1e; font-weight: 700;
  display: inline-block; width: 26px; text-indent: 0; }
.bar { display: inline-block; height: 12px; background: #1f6fb4;
  vertical-align: -1px; margin-right: 8px; }
details { margin: 8px 0; }
summary { cursor: pointer; color: #1f5f9b; }
)";

std::string Element(absl::string_view tag, absl::string_view inner) {
  return absl::StrCat("<", tag, ">", inner, "</", tag, ">\n");
}

std::string Tile(const std::string& value, absl::string_view words) {
  return absl::StrCat("<div class=\"tile\"><b>", Escape(value), "</b><span>",
                      Escape(words), "</span></div>\n");
}

struct Score {
  size_t met = 0;
  size_t all = 0;
};
Score ScoreOf(const OutageFacts& facts) {
  Score score;
  for (const ActFacts& act : facts.acts) {
    score.all += act.findings.size();
    score.met += static_cast<size_t>(
        std::count_if(act.findings.begin(), act.findings.end(),
                      [](const Finding& finding) { return finding.met; }));
  }
  return score;
}

std::string VerdictOf(const OutageFacts& facts) {
  const Score score = ScoreOf(facts);
  if (AllSeen(facts)) {
    return absl::StrCat(
        "<div class=\"verdict good\"><b>Everything that is "
        "claimed was seen:</b> ",
        score.met, " of ", score.all, " claims.</div>\n");
  }
  std::string html = absl::StrCat(
      "<div class=\"verdict bad\"><b>Not everything was seen:</b> ", score.met,
      " of ", score.all, " claims.");
  if (!facts.stopped.empty()) {
    absl::StrAppend(
        &html, " It could not be played to its end: ", Escape(facts.stopped));
  }
  html += "<ul>";
  for (const ActFacts& act : facts.acts) {
    for (const Finding& finding : act.findings) {
      if (finding.met) continue;
      html += Element(
          "li", absl::StrCat("act ", act.number, ": ", Escape(finding.sentence),
                             ": ", Escape(finding.seen)));
    }
  }
  return html + "</ul></div>\n";
}

std::string Header(const OutageFacts& facts) {
  return absl::StrCat(
      "<h1>The outage, played on local processes</h1>\n<p class=\"quiet\">",
      Escape(facts.when), ", ", AsSeconds(facts.duration_ms), " in all; seed ",
      facts.seed, ". Input: ", Grouped(facts.input_lines), " lines, ",
      Grouped(facts.input_bytes), " bytes of <code>", Escape(facts.input_path),
      "</code>, SHA-256 <code>", Escape(facts.input_digest), "</code></p>\n");
}

std::string Tiles(const OutageFacts& facts) {
  std::string html = "<div class=\"tiles\">\n";
  for (const ActFacts& act : facts.acts) {
    const WriteSums sums = SumUp(act.writes);
    html +=
        Tile(Percent(sums.failed_at_first_share()),
             absl::StrCat("of ", Grouped(sums.sent()),
                          " writes failed at first in act ", act.number, ": ",
                          Grouped(sums.by_retry), " saved by a retry, ",
                          Grouped(sums.dead_lettered), " dead-lettered"));
  }
  int64_t missing = 0;
  int64_t doubled = 0;
  for (const ActFacts& act : facts.acts) {
    missing += act.in_the_end.missing();
    doubled += act.in_the_end.doubled();
  }
  html += Tile(Grouped(missing), "messages lost in the end");
  html += Tile(Grouped(doubled), "messages processed twice");
  return html + "</div>\n";
}

std::string LegendEntry(absl::string_view style, absl::string_view words) {
  return absl::StrCat("<span><i class=\"", style, "\"></i>", Escape(words),
                      "</span>");
}

// Only what this act's chart shows.
std::string Legend(const ActFacts& act) {
  std::map<std::string, std::string> entries;
  const auto collect = [&](const std::vector<Lane>& lanes, char kind,
                           absl::string_view noun) {
    for (const Lane& lane : lanes) {
      for (const Span& span : lane.spans) {
        if (span.belief.state == "down") continue;
        const std::string style = StyleOf(span.belief, kind);
        entries[style] = span.belief.whom != 0
                             ? absl::StrCat(noun, " ", span.belief.whom)
                         : style == "silent" ? "does not answer"
                                             : "believes in nobody";
      }
    }
  };
  collect(act.members, 'm', "leader: member");
  collect(act.brokers, 'c', "controller: broker");
  const WriteSums sums = SumUp(act.writes);
  std::string html = "<div class=\"legend\">";
  for (const auto& [style, words] : entries) html += LegendEntry(style, words);
  for (const Outcome outcome : {Outcome::kAtOnce, Outcome::kByRetry,
                                Outcome::kDeadLettered, Outcome::kFailed}) {
    html += LegendEntry(
        StyleOf(outcome),
        absl::StrCat(NameOf(outcome), ": ", Grouped(sums.Of(outcome))));
  }
  return html + "</div>\n";
}

std::string ClaimsOf(const ActFacts& act) {
  std::string html =
      "<h3>What is claimed, and what was seen</h3>\n"
      "<ul class=\"claims\">\n";
  for (const Finding& finding : act.findings) {
    absl::StrAppend(&html, "<li class=\"", finding.met ? "yes" : "no", "\">",
                    Escape(finding.sentence),
                    "<span class=\"quiet\">: ", Escape(finding.seen),
                    "</span></li>\n");
  }
  return html + "</ul>\n";
}

std::string MarksOf(const ActFacts& act) {
  std::string html = "<h3>What happened</h3>\n<ol>\n";
  for (const Mark& mark : act.marks) {
    html += Element(
        "li", absl::StrCat(Escape(mark.text), " <span class=\"quiet\">at ",
                           AsSeconds(mark.at_ms), "</span>"));
  }
  return html + "</ol>\n";
}

std::string CausesTable(const ActFacts& act) {
  const std::map<std::string, int64_t> causes = CausesOf(act.writes);
  if (causes.empty()) return "";
  std::vector<std::string> words;
  for (const auto& [cause, count] : causes) {
    words.push_back(
        absl::StrCat("<code>", Escape(cause), "</code> ", Grouped(count)));
  }
  return Element("p", absl::StrCat("Last errors of the writes that failed at "
                                   "first: ",
                                   absl::StrJoin(words, ", "), "."));
}

std::string TimelineOf(const ActFacts& act) {
  std::string html =
      absl::StrCat("<details><summary>The whole timeline: ", act.events.size(),
                   " entries</summary>\n<table>\n");
  for (const TimelineEntry& entry : act.events) {
    absl::StrAppend(&html, "<tr><td class=\"count\">", AsSeconds(entry.at_ms),
                    "</td><td>", Escape(entry.text), "</td></tr>\n");
  }
  return html + "</table></details>\n";
}

std::string ActSection(const ActFacts& act) {
  return absl::StrCat("<h2>Act ", act.number, ": ", Escape(act.title),
                      "</h2>\n", Element("p", Escape(act.story)), ActChart(act),
                      Legend(act), "<div class=\"columns\"><div>", MarksOf(act),
                      "</div><div>", ClaimsOf(act), "</div></div>\n",
                      CausesTable(act), TimelineOf(act));
}

// A row of the table, a cell for each act.
std::string Row(const OutageFacts& facts, absl::string_view head,
                const std::function<std::string(const ActFacts&)>& cell) {
  std::string html = absl::StrCat("<tr><td>", Escape(head), "</td>");
  for (const ActFacts& act : facts.acts) {
    absl::StrAppend(&html, "<td class=\"count\">", cell(act), "</td>");
  }
  return html + "</tr>\n";
}

std::string CountsTable(const OutageFacts& facts) {
  std::string html =
      "<h2>Counts and digests</h2>\n"
      "<p>What was processed is counted in the consumer's own database. Its "
      "digest is that of the lines it holds, in the order of the input, so "
      "that it can be compared with <code>sha256sum</code> of the input.</p>\n"
      "<table>\n<tr><th></th>";
  for (const ActFacts& act : facts.acts) {
    absl::StrAppend(&html, "<th class=\"count\">act ", act.number, "</th>");
  }
  html += "</tr>\n";
  const auto row = [&](absl::string_view head, auto count) {
    html += Row(facts, head,
                [&](const ActFacts& act) { return Grouped(count(act)); });
  };
  row("messages sent",
      [](const ActFacts& a) { return SumUp(a.writes).sent(); });
  for (const Outcome outcome : {Outcome::kAtOnce, Outcome::kByRetry,
                                Outcome::kDeadLettered, Outcome::kFailed}) {
    row(NameOf(outcome),
        [&](const ActFacts& a) { return SumUp(a.writes).Of(outcome); });
  }
  html += Row(facts, "failed at first", [](const ActFacts& a) {
    return Percent(SumUp(a.writes).failed_at_first_share());
  });
  row("processed when the act ended",
      [](const ActFacts& a) { return a.processed.distinct; });
  row("replayed from the queue",
      [](const ActFacts& a) { return a.queue.replayed; });
  row("expected: lines, times passes over the input",
      [](const ActFacts& a) { return a.in_the_end.expected; });
  row("effects in the end",
      [](const ActFacts& a) { return a.in_the_end.effects; });
  row("lost", [](const ActFacts& a) { return a.in_the_end.missing(); });
  row("processed twice",
      [](const ActFacts& a) { return a.in_the_end.doubled(); });
  html += Row(facts, "SHA-256 of what was processed", [](const ActFacts& a) {
    return absl::StrCat("<code>", Escape(a.in_the_end.digest.substr(0, 16)),
                        "</code>");
  });
  html += Row(facts, "the input's", [](const ActFacts& a) {
    return absl::StrCat("<code>",
                        Escape(a.in_the_end.expected_digest.substr(0, 16)),
                        "</code>");
  });
  return html + "</table>\n";
}

std::string RefusalsTable(const OutageFacts& facts) {
  const std::vector<RuleRefusals> refusals = RefusalsOf(facts);
  std::string html = "<h2>Refusals by rule</h2>\n";
  if (refusals.empty()) return html + "<p>Nothing was refused.</p>\n";
  int64_t most = 1;
  for (const RuleRefusals& rule : refusals) most = std::max(most, rule.count);
  html +=
      "<table>\n<tr><th>rule</th><th>refusals</th><th>of what</th><th>why, "
      "the last time</th><th>named a time to retry</th></tr>\n";
  for (const RuleRefusals& rule : refusals) {
    std::vector<std::string> numbers;
    for (const auto& [name, value] : rule.numbers) {
      numbers.push_back(absl::StrCat(Escape(name), "=", value));
    }
    const double width =
        100.0 * static_cast<double>(rule.count) / static_cast<double>(most);
    const std::string name =
        rule.rule == 0 ? "no rule: not a learner yet"
                       : absl::StrCat(rule.rule, " (", rule.name, ")");
    const std::string retry =
        rule.with_retry == 0
            ? "no"
            : absl::StrCat(rule.with_retry, " times, in ",
                           AsSeconds(rule.longest_retry_ms), " at the latest");
    absl::StrAppend(&html, "<tr><td>", Escape(name),
                    "</td><td style=\"white-space:nowrap\"><span class=\"bar\" "
                    "style=\"width:",
                    absl::StrFormat("%.0fpx", width), "\"></span>", rule.count,
                    "</td><td>", Escape(absl::StrJoin(rule.asked, "; ")),
                    "</td><td>", Escape(rule.message), "<br><code>",
                    absl::StrJoin(numbers, " "), "</code></td><td>", retry,
                    "</td></tr>\n");
  }
  return html + "</table>\n";
}

}  // namespace

std::string HtmlReport(const OutageFacts& facts) {
  std::string html = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<title>Quorate: the outage</title>\n<style>",
      kStyle, ChartStyle(), "</style>\n</head>\n<body>\n", Header(facts),
      VerdictOf(facts), Tiles(facts));
  for (const ActFacts& act : facts.acts) html += ActSection(act);
  absl::StrAppend(&html, CountsTable(facts), RefusalsTable(facts),
                  "</body>\n</html>\n");
  return html;
}

}  // namespace quorate::tools
