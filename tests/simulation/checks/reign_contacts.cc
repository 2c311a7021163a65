#include "tests/simulation/checks/reign_contacts.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <variant>

#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "coord/consensus/roles.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {
namespace {

using consensus::Epoch;

// The reign that a message answers; 0: none, it does not count as contact.
Epoch AnsweredEpoch(const consensus::Message& message) {
  if (const auto* m = std::get_if<consensus::HeartbeatAck>(&message)) {
    return m->epoch;
  }
  if (const auto* m = std::get_if<consensus::Ack>(&message)) return m->epoch;
  if (const auto* m = std::get_if<consensus::HistoryReply>(&message)) {
    return m->epoch;
  }
  if (const auto* m = std::get_if<consensus::SnapshotAck>(&message)) {
    return m->epoch;
  }
  if (const auto* m = std::get_if<consensus::ReadRequest>(&message)) {
    return m->epoch;
  }
  if (const auto* m = std::get_if<consensus::StaleEpoch>(&message)) {
    return m->epoch;
  }
  return 0;
}

}  // namespace

void ReignContacts::Note(const consensus::Core& core) {
  const auto* leader = std::get_if<consensus::Leader>(&core.role());
  if (leader == nullptr) {
    epoch_ = 0;
    return;
  }
  if (epoch_ != core.epoch()) {
    *this = ReignContacts();
    epoch_ = core.epoch();
    since_ms_ = leader->since_ms;
  }
  const consensus::Configuration& newest = core.configuration();
  if (newest.version() == version_) return;
  const int64_t now_ms = version_ == 0 ? since_ms_ : core.now_ms();
  version_ = newest.version();
  std::map<MemberKey, Contact> contacts;
  for (const consensus::Member& member : newest.members()) {
    const bool votes = member.voter || member.outgoing_voter;
    if (member.Key() == core.key()) {
      if (votes && !own_voter_since_ms_.has_value()) {
        own_voter_since_ms_ = now_ms;
      }
      if (!votes) own_voter_since_ms_.reset();
      continue;
    }
    const auto known = contacts_.find(member.Key());
    Contact contact;
    contact.member_since_ms = contact.heard_since_ms = now_ms;
    if (known != contacts_.end()) contact = known->second;
    if (!votes) contact.voter_since_ms.reset();
    if (votes && !contact.voter_since_ms.has_value()) {
      contact.voter_since_ms = now_ms;
    }
    contacts[member.Key()] = contact;
  }
  contacts_ = std::move(contacts);
}

void ReignContacts::Deliver(const consensus::Core& core,
                            const consensus::Envelope& envelope) {
  if (epoch_ == 0 || envelope.ensemble != core.hard_state().ensemble ||
      AnsweredEpoch(envelope.message) != epoch_) {
    return;
  }
  const auto found = contacts_.find(envelope.from);
  if (found == contacts_.end()) return;
  Contact& contact = found->second;
  const consensus::Limits& limits = core.configuration().limits();
  const int64_t now_ms = core.now_ms();
  const bool gap = !contact.last_heard_ms.has_value() ||
                   now_ms - *contact.last_heard_ms > limits.contact_ms;
  if (gap) contact.heard_since_ms = now_ms;
  contact.last_heard_ms = now_ms;
  if (const auto* ack = std::get_if<consensus::Ack>(&envelope.message)) {
    contact.match = std::max(contact.match, ack->durable);
  } else if (const auto* heartbeat_ack =
                 std::get_if<consensus::HeartbeatAck>(&envelope.message)) {
    contact.match = std::max(contact.match, heartbeat_ack->durable);
    // A late answer tells of a time that is over.
    if (heartbeat_ack->sent_ms < contact.fsync_sent_ms) return;
    contact.fsync_sent_ms = heartbeat_ack->sent_ms;
    contact.fsync_ms = heartbeat_ack->fsync_ms;
    if (contact.fsync_ms > limits.max_fsync_ms) contact.slow_fsync_ms = now_ms;
  }
}

const ReignContacts::Contact* ReignContacts::Find(const MemberKey& key) const {
  const auto found = contacts_.find(key);
  return found != contacts_.end() ? &found->second : nullptr;
}

}  // namespace quorate::simulation
