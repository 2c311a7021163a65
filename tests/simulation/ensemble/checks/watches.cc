// Watches tell everything once, in order and in time; see checks.h.

#include "coord/tree/watches.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/error.h"
#include "tests/simulation/ensemble/checks/checks.h"

namespace quorate::simulation {

using consensus::Zxid;
using tree::WatchKind;

namespace {

struct LogEvent {
  Zxid zxid;
  int type = 0;  // tree::EventType
  std::string path;

  bool operator==(const LogEvent&) const = default;
};

std::string ToText(const LogEvent& event) {
  return absl::StrCat(ToString(event.zxid), " ", event.type, " ", event.path);
}

LogEvent FromHeard(const replica::WatchEvent& event) {
  return {event.zxid, static_cast<int>(event.type), event.path};
}

bool IsOneShot(WatchKind kind) {
  return kind == WatchKind::kData || kind == WatchKind::kChild;
}

bool Concerns(const std::string& path, WatchKind kind, const LogEvent& event) {
  const bool children = event.type == 4;
  switch (kind) {
    case WatchKind::kData:
      return event.path == path && !children;
    case WatchKind::kChild:
      return event.path == path && (children || event.type == 2);
    case WatchKind::kPersistent:
      return event.path == path;
    case WatchKind::kRecursive:
      return !children && (path == "/" || event.path == path ||
                           absl::StartsWith(event.path, path + "/"));
  }
  return false;
}

class ConnectionWatches {
  using Watch = std::pair<std::string, WatchKind>;

 public:
  ConnectionWatches(const History& history, const ConnectionRecord& connection,
                    const std::vector<LogEvent>& log,
                    EnsembleViolations& violations)
      : history_(history),
        connection_(connection),
        log_(log),
        violations_(violations) {}

  void Judge() {
    for (const HeardRecord& heard : connection_.heard) {
      if (failed_) return;
      if (const auto* event =
              std::get_if<replica::WatchEvent>(&heard.message)) {
        waiting_.push_back(*event);
      } else if (const auto* reply =
                     std::get_if<replica::Reply>(&heard.message)) {
        TakeReply(*reply);
      }
    }
    if (!failed_) TakeRest();
  }

 private:
  void Fail(const std::string& text) {
    failed_ = true;
    violations_.push_back(
        {"watches", absl::StrCat("client ", connection_.client, " at member ",
                                 connection_.member, ": ", text)});
  }

  const OpRecord* NextAsked() const {
    if (answered_ >= connection_.submissions.size()) return nullptr;
    const auto submission =
        static_cast<size_t>(connection_.submissions[answered_]);
    return &history_
                .ops[static_cast<size_t>(history_.submissions[submission].op)];
  }

  void TakeReply(const replica::Reply& reply) {
    const OpRecord* op = NextAsked();
    ++answered_;
    if (op == nullptr) return;  // reported by others
    const auto* add = std::get_if<replica::AddWatch>(&op->request.body);
    const bool resumed =
        add != nullptr && reply.status.ok() && add->resume_after.has_value();
    std::vector<LogEvent> replayed;
    bool gap = false;
    if (resumed) {
      replayed = EventsFor(*add, reply.zxid);
      gap = TakeReplayed(*add, replayed);
      if (failed_) return;
    }
    TakeLive();
    if (failed_) return;
    PassTo(reply.zxid);
    if (failed_) return;
    if (add != nullptr && reply.status.ok()) {
      if (reply.zxid.IsNone()) return Fail("a watch is left at no zxid");
      const bool spent =
          resumed && IsOneShot(add->kind) && (gap || !replayed.empty());
      if (!spent) Leave(add->path, add->kind, reply.zxid);
    }
    TakeOther(*op, reply);
  }

  // What a watch that is resumed is to be told, up to `last`.
  std::vector<LogEvent> EventsFor(const replica::AddWatch& watch,
                                  Zxid last) const {
    std::vector<LogEvent> events;
    for (size_t i = After(*watch.resume_after);
         i < log_.size() && log_[i].zxid <= last; ++i) {
      if (!Concerns(watch.path, watch.kind, log_[i])) continue;
      events.push_back(log_[i]);
      if (IsOneShot(watch.kind)) break;
    }
    return events;
  }

