#include "tools/quorate/outage/chart.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/markup.h"

namespace quorate::tools {
namespace {

constexpr double kWidth = 1180;
constexpr double kLeft = 92;
constexpr double kRight = 24;
constexpr double kLaneHeight = 20;
constexpr double kLaneStep = 24;
constexpr double kHeadHeight = 24;
constexpr double kMarksHeight = 26;
constexpr double kBarsHeight = 150;
constexpr double kAxisHeight = 24;
constexpr double kMarkRadius = 8;
// Narrower than this, a span's words do not fit.
constexpr double kLetterWidth = 6.2;
constexpr int kMostBuckets = 90;

// The smallest of 1, 2, 5, 10, ... that needs at most `most` steps up to `to`.
int64_t StepFor(int64_t to, int64_t most, int64_t least) {
  int64_t step = least;
  while (true) {
    for (const int64_t times : {1, 2, 5}) {
      if (step * times * most >= to) return step * times;
    }
    step *= 10;
  }
}

class Chart {
 public:
  explicit Chart(const ActFacts& act) : act_(act) {
    length_ms_ = std::max<int64_t>(1, act.end_ms - act.begin_ms);
  }

  std::string Draw() {
    y_ = kMarksHeight;
    DrawLanes("each member: whom it takes for the leader", act_.members, 'm');
    DrawLanes("each broker: whom it takes for the controller", act_.brokers,
              'c');
    DrawWrites();
    DrawAxis();
    const std::string marks = Marks();
    return absl::StrFormat(
        "<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
        "role=\"img\" aria-label=\"%s\">\n%s%s</svg>\n",
        kWidth, y_, kWidth, y_, Escape(act_.title), marks, body_);
  }

 private:
  double X(int64_t at_ms) const {
    const double share = static_cast<double>(at_ms - act_.begin_ms) /
                         static_cast<double>(length_ms_);
    return kLeft + std::clamp(share, 0.0, 1.0) * (kWidth - kLeft - kRight);
  }

  void Head(absl::string_view text) {
    body_ += Text(kLeft, y_ + kHeadHeight - 8, "head", "start", text);
    y_ += kHeadHeight;
  }

  void DrawLanes(absl::string_view head, const std::vector<Lane>& lanes,
                 char kind);
  void DrawWrites();
  void DrawBar(const WriteBucket& bucket, int64_t width_ms, int64_t most);
  void DrawAxis();
  std::string Marks() const;

