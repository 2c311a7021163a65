#include "tests/scenarios/arguments.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/event_queue.h"

namespace quorate::scenarios {

using simulation::Micros;

bool Arguments::Take(absl::string_view keyword) {
  if (!status_.ok() || AtEnd() || words_[next_] != keyword) return false;
  ++next_;
  return true;
}

void Arguments::Expect(absl::string_view keyword) {
  if (!Take(keyword)) Fail(absl::StrCat("expected \"", keyword, "\""));
}

std::string Arguments::Word(absl::string_view what) {
  if (!status_.ok()) return "";
  if (AtEnd()) {
    Fail(absl::StrCat("expected ", what));
    return "";
  }
  return words_[next_++];
}

std::string Arguments::Rest(absl::string_view what) {
  if (AtEnd()) Fail(absl::StrCat("expected ", what));
  if (!status_.ok()) return "";
  std::string rest = absl::StrJoin(words_.begin() + static_cast<long>(next_),
                                   words_.end(), " ");
  next_ = words_.size();
  return rest;
}

uint64_t Arguments::Number(absl::string_view what) {
  const std::string word = Word(what);
  uint64_t number = 0;
  if (status_.ok() && !absl::SimpleAtoi(word, &number)) {
    Fail(absl::StrCat("expected ", what, ", a number; found ", word));
  }
  return number;
}

Micros Arguments::Duration() {
  const std::string word = Word("a duration such as 500ms, 2s or 1m");
  absl::string_view digits = word;
  Micros unit = 0;
  if (absl::ConsumeSuffix(&digits, "ms")) {
    unit = simulation::kMillisecond;
  } else if (absl::ConsumeSuffix(&digits, "s")) {
    unit = simulation::kSecond;
  } else if (absl::ConsumeSuffix(&digits, "m")) {
    unit = 60 * simulation::kSecond;
  }
  int64_t number = 0;
  if (status_.ok() && (unit == 0 || !absl::SimpleAtoi(digits, &number))) {
    Fail(absl::StrCat("expected a duration such as 500ms, 2s or 1m; found ",
                      word));
  }
  return number * unit;
}

consensus::Zxid Arguments::Zxid() {
  const std::string word = Word("a zxid such as 3:17");
  if (!status_.ok()) return {};
  const std::vector<std::string> parts = absl::StrSplit(word, ':');
  uint32_t epoch = 0;
  uint32_t counter = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &epoch) ||
      !absl::SimpleAtoi(parts[1], &counter)) {
    Fail(absl::StrCat("expected a zxid such as 3:17; found ", word));
  }
  return {epoch, counter};
}

std::optional<MemberId> Arguments::IdOf(absl::string_view name) {
  while (!name.empty() && absl::ascii_islower(name.back())) {
    name.remove_suffix(1);
  }
  MemberId id;
  if (!absl::SimpleAtoi(name, &id.value) || id.IsNone()) return std::nullopt;
  return id;
}

int Arguments::Member() {
  const std::string name = Word("a member");
  if (!status_.ok()) return -1;
  const int index = lookup_(name);
  if (index < 0) Fail(absl::StrCat("there is no member ", name));
  return index;
}

bool Arguments::IsMemberNext() const {
  return status_.ok() && !AtEnd() && IdOf(words_[next_]).has_value();
}

std::vector<int> Arguments::Members() {
  std::vector<int> members;
  while (IsMemberNext()) members.push_back(Member());
  if (members.empty()) Fail("expected members");
  return members;
}

std::vector<std::vector<int>> Arguments::Groups() {
  std::vector<std::vector<int>> groups;
  while (status_.ok() && !AtEnd()) {
    absl::string_view word = words_[next_++];
    if (absl::ConsumePrefix(&word, "{")) {
      groups.emplace_back();
    } else if (groups.empty()) {
      Fail(absl::StrCat("expected groups such as {1} {2 3}; found ", word));
      break;
    }
    absl::ConsumeSuffix(&word, "}");
    const int index = lookup_(word);
    if (index < 0) Fail(absl::StrCat("there is no member ", word));
    groups.back().push_back(index);
  }
  if (groups.empty()) Fail("expected groups such as {1} {2 3}");
  return groups;
}

std::vector<std::pair<std::string, int64_t>> Arguments::Settings() {
  std::vector<std::pair<std::string, int64_t>> settings;
  while (status_.ok() && !AtEnd()) {
    const std::vector<std::string> parts = absl::StrSplit(words_[next_], '=');
    int64_t number = 0;
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &number)) {
      Fail(absl::StrCat("expected name=number; found ", words_[next_]));
      break;
    }
    settings.emplace_back(parts[0], number);
    ++next_;
  }
  return settings;
}

absl::Status Arguments::Finish() const {
  if (!status_.ok() || AtEnd()) return status_;
  return absl::InvalidArgumentError(
      absl::StrCat("unexpected \"", words_[next_], "\""));
}

void Arguments::Fail(std::string why) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(std::move(why));
}

}  // namespace quorate::scenarios