  // Takes the events told because of a resumed watch from the end of those that
  // wait. True: a gap was announced instead.
  bool TakeReplayed(const replica::AddWatch& watch,
                    const std::vector<LogEvent>& replayed) {
    if (!waiting_.empty() && waiting_.back().gap) {
      const replica::WatchEvent& gap = waiting_.back();
      if (gap.path != watch.path || gap.kind != watch.kind) {
        Fail(
            absl::StrCat("the gap of ", gap.path, " is told for ", watch.path));
      }
      waiting_.pop_back();
      return true;
    }
    for (size_t i = replayed.size(); i > 0; --i) {
      if (waiting_.empty() || waiting_.back().gap ||
          FromHeard(waiting_.back()) != replayed[i - 1]) {
        Fail(absl::StrCat("after ", ToString(*watch.resume_after),
                          " the watch on ", watch.path, " misses ",
                          ToText(replayed[i - 1])));
        return false;
      }
      waiting_.pop_back();
    }
    return false;
  }

  void TakeLive() {
    for (const replica::WatchEvent& event : waiting_) {
      if (!TakeOneLive(event)) {
        return Fail(absl::StrCat(
            "an event that was not due: ", ToText(FromHeard(event)),
            event.gap ? " gap" : ""));
      }
      if (failed_) return;
    }
    waiting_.clear();
  }

  // False: nothing of it is due.
  bool TakeOneLive(const replica::WatchEvent& event) {
    if (event.gap) return TakeLiveGap(event);
    for (size_t i = position_; i < log_.size(); ++i) {
      if (log_[i].zxid > event.zxid) return false;
      if (!IsDue(log_[i])) continue;
      if (log_[i] != FromHeard(event)) {
        Fail(absl::StrCat("expected ", ToText(log_[i]), ", heard ",
                          ToText(FromHeard(event))));
        return true;
      }
      Spend(log_[i]);
      position_ = i + 1;
      return true;
    }
    return false;
  }

  // A member that has installed a snapshot does not know what it skipped, and
  // says so to every watch.
  bool TakeLiveGap(const replica::WatchEvent& gap) {
    const auto found = active_.find({gap.path, gap.kind});
    if (found == active_.end() || !WasInstalled(found->second, gap.zxid)) {
      return false;
    }
    found->second = gap.zxid;
    if (IsOneShot(gap.kind)) active_.erase(found);
    return true;
  }

  bool WasInstalled(Zxid after, Zxid up_to) const {
    return std::any_of(history_.installs.begin(), history_.installs.end(),
                       [&](const InstallRecord& install) {
                         return install.member == connection_.member &&
                                install.zxid > after && install.zxid <= up_to;
                       });
  }

  void Leave(const std::string& path, WatchKind kind, Zxid since) {
    active_.emplace(Watch(path, kind), since);
  }

  bool IsDue(const LogEvent& event) const {
    return std::any_of(active_.begin(), active_.end(), [&](const auto& each) {
      const auto& [watch, since] = each;
      return event.zxid > since && Concerns(watch.first, watch.second, event);
    });
  }

  void Spend(const LogEvent& event) {
    std::erase_if(active_, [&](const auto& each) {
      const auto& [watch, since] = each;
      return IsOneShot(watch.second) && event.zxid > since &&
             Concerns(watch.first, watch.second, event);
    });
  }

  // An answer shows the state at `zxid`: everything before must have come.
  void PassTo(Zxid zxid) {
    while (position_ < log_.size() && log_[position_].zxid <= zxid) {
      if (IsDue(log_[position_])) {
        return Fail(absl::StrCat("not told of ", ToText(log_[position_]),
                                 " before an answer at ", ToString(zxid)));
      }
      ++position_;
    }
  }

