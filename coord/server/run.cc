#include "coord/server/run.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "coord/server/exit_code.h"
#include "coord/server/flags.h"
#include "coord/server/logger.h"
#include "coord/server/member.h"
#include "coord/server/monotonic_clock.h"
#include "coord/server/settings.h"
#include "coord/server/signal_thread.h"
#include "coord/server/stop_latch.h"

namespace quorate::server {
namespace {

// So long a member that has stopped can still be asked why.
constexpr absl::Duration kAfterStop = absl::Seconds(1);
// Some supervisors signal a process and then its group: that is one signal.
constexpr int64_t kInsistenceUs = 1'000'000;

}  // namespace

Ended Run(const Settings& settings) {
  StopLatch latch;
  std::atomic<bool> is_running = false;
  int64_t first_us = 0;  // the signal thread's
  const SignalThread signal_thread([&](int number) {
    if (!is_running.load()) std::_Exit(static_cast<int>(ExitCode::kOk));
    const int64_t now_us = MonotonicUs();
    if (first_us == 0) {
      first_us = now_us;
      latch.Signal();
    } else if (now_us - first_us >= kInsistenceUs) {
      std::_Exit(128 + number);
    }
  });
  Logger logger(settings.log_level, settings.log_format);
  logger.Log(LogLevel::kInfo, "starting",
             {{"version", kVersion}, {"directory", settings.directory}});

  Member member(settings, logger);
  const Member::Failure failure =
      member.Start([&](const absl::Status& why) { latch.Stopped(why); });
  if (failure.code != ExitCode::kOk) return {failure.code, failure.why};
  is_running.store(true);

  const absl::Status why = latch.Wait();
  if (!why.ok()) {
    logger.Log(LogLevel::kError, "stopped for good",
               {{"why", std::string(why.message())}});
    latch.WaitForSignal(kAfterStop);
  } else {
    logger.Log(LogLevel::kInfo, "shutting down");
  }
  member.Shutdown();
  if (!why.ok()) {
    return {ExitCode::kStopped,
            absl::StrCat("stopped for good: ", why.message())};
  }
  logger.Log(LogLevel::kInfo, "stopped");
  return {};
}

}  // namespace quorate::server
