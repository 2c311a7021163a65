#include "coord/server/disk/background.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace quorate::server {
namespace {

constexpr int kNice = 5;
// From linux/ioprio.h: the lowest level of the class "best effort". The class
// "idle" might wait for ever on a busy disk.
constexpr int kWhoIsProcess = 1;
constexpr int kLowestBestEffort = 2 << 13 | 7;

}  // namespace

void EnterBackground() {
  // Both work on the thread alone.
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  (void)::setpriority(PRIO_PROCESS, thread, kNice);
  (void)::syscall(SYS_ioprio_set, kWhoIsProcess, thread, kLowestBestEffort);
}

}  // namespace quorate::server
