#include "tools/quorate/provision/report.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/console.h"
#include "tools/quorate/provision/forecast.h"
#include "tools/quorate/provision/planner.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

std::string About(int64_t left_ms) {
  // To the second: more would be a guess at a guess.
  const int64_t rounded_ms = (left_ms + 999) / 1000 * 1000;
  return absl::StrCat("about ", FormatAge(rounded_ms), " left");
}

}  // namespace

ProvisionReport::ProvisionReport(const Console& console)
    : console_(console), started_(absl::Now()) {}

void ProvisionReport::Show(std::string text, std::optional<int64_t> left_ms) {
  // Elsewhere than on a terminal every other text is a line of its own.
  if (console_.err_is_terminal && left_ms) {
    absl::StrAppend(&text, ", ", About(*left_ms));
  }
  if (progress_ == nullptr) {
    progress_ = std::make_unique<Progress>(console_, text);
  } else {
    progress_->Update(text);
  }
}

void ProvisionReport::OnChange(const std::string& what,
                               std::optional<int64_t> left_ms) {
  left_ms_ = left_ms;
  Show(what, left_ms);
}

void ProvisionReport::OnDone(const std::string& what,
                             const coord::v1::MembersResponse& members) {
  Quiet();
  ++changes_;
  if (console_.json) {
    Json json = {{"step", what},
                 {"version", members.configuration_version()},
                 {"configuration", members.configuration()}};
    if (left_ms_) json["left_ms"] = *left_ms_;
    console_.out << Dump(json) << std::endl;
    return;
  }
  console_.Remark(absl::StrCat("done: ", what, "; ", members.configuration(),
                               left_ms_ && *left_ms_ >= 1'000
                                   ? absl::StrCat("; ", About(*left_ms_))
                                   : ""));
}

void ProvisionReport::OnWait(const Standstill& standstill) {
  Show(standstill.why, standstill.left_ms);
}

void ProvisionReport::Finish(const coord::v1::MembersResponse& members) {
  Quiet();
  const int64_t took_ms = absl::ToInt64Milliseconds(absl::Now() - started_);
  if (console_.json) {
    console_.out << Dump({{"outcome", "as declared"},
                          {"version", members.configuration_version()},
                          {"configuration", members.configuration()},
                          {"steps", changes_},
                          {"elapsed_ms", took_ms}})
                 << std::endl;
    return;
  }
  console_.out << "as declared: " << members.configuration();
  if (changes_ > 0) {
    console_.out << "; " << changes_ << (changes_ == 1 ? " step" : " steps")
                 << " in " << FormatAge(took_ms);
  }
  console_.out << std::endl;
}

void PrintForecast(const Console& console, const Forecast& forecast) {
  const std::string end =
      forecast.blocked ? forecast.blocked->refusal.reason : "";
  if (console.json) {
    Json json = {{"steps", Json::array()}};
    for (const ForecastStep& step : forecast.steps) {
      json["steps"].push_back({{"at_ms", step.at_ms},
                               {"step", DescribeChange(step.change)},
                               {"voters", step.voters},
                               {"learners", step.learners}});
    }
    if (forecast.blocked) {
      json["blocked"] = end;
    } else {
      json["estimate_ms"] = forecast.total_ms;
    }
    console.out << Dump(json) << std::endl;
    return;
  }
  if (!forecast.steps.empty()) {
    Table table({"STEP", "AFTER", "WHAT", "VOTERS", "LEARNERS"});
    for (size_t i = 0; i < forecast.steps.size(); ++i) {
      const ForecastStep& step = forecast.steps[i];
      table.Add({absl::StrCat(i + 1), FormatAge(step.at_ms),
                 DescribeChange(step.change), absl::StrCat(step.voters),
                 absl::StrCat(step.learners)});
    }
    table.Print(console);
  }
  if (forecast.blocked) {
    console.out << (forecast.steps.empty() ? "" : "\n")
                << "then it would wait: " << end << std::endl;
  } else if (forecast.steps.empty()) {
    console.out << "nothing to do: the ensemble is as declared" << std::endl;
  } else {
    console.out << "\nestimate: "
                << FormatAge((forecast.total_ms + 999) / 1000 * 1000)
                << ", if whoever runs goes on running" << std::endl;
  }
}

}  // namespace quorate::tools
