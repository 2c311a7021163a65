#include "tests/simulation/checks/admission_pace.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/log_view.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/progress.h"
#include "coord/consensus/record.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {
namespace {

using consensus::Configuration;
using consensus::Limits;
using consensus::LogView;
using consensus::Member;
using consensus::Progress;
using consensus::Zxid;

// An output may be taken some time after the core decided, so what is seen here
// may be younger than what the core saw.
constexpr int64_t kSlackMs = 250;

template <typename Holds>
bool Majority(const std::vector<MemberId>& voters, const Holds& holds) {
  const auto held = std::count_if(voters.begin(), voters.end(), holds);
  return 2 * static_cast<size_t>(held) > voters.size();
}

std::string Name(const char* what, MemberId id, const char* why) {
  return absl::StrCat(what, " ", ToString(id), " ", why);
}

// Rules 12 and 13 on whom `after` promotes.
std::string WhyUnproven(const std::vector<MemberId>& promoted,
                        const PaceFacts& facts, const Limits& limits) {
  for (MemberId id : promoted) {
    const auto found = facts.members.find(id);
    if (found == facts.members.end() || !found->second.proven) {
      return Name("learner", id, "is not proven (rule 12)");
    }
    if (found->second.proven_ms + kSlackMs < limits.stabilisation_ms) {
      return Name("learner", id, "was not stable for long enough (rule 13)");
    }
  }
  return "";
}

// True if the output tells that the leader itself thought of the removal that
// `record` begins.
bool RemovesByItself(const consensus::Output& output,
                     const consensus::Record& record) {
  const auto& changes = record.configuration->changes();
  return !changes.empty() &&
         std::any_of(output.events.begin(), output.events.end(),
                     [&](const consensus::Event& event) {
                       return event.kind == consensus::EventKind::kAutoRemove &&
                              event.number == changes.back().change_id;
                     });
}

bool IsShunned(const consensus::Core& core, MemberId id) {
  const auto& peers = std::get<consensus::Leader>(core.role()).peers;
  const auto peer = peers.find(id);
  return peer != peers.end() && peer->second.state == Progress::State::kShunned;
}

}  // namespace

std::string WhyTooQuick(const Configuration& before, const Configuration& after,
                        const PaceFacts& facts) {
  const Limits& limits = before.limits();
  std::vector<MemberId> promoted;
  for (MemberId id : after.voters()) {
    const Member* known = before.Find(id);
    if (known == nullptr || !known->voter) promoted.push_back(id);
  }
  std::string why = WhyUnproven(promoted, facts, limits);
  if (!why.empty()) return why;
  if (!promoted.empty() &&
      facts.since_promotion_ms + kSlackMs < limits.promotion_distance_ms) {
    return "promotions follow too quickly (rule 14)";
  }
  const bool first_growth =
      before.voters().size() == 1 && after.voters().size() == 2;
  auto holds = [&](auto property) {
    auto of_member = [&](MemberId id) {
      const auto found = facts.members.find(id);
      return found != facts.members.end() && property(found->second) &&
             std::find(promoted.begin(), promoted.end(), id) == promoted.end();
    };
    return Majority(before.voters(), of_member) &&
           (first_growth || Majority(after.voters(), of_member));
  };
  if (!holds([](const auto& member) { return member.in_contact; })) {
    return "the voters heard from are no quorum (rule 15)";
  }
  bool only_dead_leave = promoted.empty();
  for (MemberId id : before.voters()) {
    const Member* stays = after.Find(id);
    if (stays != nullptr && stays->voter) continue;
    const auto found = facts.members.find(id);
    const bool dead = found == facts.members.end() || found->second.shunned ||
                      found->second.silent_ms + kSlackMs >= limits.dead_ms;
    only_dead_leave = only_dead_leave && dead;
  }
  if (only_dead_leave) return "";
  if (!holds([](const auto& member) { return member.seasoned; })) {
    return "the seasoned voters are no quorum (rule 14)";
  }
  return "";
}

std::string WhyTooBold(const Configuration& before, const Configuration& after,
                       const PaceFacts& facts) {
  const Limits& limits = before.limits();
  if (!limits.auto_remove_dead) return "nobody asked for it (rule 17)";
  if (facts.since_auto_removal_ms + kSlackMs < limits.stabilisation_ms) {
    return "automatic removals follow too quickly (rule 17)";
  }
  if (after.voters().size() / 2 < before.voters().size() / 2) {
    return "a quorum needs fewer voters than before (rule 17)";
  }
  int gone = 0;
  for (MemberId id : before.voters()) {
    const Member* stays = after.Find(id);
    if (stays != nullptr && stays->voter) continue;
    ++gone;
    const auto found = facts.members.find(id);
    if (found == facts.members.end() || found->second.shunned) continue;
    if (found->second.silent_ms + kSlackMs < limits.dead_ms) {
      return Name("voter", id, "is not dead (rule 17)");
    }
  }
  return gone > 1 ? "it removes several at once (rule 17)" : "";
}

void AdmissionPace::OnStart(const MemberView& member,
                            const consensus::DurableState& recovered) {
  Leader& leader = leaders_[member.index];
  leader = Leader();
  leader.mirror.Start(recovered);
}