  void TakeOther(const OpRecord& op, const replica::Reply& reply) {
    if (const replica::ReadRequest* read = op.read()) {
      const bool none =
          tree::ErrorCodeOf(reply.status) == tree::ErrorCode::kNoNode;
      if (const auto* data = std::get_if<replica::GetData>(&read->query)) {
        if (data->watch && reply.status.ok()) {
          Leave(data->path, WatchKind::kData, reply.zxid);
        }
      } else if (const auto* exists =
                     std::get_if<replica::Exists>(&read->query)) {
        if (exists->watch && (reply.status.ok() || none)) {
          Leave(exists->path, WatchKind::kData, reply.zxid);
        }
      } else if (const auto* children =
                     std::get_if<replica::GetChildren>(&read->query)) {
        if (children->watch && reply.status.ok()) {
          Leave(children->path, WatchKind::kChild, reply.zxid);
        }
      }
    } else if (const auto* remove =
                   std::get_if<replica::RemoveWatch>(&op.request.body)) {
      TakeRemoval(*remove, reply);
    }
  }

  void TakeRemoval(const replica::RemoveWatch& remove,
                   const replica::Reply& reply) {
    if (reply.not_taken) return;
    const size_t removed = std::erase_if(active_, [&](const auto& each) {
      const Watch& watch = each.first;
      return watch.first == remove.path &&
             (!remove.kind.has_value() || watch.second == *remove.kind);
    });
    if (reply.status.ok() != (removed > 0)) {
      Fail(absl::StrCat("to remove the watch on ", remove.path, " is answered ",
                        reply.status.ToString()));
    }
  }

  // The connection is gone; the answer that should follow may be missing.
  void TakeRest() {
    size_t i = 0;
    while (i < waiting_.size() && TakeOneLive(waiting_[i])) {
      if (failed_) break;
      ++i;
    }
    if (i == waiting_.size() && !failed_) return;
    const OpRecord* op = NextAsked();
    const auto* add = op == nullptr
                          ? nullptr
                          : std::get_if<replica::AddWatch>(&op->request.body);
    if (add != nullptr && add->resume_after.has_value()) {
      if (failed_) {
        failed_ = false;
        violations_.pop_back();
      }
      const std::vector<LogEvent> due =
          EventsFor(*add, Zxid::FromValue(~uint64_t{0}));
      size_t next = 0;
      while (i < waiting_.size() && next < due.size() &&
             FromHeard(waiting_[i]) == due[next]) {
        ++i;
        ++next;
      }
      if (i < waiting_.size() && next == 0 && waiting_[i].gap) ++i;
    }
    if (i < waiting_.size() && !failed_) {
      Fail(absl::StrCat("at last an event that was not due: ",
                        ToText(FromHeard(waiting_[i]))));
    }
  }

  // Of the first event after `zxid`.
  size_t After(Zxid zxid) const {
    return static_cast<size_t>(
        std::upper_bound(
            log_.begin(), log_.end(), zxid,
            [](Zxid z, const LogEvent& event) { return z < event.zxid; }) -
        log_.begin());
  }

  const History& history_;
  const ConnectionRecord& connection_;
  const std::vector<LogEvent>& log_;
  EnsembleViolations& violations_;
  bool failed_ = false;
  size_t answered_ = 0;
  size_t position_ = 0;  // in `log_`: of what was not told or passed so far
  // The watches that are left, and after which zxid each is told.
  std::map<Watch, Zxid> active_;
  std::vector<replica::WatchEvent> waiting_;  // since the last answer
};

}  // namespace

void CheckWatches(const History& history, const Replay& replay,
                  EnsembleViolations& violations) {
  std::vector<LogEvent> log;
  for (const ReplayedTxn& txn : replay.txns) {
    for (const auto& [type, path] : txn.outcome.events) {
      log.push_back({txn.zxid, type, path});
    }
  }
  for (const ConnectionRecord& connection : history.connections) {
    if (connection.session < 0) continue;
    ConnectionWatches(history, connection, log, violations).Judge();
  }
}

}  // namespace quorate::simulation
