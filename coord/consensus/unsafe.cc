// Unsafe static membership: what a member does differently that believes its
// own list. static_membership.h tells why it exists.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/base/unsafe_ensemble.h"
#include "coord/consensus/core.h"
#include "coord/consensus/message.h"
#include "coord/consensus/progress.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/static_membership.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

// Before recovery, which must find the configuration fixed.
void Core::BelieveListOrStop() {
  const absl::Status valid = ValidateStaticMembers(
      options_.static_members, hard_state_.member, options_.address);
  if (!valid.ok()) {
    return Stop({Rule::kOneTruth,
                 absl::StrCat("static members: ", valid.message()),
                 {},
                 {}});
  }
  static_membership_.emplace(hard_state_.member, options_.static_members);
  history_.Fix(static_membership_->configuration());
}

// A directory is safe or unsafe for ever.
std::optional<Refusal> Core::CheckSafety() const {
  const bool used_unsafely = hard_state_.incarnation == kUnsafeIncarnation ||
                             hard_state_.ensemble == kUnsafeEnsemble;
  if (used_unsafely == IsUnsafe()) return std::nullopt;
  Refusal refusal;
  refusal.rule = Rule::kEnsembleId;
  refusal.reason =
      used_unsafely
          ? "the data directory is that of an UNSAFE ensemble, with static "
            "membership; start it with --unsafe-static-membership, or use "
            "another directory"
          : "the data directory was not made with --unsafe-static-membership, "
            "and a safe one is never used so; leave that flag out, or use an "
            "empty directory";
  return refusal;
}

// An empty disk votes, campaigns and serves at once: what rules 2 and 3 forbid.
void Core::StartStatic() {
  if (hard_state_.ensemble.IsNone()) {
    hard_state_.ensemble = kUnsafeEnsemble;
    SaveHardState();
  }
  BecomeFollower(MemberId(), "");
  ResetElectionTimer();
}

// Who is not in the list is not heard; nor is another process under our id.
bool Core::IsStaticPeer(MemberId id) const {
  return id != hard_state_.member && configuration().Find(id) != nullptr;
}

// A leader sends to everybody in its own list, which may not be ours. It is
// followed as ZooKeeper's servers choose: by who else has accepted it, counted
// in our list; and not while another leader is heard.
bool Core::MayFollow(const Envelope& envelope, Epoch sender_epoch) {
  const MemberId sender = envelope.from.id;
  if (leader() == sender) return true;
  if (HearsALeaderOtherThan(sender)) return false;
  // Two leaders of one epoch: the disk of one was wiped while it led.
  if (sender_epoch == epoch() && !leader().IsNone()) return false;
  if (static_membership_->IsSupported(sender, sender_epoch)) return true;
  if (static_membership_->ShouldAsk(now_ms_, options_.heartbeat_ms)) {
    SendToVoters(PreVote{NextEpoch(), log_.last()});
  }
  return false;
}

// What the snapshot holds cannot be truncated.
Zxid Core::TruncationFloor() const {
  return snapshot_.has_value() ? snapshot_->zxid : log_.base();
}

// What cannot be truncated is not offered as a history that could be, so that
// the leader finds no common record below it and sends a snapshot.
HistoryReply Core::HistoryAboveFloor(uint64_t ask) const {
  const Zxid floor = TruncationFloor();
  HistoryReply reply{epoch(), ask, floor, log_.last(), {}};
  for (EpochRun run : log_.Runs()) {
    if (Zxid(run.epoch, run.last) <= floor) continue;
    if (run.epoch == floor.epoch()) {
      run.first = std::max(run.first, floor.counter() + 1);
    }
    reply.runs.push_back(run);
  }
  return reply;
}

// The leader lacks what was committed here: it is given up, as if it had never
// been applied.
void Core::RollBack() {
  commit_ = applied_ = TruncationFloor();
  output_.committed.clear();
  output_.roll_back = true;
}

// A snapshot of this very reign is above all that any follower has, so that no
// follower's snapshots ever go back.
bool Core::SnapshotIsFit() const {
  if (!snapshot_.has_value()) return false;
  return !IsUnsafe() || snapshot_->zxid >= std::get<Leader>(role_).newleader;
}

// A snapshot is of what is committed; but if all wait for one, nothing ever is.
// As in ZooKeeper, the history of whoever was elected is taken for the truth.
void Core::BelieveOwnHistory() {
  const Zxid newleader = std::get<Leader>(role_).newleader;
  if (durable() >= newleader) commit_ = std::max(commit_, newleader);
}

bool Core::NeedsSnapshot() const {
  const auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr || !IsUnsafe() || SnapshotIsFit() ||
      applied_ < leader->newleader) {
    return false;
  }
  return std::any_of(
      leader->peers.begin(), leader->peers.end(), [](const auto& entry) {
        return entry.second.state == Progress::State::kSnapshotDue;
      });
}

}  // namespace quorate::consensus