void AdmissionPace::OnMessage(const MemberView& member,
                              const consensus::Envelope& envelope) {
  Leader& leader = leaders_[member.index];
  // Several inputs may share one output: a reign may just have begun.
  leader.contacts.Note(*member.core);
  leader.contacts.Deliver(*member.core, envelope);
}

void AdmissionPace::OnOutput(const MemberView& member,
                             const consensus::Output& output) {
  Leader& leader = leaders_[member.index];
  leader.mirror.Follow(output);
  if (member.core->IsLeader()) {
    for (const consensus::Record& record : output.append) {
      if (record.kind == consensus::RecordKind::kConfiguration &&
          record.zxid.epoch() == member.core->epoch()) {
        Appended(member, leader, record, RemovesByItself(output, record));
      }
    }
    CheckTransfers(member, output);
  }
  leader.contacts.Note(*member.core);
}

void AdmissionPace::Appended(const MemberView& member, Leader& leader,
                             const consensus::Record& record,
                             bool removed_by_itself) {
  const auto* before = leader.mirror.Before(record.zxid);
  if (before == nullptr) return;
  const Configuration& old = *before->configuration;
  const Configuration& now = *record.configuration;
  if (!old.outgoing_voters().empty() || old.voters() == now.voters()) return;
  const PaceFacts facts = FactsOf(member, leader, old, record.zxid);
  std::string why = WhyTooQuick(old, now, facts);
  if (why.empty() && removed_by_itself) why = WhyTooBold(old, now, facts);
  if (!why.empty()) {
    Report(absl::StrCat(ToString(member.core->key()), " appends ",
                        now.Describe(), " behind ", old.Describe(), ": ", why));
  }
  if (removed_by_itself) {
    leader.removed_in = member.core->epoch();
    leader.removed_ms = member.core->now_ms();
  }
  for (MemberId id : now.voters()) {
    const Member* known = old.Find(id);
    if (known != nullptr && known->voter) continue;
    leader.promoted_in = member.core->epoch();
    leader.promoted_ms = member.core->now_ms();
  }
}

PaceFacts AdmissionPace::FactsOf(const MemberView& member, const Leader& leader,
                                 const Configuration& before,
                                 Zxid appended) const {
  const consensus::Core& core = *member.core;
  const Limits& limits = before.limits();
  const LogView& log = core.log();
  const ReignContacts& contacts = leader.contacts;
  const int64_t now_ms = core.now_ms();
  const uint64_t behind = log.RecordsAfter(appended) + 1;
  PaceFacts facts;
  facts.since_promotion_ms =
      now_ms - (leader.promoted_in == core.epoch() ? leader.promoted_ms
                                                   : contacts.since_ms());
  facts.since_auto_removal_ms =
      now_ms - (leader.removed_in == core.epoch() ? leader.removed_ms
                                                  : contacts.since_ms());
  for (const Member& known : before.members()) {
    PaceFacts::MemberFacts& fact = facts.members[known.id];
    if (known.Key() == core.key()) {
      fact.in_contact = true;
      const auto since_ms = contacts.own_voter_since_ms();
      fact.seasoned = since_ms.has_value() &&
                      now_ms - *since_ms + kSlackMs >= limits.stabilisation_ms;
      continue;
    }
    const ReignContacts::Contact* contact = contacts.Find(known.Key());
    if (contact == nullptr) continue;
    fact.silent_ms =
        now_ms - contact->last_heard_ms.value_or(contacts.since_ms());
    fact.in_contact = contact->last_heard_ms.has_value() &&
                      fact.silent_ms <= limits.contact_ms + kSlackMs;
    const int64_t voted_ms =
        now_ms - std::max(contact->voter_since_ms.value_or(now_ms),
                          contact->heard_since_ms);
    fact.seasoned =
        fact.in_contact && voted_ms + kSlackMs >= limits.stabilisation_ms;
    const bool caught_up =
        log.Contains(contact->match) &&
        log.RecordsAfter(contact->match) <= limits.max_lag_records + behind;
    fact.proven = fact.in_contact && caught_up &&
                  contact->fsync_ms <= limits.max_fsync_ms;
    fact.proven_ms =
        now_ms - std::max({contact->heard_since_ms, contact->member_since_ms,
                           contact->slow_fsync_ms, contacts.since_ms()});
    fact.shunned = IsShunned(core, known.id);
  }
  return facts;
}

void AdmissionPace::CheckTransfers(const MemberView& member,
                                   const consensus::Output& output) {
  // Judged when one begins: the bound itself may have been lowered meanwhile.
  const bool begins =
      std::any_of(output.events.begin(), output.events.end(),
                  [](const consensus::Event& event) {
                    return event.kind == consensus::EventKind::kSyncSnapshot;
                  });
  if (!begins) return;
  const consensus::Core& core = *member.core;
  const auto& peers = std::get<consensus::Leader>(core.role()).peers;
  const auto transfers =
      std::count_if(peers.begin(), peers.end(), [](const auto& entry) {
        return entry.second.state == Progress::State::kSnapshotting;
      });
  const uint32_t bound = core.configuration().limits().max_snapshot_transfers;
  if (static_cast<uint64_t>(transfers) <= bound) return;
  Report(absl::StrCat(ToString(core.key()), " has ", transfers,
                      " snapshot transfers under way, at most ", bound,
                      " are allowed (rule 16)"));
}

}  // namespace quorate::simulation
