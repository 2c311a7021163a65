#include "tests/simulation/checks/admitted_before_service.h"

#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/roles.h"

namespace quorate::simulation {
namespace {

using consensus::Message;

bool IsNewcomersWord(const Message& message) {
  return std::holds_alternative<consensus::FoundingConfirm>(message) ||
         std::holds_alternative<consensus::FoundingVeto>(message) ||
         std::holds_alternative<consensus::JoinRequest>(message);
}

bool AsksForVotes(const Message& message) {
  return std::holds_alternative<consensus::PreVote>(message) ||
         std::holds_alternative<consensus::Vote>(message);
}

bool Campaigns(const consensus::Core& core) {
  return core.IsLeader() ||
         std::holds_alternative<consensus::Candidate>(core.role());
}

}  // namespace

void AdmittedBeforeService::OnStart(const MemberView& member,
                                    const consensus::DurableState& recovered) {
  mirrors_[member.index].Start(recovered);
}

void AdmittedBeforeService::OnOutput(const MemberView& member,
                                     const consensus::Output& output) {
  const consensus::Core& core = *member.core;
  bool campaigns = Campaigns(core);
  for (const consensus::Envelope& envelope : output.messages) {
    CheckMessage(member, envelope);
    campaigns = campaigns || AsksForVotes(envelope.message);
  }
  if (core.hard_state().ensemble.IsNone()) CheckNewcomer(member, output);
  // Asked before and after: a configuration may have come with this output.
  const bool voted_before = !campaigns || Votes(member);
  mirrors_[member.index].Follow(output);
  if (voted_before || Votes(member)) return;
  Report(absl::StrCat(ToString(core.key()), " is a ", core.RoleName(),
                      " and campaigns or leads without a vote in ",
                      core.configuration().Describe()));
}

void AdmittedBeforeService::CheckMessage(const MemberView& member,
                                         const consensus::Envelope& envelope) {
  const consensus::Core& core = *member.core;
  if (envelope.from != core.key()) {
    Report(absl::StrCat(ToString(core.key()), " sends as ",
                        ToString(envelope.from)));
  }
  if (envelope.ensemble.IsNone() && IsNewcomersWord(envelope.message)) return;
  if (!envelope.ensemble.IsNone() &&
      envelope.ensemble == core.hard_state().ensemble) {
    return;
  }
  Report(absl::StrCat(ToString(core.key()), " of ensemble ",
                      ToString(core.hard_state().ensemble), " sends ",
                      Describe(envelope), " for ensemble ",
                      ToString(envelope.ensemble)));
}

void AdmittedBeforeService::CheckNewcomer(const MemberView& member,
                                          const consensus::Output& output) {
  bool serves = Campaigns(*member.core) || !output.committed.empty() ||
                !output.append.empty();
  for (const consensus::ReadResult& read : output.reads) {
    serves = serves || read.ok;
  }
  if (!serves) return;
  Report(absl::StrCat(ToString(member.core->key()), ", a ",
                      member.core->RoleName(),
                      ", serves without belonging to an ensemble"));
}

bool AdmittedBeforeService::Votes(const MemberView& member) {
  const consensus::Core& core = *member.core;
  const std::vector<ConfigurationMirror::Entry>& entries =
      mirrors_[member.index].entries();
  auto votes = [&](const ConfigurationMirror::Entry& entry) {
    const consensus::Member* found = entry.configuration->Find(core.key());
    return found != nullptr && (found->voter || found->outgoing_voter);
  };
  if (entries.empty()) return false;
  if (votes(entries.back())) return true;
  if (entries.size() < 2 || !votes(entries[entries.size() - 2])) return false;
  // A leader that removed itself goes on until it has handed over (rule 18).
  return core.IsLeader() || entries.back().zxid > core.commit();
}

}  // namespace quorate::simulation
