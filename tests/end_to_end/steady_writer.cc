// A client with a steady load of writes, for tests that move or restart members
// meanwhile.
//
//   steady_writer ENDPOINTS STOP_FILE
//
// Creates /steady-PID/1, /steady-PID/2, ... one after the other, in one
// session, until STOP_FILE exists; then reads every one back. The library's own
// retry is the only one. Prints "writes=N failed=N lost=N longest_gap_ms=N",
// the gap being the longest time between two acknowledged writes. Exit code 1
// if a write failed or an acknowledged one is not there.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate {
namespace {

// A gap is not what somebody sets.
using Clock = std::chrono::steady_clock;

// So that the machine has time for the members, too.
constexpr absl::Duration kPause = absl::Milliseconds(5);

client::SessionOptions OptionsFor(const std::vector<std::string>& endpoints) {
  client::SessionOptions options;
  options.endpoints = endpoints;
  options.timeout_ms = 30'000;
  options.call_timeout_ms = 60'000;
  options.max_backoff_ms = 200;
  return options;
}

class Writer {
 public:
  Writer(client::Session& session, std::string parent)
      : session_(session), parent_(std::move(parent)) {}

  void WriteUntil(const std::string& stop_file) {
    Clock::time_point last = Clock::now();
    for (int64_t i = 1; !std::filesystem::exists(stop_file); ++i) {
      const std::string data = absl::StrCat("data of ", i);
      const absl::StatusOr<client::WriteResult> done =
          session_.Write(client::Create{.path = PathOf(i), .data = data});
      const Clock::time_point now = Clock::now();
      if (done.ok()) {
        longest_gap_ = std::max(longest_gap_, now - last);
        last = now;
        acknowledged_.push_back(i);
      } else {
        ++failed_;
        std::cerr << PathOf(i) << ": " << done.status() << std::endl;
        if (session_.state() == client::SessionState::kExpired) return;
      }
      absl::SleepFor(kPause);
    }
  }

  void ReadBack() {
    for (const int64_t i : acknowledged_) {
      const absl::StatusOr<client::Data> found = session_.GetData(PathOf(i));
      if (found.ok() && found->data == absl::StrCat("data of ", i)) continue;
      ++lost_;
      std::cerr << PathOf(i) << ": "
                << (found.ok() ? "other data" : found.status().ToString())
                << std::endl;
    }
  }

  bool Report() const {
    std::cout << "writes=" << acknowledged_.size() << " failed=" << failed_
              << " lost=" << lost_ << " longest_gap_ms="
              << std::chrono::duration_cast<std::chrono::milliseconds>(
                     longest_gap_)
                     .count()
              << std::endl;
    return failed_ == 0 && lost_ == 0 && !acknowledged_.empty();
  }

 private:
  std::string PathOf(int64_t i) const { return absl::StrCat(parent_, "/", i); }

  client::Session& session_;
  const std::string parent_;
  std::vector<int64_t> acknowledged_;
  int failed_ = 0;
  int lost_ = 0;
  Clock::duration longest_gap_ = Clock::duration::zero();
};

int Main(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2) {
    std::cerr << "usage: steady_writer ENDPOINTS STOP_FILE" << std::endl;
    return 2;
  }
  const absl::StatusOr<std::unique_ptr<client::Session>> session =
      client::Session::Open(OptionsFor(absl::StrSplit(arguments[0], ',')));
  if (!session.ok()) {
    std::cerr << session.status() << std::endl;
    return 1;
  }
  const std::string parent = absl::StrCat("/steady-", getpid());
  const absl::StatusOr<client::WriteResult> made =
      (*session)->Write(client::Create{.path = parent});
  if (!made.ok()) {
    std::cerr << made.status() << std::endl;
    return 1;
  }
  Writer writer(**session, parent);
  writer.WriteUntil(arguments[1]);
  writer.ReadBack();
  return writer.Report() ? 0 : 1;
}

}  // namespace
}  // namespace quorate

int main(int argc, char** argv) {
  return quorate::Main(std::vector<std::string>(argv + 1, argv + argc));
}