  const ActFacts& act_;
  int64_t length_ms_ = 1;
  double y_ = 0;
  std::string body_ = {};
};

std::string WordsOf(const Belief& belief) {
  if (belief.state == "leads" || belief.state == "controls") {
    return absl::StrCat(belief.state, " (epoch ", belief.epoch, ")");
  }
  if (belief.whom != 0) {
    return absl::StrCat(belief.state, " ", belief.whom);
  }
  return belief.state;
}

void Chart::DrawLanes(absl::string_view head, const std::vector<Lane>& lanes,
                      char kind) {
  if (lanes.empty()) return;
  Head(head);
  for (const Lane& lane : lanes) {
    body_ += Text(kLeft - 8, y_ + kLaneHeight - 6, "name", "end", lane.name);
    body_ += Line(kLeft, y_ + kLaneHeight / 2, kWidth - kRight,
                  y_ + kLaneHeight / 2, "rail");
    for (const Span& span : lane.spans) {
      if (span.belief.state == "down") continue;
      const double x = X(span.begin_ms);
      const double width = std::max(1.0, X(span.end_ms) - x);
      const std::string words = WordsOf(span.belief);
      const bool rules =
          span.belief.state == "leads" || span.belief.state == "controls";
      body_ += Rect(
          x, y_, width, kLaneHeight,
          absl::StrCat(StyleOf(span.belief, kind), rules ? " rules" : ""),
          absl::StrCat(lane.name, ": ", span.belief.state,
                       span.belief.whom != 0
                           ? absl::StrCat(", believes in ", span.belief.whom,
                                          " (epoch ", span.belief.epoch, ")")
                           : "",
                       ", from ", AsSeconds(span.begin_ms), " to ",
                       AsSeconds(span.end_ms)));
      if (width > kLetterWidth * static_cast<double>(words.size()) + 6) {
        body_ += Text(x + width / 2, y_ + kLaneHeight - 6,
                      span.belief.whom != 0 ? "inside" : "inside dark",
                      "middle", words);
      }
    }
    y_ += kLaneStep;
  }
}

void Chart::DrawWrites() {
  const int64_t width_ms = StepFor(length_ms_, kMostBuckets, 100);
  const std::vector<WriteBucket> buckets =
      BucketsOf(act_.writes, act_.begin_ms, act_.end_ms, width_ms);
  int64_t most = 1;
  for (const WriteBucket& bucket : buckets) {
    most = std::max(most, bucket.sums.sent());
  }
  Head(absl::StrCat("writes, by when they were sent and what became of them, ",
                    "per ", AsSeconds(width_ms)));
  const int64_t step = StepFor(most, 4, 1);
  for (int64_t value = 0; value <= most; value += step) {
    const double y =
        y_ + kBarsHeight -
        kBarsHeight * static_cast<double>(value) / static_cast<double>(most);
    body_ += Line(kLeft, y, kWidth - kRight, y, "grid");
    body_ += Text(kLeft - 8, y + 4, "name", "end", Grouped(value));
  }
  for (const WriteBucket& bucket : buckets) DrawBar(bucket, width_ms, most);
  y_ += kBarsHeight;
}

void Chart::DrawBar(const WriteBucket& bucket, int64_t width_ms, int64_t most) {
  if (bucket.sums.sent() == 0) return;
  const double x = X(bucket.begin_ms);
  const double width = std::max(1.0, X(bucket.begin_ms + width_ms) - x - 1);
  double top = y_ + kBarsHeight;
  for (const Outcome outcome : {Outcome::kAtOnce, Outcome::kByRetry,
                                Outcome::kDeadLettered, Outcome::kFailed}) {
    const int64_t count = bucket.sums.Of(outcome);
    if (count == 0) continue;
    const double height =
        kBarsHeight * static_cast<double>(count) / static_cast<double>(most);
    top -= height;
    body_ += Rect(x, top, width, height, StyleOf(outcome),
                  absl::StrCat(AsSeconds(bucket.begin_ms), ": ", count, " ",
                               NameOf(outcome)));
  }
}

void Chart::DrawAxis() {
  const int64_t step = StepFor(length_ms_, 12, 1'000);
  body_ += Line(kLeft, y_, kWidth - kRight, y_, "axis");
  // In seconds of the whole run, as in the timeline.
  for (int64_t at_ms = (act_.begin_ms + step - 1) / step * step;
       at_ms <= act_.end_ms; at_ms += step) {
    body_ += Line(X(at_ms), y_, X(at_ms), y_ + 4, "axis");
    body_ += Text(X(at_ms), y_ + 17, "name", "middle",
                  absl::StrCat(at_ms / 1000, " s"));
  }
  y_ += kAxisHeight;
}

std::string Chart::Marks() const {
  std::string marks;
  double last = -kWidth;
  for (size_t i = 0; i < act_.marks.size(); ++i) {
    const double x = X(act_.marks[i].at_ms);
    // Those that come close to one another stand side by side.
    const double centre = std::max(x, last + 2 * kMarkRadius + 1);
    last = centre;
    absl::StrAppend(
        &marks, Line(x, kMarksHeight - 4, x, y_ - kAxisHeight, "mark"),
        Line(centre, kMarksHeight - 12, x, kMarksHeight - 4, "mark"));
    absl::StrAppendFormat(
        &marks,
        "<circle cx=\"%.1f\" cy=\"10\" r=\"%.1f\" class=\"bubble\">"
        "<title>%s</title></circle>\n",
        centre, kMarkRadius, Escape(act_.marks[i].text));
    marks += Text(centre, 14, "number", "middle", absl::StrCat(i + 1));
  }
  return marks;
}

}  // namespace

std::string StyleOf(const Belief& belief, char kind) {
  if (belief.whom != 0) {
    return absl::StrFormat("%c%d", kind, belief.whom);
  }
  return belief.state == "silent" ? "silent" : "waiting";
}

std::string StyleOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAtOnce:
      return "at-once";
    case Outcome::kByRetry:
      return "by-retry";
    case Outcome::kDeadLettered:
      return "dead-lettered";
    case Outcome::kFailed:
      return "failed";
  }
  return "";
}

std::string ActChart(const ActFacts& act) { return Chart(act).Draw(); }

// Leaders among the old members are blue, among the newcomers orange; colours
// that also differ for those who see no red or no green.
std::string ChartStyle() {
  return R"(
svg { display: block; max-width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: #333; }
svg .head { font-weight: 600; paint-order: stroke; stroke: #fff;
  stroke-width: 4px; }
svg .name { fill: #555; font-size: 11.5px; }
svg .inside { fill: #fff; font-size: 11px; pointer-events: none; }
svg .dark { fill: #444; }
svg .number { fill: #fff; font-size: 11px; font-weight: 600;
  pointer-events: none; }
svg .bubble { fill: #333; }
svg .mark { stroke: #333; stroke-width: 1; stroke-dasharray: 2 3; }
svg .rail { stroke: #ddd; }
svg .grid { stroke: #e6e6e6; }
svg .axis { stroke: #777; }
.m1 { fill: #1f6fb4; background: #1f6fb4; }
.m2 { fill: #4a8fcb; background: #4a8fcb; }
.m3 { fill: #0b4a80; background: #0b4a80; }
.m4 { fill: #d9641c; background: #d9641c; }
.m5 { fill: #b84a0a; background: #b84a0a; }
.m6 { fill: #e08033; background: #e08033; }
.m7 { fill: #94390a; background: #94390a; }
.c1 { fill: #0f766e; background: #0f766e; }
.c2 { fill: #6d28d9; background: #6d28d9; }
.c3 { fill: #be185d; background: #be185d; }
.waiting { fill: #e4e4e4; background: #e4e4e4; }
.silent { fill: #c4c4c4; background: #c4c4c4; }
.rules { stroke: #111; stroke-width: 2; }
.at-once { fill: #7fb58f; background: #7fb58f; }
.by-retry { fill: #e6b422; background: #e6b422; }
.dead-lettered { fill: #7c3aed; background: #7c3aed; }
.failed { fill: #c81e1e; background: #c81e1e; }
)";
}

}  // namespace quorate::tools
