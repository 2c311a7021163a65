#include "coord/server/event_log.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "coord/consensus/output.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "coord/server/logger.h"
#include "coord/server/rate_limiter.h"

namespace quorate::server {
namespace {

using consensus::Event;
using consensus::EventKind;

// Of what a peer can cause at will, and of what goes on until a person helps.
constexpr int64_t kRefusalPeriodUs = 60'000'000;
// Of a text that a peer has sent.
constexpr size_t kMaxReasonBytes = 2000;

}  // namespace

EventLog::EventLog(Logger& logger, std::function<int64_t()> clock)
    : logger_(logger), clock_(std::move(clock)), refusals_(kRefusalPeriodUs) {}

void EventLog::Write(const std::vector<Event>& events) {
  for (const Event& event : events) WriteOne(event);
}

void EventLog::WriteOne(const Event& event) {
  counts_[static_cast<size_t>(event.kind)].fetch_add(1,
                                                     std::memory_order_relaxed);
  const uint64_t peer = event.peer.value;
  const int rule = static_cast<int>(event.rule);
  switch (event.kind) {
    case EventKind::kCampaign:
      logger_.Log(LogLevel::kInfo, "campaign", {{"epoch", event.number}});
      return;
    case EventKind::kBecameLeader:
      logger_.Log(LogLevel::kInfo, "became leader", {{"epoch", event.number}});
      return;
    case EventKind::kBecameFollower:
      if (event.peer.IsNone()) {
        logger_.Log(LogLevel::kInfo, "no leader known",
                    {{"epoch", event.number}});
      } else {
        logger_.Log(LogLevel::kInfo, "became follower",
                    {{"epoch", event.number}, {"leader", peer}});
      }
      return;
    case EventKind::kConfiguration:
      logger_.Log(LogLevel::kInfo, "configuration",
                  {{"version", event.number}});
      return;
    case EventKind::kConfigurationTakenBack:
      logger_.Log(LogLevel::kWarn, "configuration taken back",
                  {{"version", event.number}});
      return;
    case EventKind::kSyncDiff:
      return WriteSync(event, "DIFF");
    case EventKind::kSyncTrunc:
      return WriteSync(event, "TRUNC");
    case EventKind::kSyncSnapshot:
      return WriteSync(event, "SNAP");
    case EventKind::kRefused:
    case EventKind::kRefusedByPeer:
    case EventKind::kFoundingWaits:
    case EventKind::kChangeRefused:
      WriteRefusal(event);
      return;
    case EventKind::kChangeAccepted:
      logger_.Log(LogLevel::kInfo, "membership change accepted",
                  {{"version", event.number}});
      return;
    case EventKind::kAutoPromote:
      return WriteAutomatic(event, "promoting a learner by itself");
    case EventKind::kAutoRemove:
      return WriteAutomatic(event, "removing a dead voter by itself");
    case EventKind::kFounded:
      logger_.Log(LogLevel::kInfo, "ensemble founded");
      return;
    case EventKind::kAdmitted:
      logger_.Log(LogLevel::kInfo, "admitted to the ensemble");
      return;
    case EventKind::kTransfer:
      logger_.Log(LogLevel::kInfo, "handing leadership over", {{"to", peer}});
      return;
    case EventKind::kFreshEpoch:
      logger_.Log(LogLevel::kInfo, "moving to a fresh epoch",
                  {{"from_epoch", event.number}});
      return;
    case EventKind::kStopped:
      logger_.Log(LogLevel::kError, "stopped by a rule",
                  {{"rule", rule},
                   {"name", RuleName(event.rule)},
                   {"why", event.reason}});
      return;
  }
}

void EventLog::WriteSync(const Event& event, const char* by) {
  logger_.Log(
      LogLevel::kInfo, "synchronising a member",
      {{"peer", event.peer.value}, {"by", by}, {"zxid", ToString(event.zxid)}});
}

void EventLog::WriteAutomatic(const Event& event, const char* what) {
  // As people give it to member change-state.
  logger_.Log(LogLevel::kWarn, what,
              {{"member", event.peer.value},
               {"change_id", absl::StrFormat("%016x", event.number)}});
}

void EventLog::WriteRefusal(const Event& event) {
  // Kind and rule stand above any id that people give. A peer's reason does not
  // count: each of its messages could have another one.
  const uint64_t key = (static_cast<uint64_t>(event.kind) << 56) ^
                       (static_cast<uint64_t>(event.rule) << 48) ^
                       event.peer.value;
  const std::optional<uint64_t> left_out = refusals_.Admit(key, clock_());
  if (!left_out) return;
  const int rule = static_cast<int>(event.rule);
  const std::string why = event.reason.substr(0, kMaxReasonBytes);
  switch (event.kind) {
    case EventKind::kChangeRefused:
      logger_.Log(LogLevel::kWarn, "membership change refused",
                  {{"rule", rule},
                   {"name", RuleName(event.rule)},
                   {"more", *left_out}});
      return;
    case EventKind::kFoundingWaits:
      logger_.Log(LogLevel::kWarn, "waiting for other founders",
                  {{"why", why}});
      return;
    default: {
      const bool is_ours = event.kind == EventKind::kRefused;
      logger_.Log(LogLevel::kWarn,
                  is_ours ? "refused a message" : "a peer refuses this member",
                  {{"rule", rule},
                   {"name", RuleName(event.rule)},
                   {"peer", event.peer.value},
                   {"why", why},
                   {"more", *left_out}});
    }
  }
}

}  // namespace quorate::server
