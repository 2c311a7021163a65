#include "broker/server/run.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "broker/server/broker.h"
#include "broker/server/flags.h"
#include "broker/server/format.h"
#include "broker/server/settings.h"
#include "coord/server/exit_code.h"
#include "coord/server/logger.h"
#include "coord/server/monotonic_clock.h"
#include "coord/server/signal_thread.h"
#include "coord/server/stop_latch.h"

namespace quorate::broker {
namespace {

using server::ExitCode;
using server::LogLevel;

// Some supervisors signal a process and then its group: that is one signal.
constexpr int64_t kInsistenceUs = 1'000'000;

}  // namespace

Ended Run(const Settings& settings) {
  server::StopLatch latch;
  std::atomic<bool> is_running = false;
  int64_t first_us = 0;  // the signal thread's
  const server::SignalThread signal_thread([&](int number) {
    if (!is_running.load()) std::_Exit(static_cast<int>(ExitCode::kOk));
    const int64_t now_us = server::MonotonicUs();
    if (first_us == 0) {
      first_us = now_us;
      latch.Signal();
    } else if (now_us - first_us >= kInsistenceUs) {
      std::_Exit(128 + number);
    }
  });
  server::Logger logger(settings.log_level, settings.log_format);
  logger.Log(LogLevel::kInfo, "starting",
             {{"version", kVersion}, {"directory", settings.directory}});

  const std::unique_ptr<Broker> broker = Broker::Make(settings, logger);
  const Ended failure =
      broker->Start([&](const absl::Status& why) { latch.Stopped(why); });
  if (failure.code != ExitCode::kOk) return failure;
  is_running.store(true);

  const absl::Status why = latch.Wait();
  if (!why.ok()) {
    logger.Log(LogLevel::kError, "stopped for good",
               {{"why", std::string(why.message())}});
  } else {
    logger.Log(LogLevel::kInfo, "shutting down");
  }
  broker->Shutdown();
  if (!why.ok()) return {ExitCode::kStopped, std::string(why.message())};
  logger.Log(LogLevel::kInfo, "stopped");
  return {};
}

}  // namespace quorate::broker
