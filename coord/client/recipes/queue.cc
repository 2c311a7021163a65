#include "coord/client/recipes/queue.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/error.h"
#include "coord/client/recipes/lock.h"
#include "coord/client/recipes/paths.h"
#include "coord/client/recipes/wait_until.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {

Queue::Queue(Session& session, std::string directory)
    : session_(session),
      items_(ChildPath(directory, "items")),
      waiting_(ChildPath(directory, "waiting")) {}

absl::Status Queue::EnsureDirectories() {
  if (ensured_) return absl::OkStatus();
  for (const std::string& path : {items_, waiting_}) {
    const absl::Status made = EnsurePath(session_, path);
    if (!made.ok()) return made;
  }
  ensured_ = true;
  return absl::OkStatus();
}

absl::Status Queue::Put(std::string item) {
  const absl::Status made = EnsureDirectories();
  if (!made.ok()) return made;
  return session_
      .Write(Create{.path = ChildPath(items_, "item-"),
                    .data = std::move(item),
                    .mode = CreateMode::kPersistentSequential})
      .status();
}

absl::Status Queue::List() {
  const absl::StatusOr<Children> children = session_.GetChildren(items_);
  if (!children.ok()) return children.status();
  names_.clear();
  for (const std::string& name : children->names) {
    if (SequenceOf(name)) names_.push_back(name);
  }
  std::sort(names_.begin(), names_.end(),
            [](const std::string& a, const std::string& b) {
              return *SequenceOf(a) < *SequenceOf(b);
            });
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> Queue::TryTake() {
  const absl::Status made = EnsureDirectories();
  if (!made.ok()) return made;
  bool listed = false;
  for (;;) {
    if (names_.empty()) {
      // A list that was just made and is used up: there are no more.
      if (listed) return std::nullopt;
      const absl::Status status = List();
      if (!status.ok()) return status;
      listed = true;
      if (names_.empty()) return std::nullopt;
    }
    const std::string path = ChildPath(items_, names_.front());
    names_.pop_front();
    absl::StatusOr<Data> data = session_.GetData(path);
    // Somebody else has taken it.
    if (IsError(data.status(), "NoNode")) continue;
    if (!data.ok()) return data.status();
    const absl::Status deleted = session_.Write(Delete{path}).status();
    if (IsError(deleted, "NoNode")) continue;
    if (!deleted.ok()) return deleted;
    return std::move(data->data);
  }
}

absl::StatusOr<std::string> Queue::Take(int64_t timeout_ms) {
  const absl::Time deadline = absl::Now() + absl::Milliseconds(timeout_ms);
  std::optional<std::string> item;
  const auto take = [&]() -> absl::StatusOr<bool> {
    absl::StatusOr<std::optional<std::string>> taken = TryTake();
    if (!taken.ok()) return taken.status();
    item = *std::move(taken);
    return item.has_value();
  };
  const absl::StatusOr<bool> taken = take();
  if (!taken.ok()) return taken.status();
  if (*taken) return *std::move(item);

  const int64_t left_ms =
      std::max<int64_t>(absl::ToInt64Milliseconds(deadline - absl::Now()), 1);
  const absl::StatusOr<std::unique_ptr<Lock>> turn =
      Lock::Acquire(session_, {.directory = waiting_, .timeout_ms = left_ms});
  if (!turn.ok()) return turn.status();
  const absl::Status status = WaitUntil(session_, items_, deadline, take);
  if (!status.ok()) return status;
  return *std::move(item);
}

}  // namespace quorate::client
