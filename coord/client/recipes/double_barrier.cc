#include "coord/client/recipes/double_barrier.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/base/check.h"
#include "coord/client/error.h"
#include "coord/client/recipes/paths.h"
#include "coord/client/recipes/wait_until.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {
namespace {

// All have entered; there until all have left.
constexpr char kReady[] = "ready";
// After every zxid.
constexpr Zxid kNotLeft = std::numeric_limits<Zxid>::max();

}  // namespace

DoubleBarrier::DoubleBarrier(Session& session, std::string directory,
                             std::string name, size_t count)
    : session_(session),
      directory_(std::move(directory)),
      name_(std::move(name)),
      count_(count) {
  QUORATE_CHECK(count_ > 0 && name_ != kReady && !name_.empty());
}

std::string DoubleBarrier::Path(absl::string_view name) const {
  return ChildPath(directory_, name);
}

absl::StatusOr<std::vector<std::string>> DoubleBarrier::Names() {
  absl::StatusOr<Children> children = session_.GetChildren(directory_);
  if (!children.ok()) return children.status();
  std::erase(children->names, kReady);
  return std::move(children->names);
}

absl::Status DoubleBarrier::Delete(const std::string& name) {
  const absl::Status deleted =
      session_.Write(quorate::client::Delete{Path(name)}).status();
  return IsError(deleted, "NoNode") ? absl::OkStatus() : deleted;
}

absl::Status DoubleBarrier::Enter(int64_t timeout_ms) {
  const absl::Time deadline = absl::Now() + absl::Milliseconds(timeout_ms);
  const absl::Status made = EnsurePath(session_, directory_);
  if (!made.ok()) return made;
  const absl::StatusOr<std::vector<std::string>> before = Names();
  if (!before.ok()) return before.status();
  if (before->empty()) {
    // Left behind by one who died as the last. It is of no use to anybody: all
    // must enter before there is a new one, and this one has not yet.
    const absl::Status deleted = Delete(kReady);
    if (!deleted.ok()) return deleted;
  }
  const absl::Status created =
      session_
          .Write(Create{.path = Path(name_), .mode = CreateMode::kEphemeral})
          .status();
  if (!created.ok()) return created;
  absl::Status entered = [&] {
    const absl::StatusOr<std::vector<std::string>> names = Names();
    if (!names.ok()) return names.status();
    if (names->size() >= count_) {
      const absl::Status ready =
          session_.Write(Create{.path = Path(kReady)}).status();
      return IsError(ready, "NodeExists") ? absl::OkStatus() : ready;
    }
    return WaitUntil(
        session_, Path(kReady), deadline, [&]() -> absl::StatusOr<bool> {
          const absl::Status exists = session_.Exists(Path(kReady)).status();
          if (IsError(exists, "NoNode")) return false;
          if (!exists.ok()) return exists;
          return true;
        });
  }();
  if (!entered.ok()) (void)Delete(name_);
  return entered;
}

absl::Status DoubleBarrier::WaitUntilGone(const Entered& other,
                                          absl::Time deadline) {
  return WaitUntil(
      session_, Path(other.name), deadline, [&]() -> absl::StatusOr<bool> {
        const absl::StatusOr<Stat> stat = session_.Exists(Path(other.name));
        if (IsError(stat.status(), "NoNode")) return true;
        if (!stat.ok()) return stat.status();
        // Gone, and in again.
        return stat->czxid != other.czxid;
      });
}

absl::Status DoubleBarrier::Leave(int64_t timeout_ms) {
  const absl::Status left =
      WaitUntilAllLeft(absl::Now() + absl::Milliseconds(timeout_ms));
  if (!left.ok()) (void)Delete(name_);
  return left;
}

absl::StatusOr<DoubleBarrier::Entered> DoubleBarrier::FirstBefore(
    const std::vector<std::string>& names, Zxid zxid) {
  for (const std::string& name : names) {
    const absl::StatusOr<Stat> stat = session_.Exists(Path(name));
    if (IsError(stat.status(), "NoNode")) continue;
    if (!stat.ok()) return stat.status();
    if (stat->czxid < zxid) return Entered{name, stat->czxid};
  }
  return Entered();
}

absl::Status DoubleBarrier::WaitUntilAllLeft(absl::Time deadline) {
  // When it left. Who entered after that has entered for the next time: nobody
  // does before all others have left.
  Zxid left_at = kNotLeft;
  for (;;) {
    absl::StatusOr<std::vector<std::string>> names = Names();
    if (!names.ok()) return names.status();
    const bool is_in =
        left_at == kNotLeft &&
        std::find(names->begin(), names->end(), name_) != names->end();
    if (is_in && names->size() == 1) {
      const absl::Status opened = Delete(kReady);
      if (!opened.ok()) return opened;
      return Delete(name_);
    }
    if (is_in && names->front() == name_) {
      // The lowest waits for the highest.
      std::reverse(names->begin(), names->end());
      names->pop_back();
    } else if (is_in) {
      const absl::StatusOr<WriteResult> deleted =
          session_.Write(quorate::client::Delete{Path(name_)});
      if (!deleted.ok()) return deleted.status();
      left_at = deleted->zxid;
      std::erase(*names, name_);
    }
    const absl::StatusOr<Entered> other = FirstBefore(*names, left_at);
    if (!other.ok()) return other.status();
    if (other->name.empty()) {
      if (is_in && left_at == kNotLeft) continue;
      return absl::OkStatus();
    }
    const absl::Status gone = WaitUntilGone(*other, deadline);
    if (!gone.ok()) return gone;
  }
}

}  // namespace quorate::client
