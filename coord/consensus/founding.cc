// Founding an ensemble (rule 3) and joining one (rule 2): the parts of the core
// for a member that belongs to no ensemble yet.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/base/unsafe_ensemble.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/guard.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/quorum.h"
#include "coord/consensus/record.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/static_membership.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {
namespace {

const Manifest::Founder* FindFounder(const Manifest& manifest, MemberId id) {
  for (const Manifest::Founder& founder : manifest.founders) {
    if (founder.id == id) return &founder;
  }
  return nullptr;
}

// In a veto, before the list that its sender was given.
constexpr char kItHas[] = ". It has the founders ";
// A founder tells so rarely whom it waits for.
constexpr int64_t kTellHeartbeats = 30;

// 1 if this data directory can never belong under its id, as that is another
// directory's, or was removed: the number of the event that tells of it. A
// wiped disk is told so. (Rule 5 also guards addresses, which may become free;
// what admission says of those comes with numbers.)
uint64_t IsFinal(const Refusal& refusal) {
  if (refusal.retry_after_ms.has_value()) return 0;
  if (refusal.rule == Rule::kIncarnation) return 1;
  return refusal.rule == Rule::kNoResurrection && refusal.numbers.empty() ? 1
                                                                          : 0;
}

}  // namespace

// --- Founding
// -----------------------------------------------------------------

void Core::StartFounding() {
  const Manifest& manifest = *options_.manifest;
  const absl::Status valid = ValidateManifest(manifest);
  if (!valid.ok()) {
    return Stop(
        {Rule::kUnanimousBootstrap, std::string(valid.message()), {}, {}});
  }
  const Manifest::Founder* self = FindFounder(manifest, hard_state_.member);
  if (self == nullptr || self->address != options_.address) {
    return Stop({Rule::kUnanimousBootstrap,
                 absl::StrCat("the manifest does not list member ",
                              ToString(hard_state_.member), " at ",
                              options_.address, "; correct one of them"),
                 {},
                 {}});
  }
  if (hard_state_.manifest_hash != 0 &&
      hard_state_.manifest_hash != manifest.Hash()) {
    return Stop({Rule::kUnanimousBootstrap,
                 absl::StrCat(
                     "this data directory has confirmed another list of "
                     "founders than ",
                     DescribeFounders(manifest),
                     ", or other limits; start it with those, or with an empty "
                     "disk: it belongs to no ensemble and holds no data"),
                 {},
                 {}});
  }
  hard_state_.manifest_hash = manifest.Hash();
  SaveHardState();
  Founding founding;
  founding.confirmed[hard_state_.member] = hard_state_.incarnation;
  role_ = std::move(founding);
}

void Core::TickFounding(Founding& founding) {
  if (now_ms_ < founding.send_at_ms) return;
  founding.send_at_ms = now_ms_ + 2 * options_.heartbeat_ms;
  for (const Manifest::Founder& founder : options_.manifest->founders) {
    if (founder.id == hard_state_.member) continue;
    SendDurably(founder.id, founder.address,
                FoundingConfirm{hard_state_.manifest_hash});
  }
  TellMissing(founding);
  FoundIfUnanimous(founding);
}

// Tells now and then whom it still waits for.
void Core::TellMissing(Founding& founding) {
  const int64_t pause_ms = kTellHeartbeats * options_.heartbeat_ms;
  const bool is_first = founding.tell_at_ms == 0;
  if (!is_first && now_ms_ < founding.tell_at_ms) return;
  founding.tell_at_ms = now_ms_ + pause_ms;
  if (is_first) return;
  std::string missing;
  for (const Manifest::Founder& founder : options_.manifest->founders) {
    if (founding.confirmed.contains(founder.id)) continue;
    absl::StrAppend(&missing, missing.empty() ? "" : ", ", ToString(founder.id),
                    " at ", founder.address);
  }
  if (missing.empty()) return;
  Emit({EventKind::kFoundingWaits, MemberId(), Rule::kUnanimousBootstrap, 0,
        Zxid(),
        absl::StrCat("nothing is founded yet: no confirmation of the same "
                     "list by ",
                     missing)});
}

