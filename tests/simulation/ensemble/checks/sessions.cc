// Sessions live as long as their clients, and not much longer; see checks.h.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/error.h"
#include "coord/tree/session_id.h"
#include "tests/simulation/ensemble/checks/checks.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

namespace {

// A clock may run so much faster, and a tick may be so late.
constexpr int64_t kFastClockPercent = 4;
constexpr Micros kTick = 60 * kMillisecond;
// How long after its time an idle session may stay in a healthy ensemble.
constexpr Micros kLateExpiry = 2 * kSecond;

class SessionCheck {
 public:
  SessionCheck(const History& history, const Replay& replay,
               EnsembleViolations& violations)
      : history_(history), replay_(replay), violations_(violations) {
    for (const ReignRecord& reign : history.reigns) {
      reigns_[reign.epoch] = reign.began;
    }
  }

  void Judge() {
    for (const auto& [session, life] : replay_.sessions) {
      if (life.record < 0) continue;  // reported by others
      if (life.closed.IsNone()) {
        JudgeOpen(session, life);
      } else if (life.expired) {
        JudgeExpired(session, life);
      }
    }
    for (const ConnectionRecord& connection : history_.connections) {
      JudgeConnection(connection);
    }
  }

 private:
  void Violation(tree::SessionId session, const std::string& text) {
    violations_.push_back(
        {"sessions", absl::StrCat("session ", session.value, " ", text)});
  }

  const SessionRecord& RecordOf(const SessionLife& life) const {
    return history_.sessions[static_cast<size_t>(life.record)];
  }

  void JudgeOpen(tree::SessionId session, const SessionLife& life) {
    const Micros left = RecordOf(life).left_at;
    if (left == 0 || history_.calm_since == 0) return;
    const Micros late = std::max(left, history_.calm_since) +
                        life.timeout_ms * kMillisecond + kLateExpiry;
    if (history_.ended <= late) return;
    Violation(session, absl::StrCat("was left at ", left / kMillisecond,
                                    " ms and is open at ",
                                    history_.ended / kMillisecond, " ms"));
  }

  void JudgeExpired(tree::SessionId session, const SessionLife& life) {
    // A leader counts from the beginning of its reign at the earliest.
    const Micros least =
        life.timeout_ms * kMillisecond * (100 - kFastClockPercent) / 100 -
        kTick;
    const auto reign = reigns_.find(life.closed.epoch());
    if (reign != reigns_.end() && life.closed_at < reign->second + least) {
      Violation(session, absl::StrCat("of ", life.timeout_ms, " ms expired at ",
                                      life.closed_at / kMillisecond,
                                      " ms in a reign that began at ",
                                      reign->second / kMillisecond, " ms"));
    }
    // Who was told of the end has left it only then.
    const Micros left = RecordOf(life).left_at;
    const bool was_used = left == 0 || left > life.closed_at;
    const bool calm =
        history_.calm_since > 0 && life.closed_at > history_.calm_since;
    if (calm && was_used) {
      Violation(session,
                absl::StrCat("expired at ", life.closed_at / kMillisecond,
                             " ms while its client was heard"));
    }
  }

  void JudgeConnection(const ConnectionRecord& connection) {
    if (connection.session < 0 || connection.heard.empty()) return;
    const tree::SessionId session =
        history_.sessions[static_cast<size_t>(connection.session)].id;
    if (session.IsNone()) return;
    const auto found = replay_.sessions.find(session);
    const bool ended =
        found != replay_.sessions.end() && !found->second.closed.IsNone();
    for (const HeardRecord& heard : connection.heard) {
      if (!SaysExpired(heard.message) || ended) continue;
      Violation(session,
                absl::StrCat("has not ended, but client ", connection.client,
                             " hears ", Describe(heard.message)));
    }
  }

  static bool SaysExpired(const replica::ServerMessage& message) {
    absl::Status status;
    if (const auto* reply = std::get_if<replica::Reply>(&message)) {
      status = reply->status;
    } else if (const auto* goodbye = std::get_if<replica::Goodbye>(&message)) {
      status = goodbye->status;
    }
    return tree::ErrorCodeOf(status) == tree::ErrorCode::kSessionExpired;
  }

  const History& history_;
  const Replay& replay_;
  EnsembleViolations& violations_;
  std::map<consensus::Epoch, Micros> reigns_;
};

}  // namespace

void CheckSessions(const History& history, const Replay& replay,
                   EnsembleViolations& violations) {
  SessionCheck(history, replay, violations).Judge();
}

}  // namespace quorate::simulation
