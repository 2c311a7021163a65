#include "tools/quorate/console.h"

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr char kEraseLine[] = "\r\x1b[K";

absl::string_view EscapeOf(Colour colour) {
  switch (colour) {
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kYellow:
      return "\x1b[33m";
  }
  return "";
}

}  // namespace

std::string Console::Paint(Colour colour, absl::string_view text) const {
  if (!out_is_terminal || json) return std::string(text);
  return absl::StrCat(EscapeOf(colour), text, "\x1b[0m");
}

void Console::Remark(absl::string_view text) const {
  if (!json) err << text << std::endl;
}

struct Progress::State {
  explicit State(const Console& printer) : console(printer) {}

  void Run() {
    const absl::Time started = absl::Now();
    const absl::MutexLock lock(&mutex);
    mutex.AwaitWithDeadline(absl::Condition(&done), started + kPatience);
    std::string printed;
    while (!done) {
      if (console.err_is_terminal) {
        const int64_t seconds = absl::ToInt64Seconds(absl::Now() - started);
        console.err << kEraseLine << text << " ... " << seconds << " s"
                    << std::flush;
        shown = true;
      } else if (printed != text) {
        console.err << text << " ..." << std::endl;
        printed = text;
      }
      mutex.AwaitWithTimeout(absl::Condition(&done), absl::Seconds(1));
    }
    if (shown) console.err << kEraseLine << std::flush;
  }

  const Console& console;
  absl::Mutex mutex;
  std::string text;    // guarded by mutex
  bool done = false;   // guarded by mutex
  bool shown = false;  // of the thread
  std::thread thread;
};

Progress::Progress(const Console& console, absl::string_view text)
    : state_(std::make_unique<State>(console)) {
  state_->text = std::string(text);
  if (console.json) return;
  state_->thread = std::thread([this] { state_->Run(); });
}

Progress::~Progress() {
  {
    const absl::MutexLock lock(&state_->mutex);
    state_->done = true;
  }
  if (state_->thread.joinable()) state_->thread.join();
}

void Progress::Update(absl::string_view text) {
  const absl::MutexLock lock(&state_->mutex);
  state_->text = std::string(text);
}

}  // namespace quorate::tools