// The founder with the lowest id mints; everybody else waits to be told. So no
// two founders can mint from one manifest.
void Core::FoundIfUnanimous(const Founding& founding) {
  const Manifest& manifest = *options_.manifest;
  if (manifest.founders.front().id != hard_state_.member) return;
  const size_t needed = On(Guard::kRule3UnanimousBootstrap)
                            ? manifest.founders.size()
                            : MajorityOf(manifest.founders.size());
  if (founding.confirmed.size() < needed) return;
  if (options_.fresh_ensemble_id.IsNone() ||
      options_.fresh_ensemble_id == kUnsafeEnsemble) {
    return Stop({Rule::kEnsembleId,
                 "no fresh ensemble id was drawn; start again with one",
                 {},
                 {}});
  }
  std::vector<Member> members;
  for (const Manifest::Founder& founder : manifest.founders) {
    const auto confirmed = founding.confirmed.find(founder.id);
    if (confirmed == founding.confirmed.end()) continue;
    members.push_back(
        {founder.id, confirmed->second, founder.address, true, false});
  }
  hard_state_.ensemble = options_.fresh_ensemble_id;
  SaveHardState();
  BecomeFollower(MemberId(), "");
  ResetElectionTimer();
  Emit({EventKind::kFounded, MemberId(), Rule::kNone, 0, kFoundingZxid});
  AppendToLog(
      {kFoundingZxid, RecordKind::kFounding, nullptr,
       std::make_shared<const Configuration>(Configuration::Found(
           hard_state_.ensemble, std::move(members), manifest.limits))});
}

void Core::OnFoundingConfirm(const Envelope& envelope,
                             const FoundingConfirm& confirm) {
  auto veto = [&](Rule rule, std::string reason) {
    Count(rule, envelope.from.id, reason);
    Send(envelope, FoundingVeto{confirm.manifest_hash,
                                {rule, std::move(reason), {}, {}}});
  };
  if (IsUnsafe())
    return veto(Rule::kEnsembleId, UnsafeEnsembleRefusal().reason);
  if (auto* founding = std::get_if<Founding>(&role_)) {
    if (confirm.manifest_hash != hard_state_.manifest_hash) {
      return veto(
          Rule::kUnanimousBootstrap,
          absl::StrCat("founder ", ToString(hard_state_.member),
                       " was given another manifest than founder ",
                       ToString(envelope.from.id), "; nothing was founded",
                       kItHas, DescribeFounders(*options_.manifest),
                       "; give all founders the same list and limits"));
    }
    const Manifest::Founder* founder =
        FindFounder(*options_.manifest, envelope.from.id);
    if (founder == nullptr || founder->address != envelope.from_address ||
        envelope.from.incarnation.IsNone()) {
      return veto(Rule::kUnanimousBootstrap,
                  absl::StrCat("the manifest does not list member ",
                               ToString(envelope.from.id), " at ",
                               envelope.from_address));
    }
    founding->confirmed[envelope.from.id] = envelope.from.incarnation;
    return FoundIfUnanimous(*founding);
  }
  if (hard_state_.ensemble.IsNone()) {
    return veto(Rule::kUnanimousBootstrap,
                absl::StrCat("member ", ToString(hard_state_.member),
                             " at this address is joining, not founding"));
  }
  AnswerLateFounder(envelope, confirm, veto);
}

// A founder that was not told yet, or one that must not begin anew beside an
// ensemble that exists.
void Core::AnswerLateFounder(const Envelope& envelope,
                             const FoundingConfirm& confirm,
                             absl::FunctionRef<void(Rule, std::string)> veto) {
  const bool same = confirm.manifest_hash == hard_state_.manifest_hash;
  // Only what is durable here may be told: a founder that hears it tells
  // others.
  if (same && durable().IsNone()) return;
  if (same && configuration().Find(envelope.from) != nullptr) {
    const ConfigurationHistory::Entry& first = history_.At(kFoundingZxid);
    return Send(
        envelope,
        Founded{confirm.manifest_hash, envelope.from.incarnation,
                first.zxid == kFoundingZxid ? first.configuration : nullptr});
  }
  const Member* known = configuration().Find(envelope.from.id);
  if (same && known != nullptr) {
    return veto(Rule::kIncarnation, OtherIncarnation(*known).reason);
  }
  if (same && configuration().WasRemoved(envelope.from.id)) {
    return veto(Rule::kNoResurrection,
                WasRemovedRefusal(envelope.from.id).reason);
  }
  veto(Rule::kUnanimousBootstrap,
       absl::StrCat("founder ", ToString(hard_state_.member),
                    " belongs to ensemble ", ToString(hard_state_.ensemble),
                    " already; join it, or found with empty disks only"));
}

