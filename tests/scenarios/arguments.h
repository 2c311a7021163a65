// Arguments: the words of one command line, taken one after another.
//
// The first mistake sticks and everything after it yields a default, so that a
// command takes all it needs and asks Finish() once:
//
//   const int member = arguments.Member();
//   const Micros time = arguments.Duration();
//   if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;

#ifndef QUORATE_TESTS_SCENARIOS_ARGUMENTS_H_
#define QUORATE_TESTS_SCENARIOS_ARGUMENTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/event_queue.h"

namespace quorate::scenarios {

class Arguments {
 public:
  // Looks a member up by its name; -1: there is none.
  using Lookup = std::function<int(absl::string_view name)>;

  Arguments(std::vector<std::string> words, Lookup lookup)
      : words_(std::move(words)), lookup_(std::move(lookup)) {}

  bool AtEnd() const { return next_ == words_.size(); }
  bool Failed() const { return !status_.ok(); }
  // Takes the next word if it is `keyword`.
  bool Take(absl::string_view keyword);
  // Fails unless the next word is `keyword`.
  void Expect(absl::string_view keyword);

  std::string Word(absl::string_view what);
  // All that is left, joined by spaces; at least one word.
  std::string Rest(absl::string_view what);
  uint64_t Number(absl::string_view what);
  // "500ms", "2s", "1m".
  simulation::Micros Duration();
  // "3:17".
  consensus::Zxid Zxid();
  // The index of a member that was added before.
  int Member();
  // As many as follow.
  std::vector<int> Members();
  // "{1} {2 3}".
  std::vector<std::vector<int>> Groups();
  // "name=number", as many as follow.
  std::vector<std::pair<std::string, int64_t>> Settings();

  // The first mistake, or that words are left over.
  absl::Status Finish() const;

  // The id in a member's name: "3" and "3b" are both id 3. Nothing: no name.
  static std::optional<MemberId> IdOf(absl::string_view name);

 private:
  void Fail(std::string why);
  bool IsMemberNext() const;

  std::vector<std::string> words_;
  Lookup lookup_;
  size_t next_ = 0;
  absl::Status status_;
};

}  // namespace quorate::scenarios

#endif  // QUORATE_TESTS_SCENARIOS_ARGUMENTS_H_
