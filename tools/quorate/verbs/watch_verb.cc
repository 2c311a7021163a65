// watch

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/interrupt.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

struct WatchOptions {
  std::string path;
  bool recursive = false;
  std::optional<int64_t> count;
  std::optional<absl::Duration> duration;
};

const char* NameOf(client::EventType type) {
  switch (type) {
    case client::EventType::kCreated:
      return "created";
    case client::EventType::kDeleted:
      return "deleted";
    case client::EventType::kDataChanged:
      return "changed";
    case client::EventType::kChildrenChanged:
      return "children";
    case client::EventType::kGap:
      return "gap";
  }
  return "unknown";
}

// Events on their way from the session's thread to ours. The handler may
// outlive the verb, so both own it. If nobody takes what we print, events are
// dropped, and a gap says so.
class EventQueue {
 public:
  void Push(const client::Event& event) {
    const absl::MutexLock lock(&mutex_);
    if (events_.size() < kMaxEvents) {
      events_.push_back(event);
    } else {
      events_.back().type = client::EventType::kGap;
    }
  }

  // The next event; nothing: none came within `timeout`.
  std::optional<client::Event> Pop(absl::Duration timeout) {
    const absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(
        absl::Condition(
            +[](EventQueue* queue) { return !queue->events_.empty(); }, this),
        timeout);
    if (events_.empty()) return std::nullopt;
    client::Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  static constexpr size_t kMaxEvents = 100'000;

  absl::Mutex mutex_;
  std::deque<client::Event> events_;
};

void Print(const Console& console, const client::Event& event) {
  if (console.json) {
    console.out << Dump({{"event", NameOf(event.type)},
                         {"path", event.path},
                         {"zxid", FormatZxid(event.zxid)}})
                << std::endl;
  } else {
    console.out << NameOf(event.type) << " " << Printable(event.path) << "  "
                << FormatZxid(event.zxid) << std::endl;
  }
}

// Prints events until there were enough, time is up, Ctrl-C, or the session is
// over.
absl::Status PrintEvents(const Console& console, const WatchOptions& options,
                         const client::Session& session, EventQueue& queue) {
  const Interrupt interrupt;
  const absl::Time deadline = options.duration ? absl::Now() + *options.duration
                                               : absl::InfiniteFuture();
  int64_t printed = 0;
  while (!options.count || printed < *options.count) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration() || interrupt.HasCome()) break;
    const std::optional<client::Event> event =
        queue.Pop(std::min(left, absl::Milliseconds(100)));
    if (event) {
      Print(console, *event);
      ++printed;
    } else if (session.state() == client::SessionState::kExpired) {
      return absl::AbortedError("the session has expired; watch again");
    }
  }
  return absl::OkStatus();
}

absl::Status Run(Context& context, const WatchOptions& options) {
  const absl::Status path = CheckPath(options.path);
  if (!path.ok()) return path;
  const absl::StatusOr<client::Session*> session = context.Session();
  if (!session.ok()) return session.status();
  auto queue = std::make_shared<EventQueue>();
  const absl::StatusOr<uint64_t> watch = (*session)->AddWatch(
      options.path,
      options.recursive ? client::WatchKind::kRecursive
                        : client::WatchKind::kPersistent,
      [queue](const client::Event& event) { queue->Push(event); });
  if (!watch.ok()) return watch.status();
  context.console().Remark(absl::StrCat("watching ", Printable(options.path)));
  const absl::Status status =
      PrintEvents(context.console(), options, **session, *queue);
  // In a shell the session lives on. If it is over, so is the watch.
  if (context.in_shell()) (*session)->RemoveWatch(*watch).IgnoreError();
  return status;
}

}  // namespace

void AddWatchVerb(CommandLine& line, Context& context) {
  auto options = std::make_shared<WatchOptions>();
  line.AddVerb("watch",
               "print changes as they happen, until Ctrl-C: created, deleted, "
               "changed (data), children (come or go); gap: look again")
      .Positional("PATH", &options->path, "the znode; it may not exist yet")
      .Flag("-r,--recursive", &options->recursive, "all that is below it too")
      .Option("--count", Number{&options->count, 1}, "N",
              "stop after so many events")
      .Option("--for", &options->duration, "TIME", "stop after so long")
      .Example("quorate watch --recursive /jobs")
      .Example("quorate watch /config --count 1 && quorate get /config")
      .Does([options, &context] { return Run(context, *options); });
}

}  // namespace quorate::tools
