// Console: where a verb prints, and for whom.
//
// Results go to `out`; errors, progress and remarks go to `err`. With `json`
// both carry JSON only, one value a line. Colours only on a terminal.
//
// Not thread-safe, except for a Progress that is under way: nothing else is
// printed then.

#ifndef QUORATE_TOOLS_QUORATE_CONSOLE_H_
#define QUORATE_TOOLS_QUORATE_CONSOLE_H_

#include <memory>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"

namespace quorate::tools {

enum class Colour { kBold, kRed, kGreen, kYellow };

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool json = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;

  // `text`, in `colour` if `out` is a terminal.
  std::string Paint(Colour colour, absl::string_view text) const;

  // A remark for people; nothing with `json`.
  void Remark(absl::string_view text) const;
};

// Tells on `err` what is being waited for, once that has taken two seconds: on
// a terminal as one line that counts the seconds and goes away at the end, else
// as a line whenever the text changes. Silent with `json`. Thread-safe.
class Progress {
 public:
  // `console` must outlive it.
  Progress(const Console& console, absl::string_view text);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void Update(absl::string_view text);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CONSOLE_H_