void Core::OnFounded(const Envelope& envelope, const Founded& founded) {
  if (!std::holds_alternative<Founding>(role_) ||
      founded.manifest_hash != hard_state_.manifest_hash ||
      founded.incarnation != hard_state_.incarnation ||
      envelope.ensemble.IsNone() || envelope.ensemble == kUnsafeEnsemble) {
    return;
  }
  EnterEnsemble(envelope.ensemble);
  if (founded.configuration != nullptr && log_.last().IsNone()) {
    AppendToLog(
        {kFoundingZxid, RecordKind::kFounding, nullptr, founded.configuration});
  }
  Emit({EventKind::kFounded, envelope.from.id, Rule::kNone, 0, Zxid()});
}

void Core::OnFoundingVeto(const Envelope& envelope, const FoundingVeto& veto) {
  auto* founding = std::get_if<Founding>(&role_);
  if (founding == nullptr || veto.manifest_hash != hard_state_.manifest_hash) {
    return;
  }
  founding->veto = veto.refusal;
  // The other one has said what it was given; here is with what it differs.
  const std::string own = DescribeFounders(*options_.manifest);
  if (absl::StrContains(veto.refusal.reason, kItHas)) {
    const bool same_list =
        absl::StrContains(veto.refusal.reason, absl::StrCat(kItHas, own, ";"));
    absl::StrAppend(&founding->veto.reason,
                    same_list ? "; here the list is the same, so a --limit "
                                "differs"
                              : "; here they are " + own);
  }
  Emit({EventKind::kRefusedByPeer, envelope.from.id, veto.refusal.rule,
        IsFinal(veto.refusal), Zxid(), founding->veto.reason});
}

void Core::EnterEnsemble(EnsembleId ensemble) {
  hard_state_.ensemble = ensemble;
  SaveHardState();
  BecomeFollower(MemberId(), "");
  ResetElectionTimer();
}

// --- Joining
// True if a crash came between the ensemble id and the founding record of the
// founder that mints. Nobody was told, so the id was never an ensemble's.
bool Core::MintedInVain() const {
  return !hard_state_.ensemble.IsNone() && log_.last().IsNone() &&
         options_.manifest.has_value() &&
         options_.manifest->Hash() == hard_state_.manifest_hash &&
         options_.manifest->founders.front().id == hard_state_.member;
}

// ------------------------------------------------------------------

void Core::TickJoining(Joining& joining) {
  if (now_ms_ < joining.ask_at_ms) return;
  joining.ask_at_ms = now_ms_ + 3 * options_.heartbeat_ms;
  const std::string address = joining.redirect.empty()
                                  ? NextAddress()
                                  : std::exchange(joining.redirect, "");
  SendTo(MemberId(), address, JoinRequest{});
}

// The addresses that this member was told about, in turn, but its own.
std::string Core::NextAddress() {
  std::vector<std::string> addresses = options_.seeds;
  if (configuration().version() != 0) {
    addresses.clear();
    for (const Member& member : configuration().members()) {
      addresses.push_back(member.address);
    }
  } else if (options_.manifest.has_value()) {
    for (const Manifest::Founder& founder : options_.manifest->founders) {
      addresses.push_back(founder.address);
    }
  }
  addresses.erase(
      std::remove(addresses.begin(), addresses.end(), options_.address),
      addresses.end());
  if (addresses.empty()) return "";
  return addresses[next_address_++ % addresses.size()];
}

void Core::OnJoinReply(const Envelope& envelope, const JoinReply& reply) {
  auto* joining = std::get_if<Joining>(&role_);
  if (joining == nullptr || reply.incarnation != hard_state_.incarnation ||
      envelope.ensemble.IsNone()) {
    return;
  }
  if (reply.admitted && envelope.ensemble != kUnsafeEnsemble) {
    EnterEnsemble(envelope.ensemble);
    Emit({EventKind::kAdmitted, envelope.from.id, Rule::kNone, 0, Zxid()});
    return;
  }
  if (reply.refusal.rule != Rule::kNone) {
    Emit({EventKind::kRefusedByPeer, envelope.from.id, reply.refusal.rule,
          IsFinal(reply.refusal), Zxid(), reply.refusal.reason});
  }
  joining->redirect = reply.leader_address;
  joining->last_refusal = reply.refusal;
  const int64_t soonest = options_.heartbeat_ms;
  const int64_t latest = 10 * options_.heartbeat_ms;
  joining->ask_at_ms =
      now_ms_ + std::clamp(reply.refusal.retry_after_ms.value_or(soonest),
                           soonest, latest);
}

}  // namespace quorate::consensus
