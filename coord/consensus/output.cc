#include "coord/consensus/output.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {
namespace {

absl::string_view Name(EventKind kind) {
  switch (kind) {
    case EventKind::kCampaign:
      return "campaign";
    case EventKind::kBecameLeader:
      return "became-leader";
    case EventKind::kBecameFollower:
      return "became-follower";
    case EventKind::kConfiguration:
      return "configuration";
    case EventKind::kConfigurationTakenBack:
      return "configuration-taken-back";
    case EventKind::kSyncDiff:
      return "sync-DIFF";
    case EventKind::kSyncTrunc:
      return "sync-TRUNC";
    case EventKind::kSyncSnapshot:
      return "sync-SNAP";
    case EventKind::kRefused:
      return "refused";
    case EventKind::kChangeRefused:
      return "change-refused";
    case EventKind::kChangeAccepted:
      return "change-accepted";
    case EventKind::kAutoPromote:
      return "auto-promote";
    case EventKind::kAutoRemove:
      return "auto-remove";
    case EventKind::kFounded:
      return "founded";
    case EventKind::kAdmitted:
      return "admitted";
    case EventKind::kTransfer:
      return "transfer";
    case EventKind::kFreshEpoch:
      return "fresh-epoch";
    case EventKind::kRefusedByPeer:
      return "refused-by-peer";
    case EventKind::kFoundingWaits:
      return "founding-waits";
    case EventKind::kStopped:
      return "stopped";
  }
  return "unknown";
}

}  // namespace

std::string Describe(const Event& event) {
  std::string text(Name(event.kind));
  if (event.rule != Rule::kNone) {
    absl::StrAppend(&text, " rule=", static_cast<int>(event.rule));
  }
  if (!event.peer.IsNone()) absl::StrAppend(&text, " peer=", event.peer.value);
  if (event.number != 0) absl::StrAppend(&text, " number=", event.number);
  if (!event.zxid.IsNone()) {
    absl::StrAppend(&text, " zxid=", ToString(event.zxid));
  }
  return text;
}

}  // namespace quorate::consensus
