#include "tests/simulation/checks/check_test_support.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

using consensus::Configuration;
using consensus::Core;
using consensus::DurableState;
using consensus::MembershipChange;
using consensus::Record;
using consensus::RecordKind;
using consensus::Zxid;

MemberKey Key(uint64_t id) { return {{id}, {100 + id}}; }

consensus::Member MakeMember(uint64_t id) {
  return {{id}, {100 + id}, absl::StrCat("m", id, ":1"), false, false};
}

Configuration Founding(const std::vector<uint64_t>& voters,
                       const consensus::Limits& limits) {
  std::vector<consensus::Member> members;
  for (uint64_t id : voters) members.push_back(MakeMember(id));
  return Configuration::Found(kOurs, std::move(members), limits);
}

namespace {

MembershipChange ChangeOf(const Configuration& from) {
  MembershipChange change;
  change.change_id = 1000 + from.version();
  change.expected_version = from.version();
  return change;
}

Configuration Enter(const Configuration& from, const MembershipChange& change) {
  auto next = from.Enter(change);
  QUORATE_CHECK(next.ok());
  return *next;
}

}  // namespace

Configuration WithLearners(const Configuration& from,
                           const std::vector<uint64_t>& learners) {
  MembershipChange change = ChangeOf(from);
  for (uint64_t id : learners) change.add_learners.push_back(MakeMember(id));
  return Enter(from, change);
}

Configuration Joint(const Configuration& from,
                    const std::vector<uint64_t>& promote,
                    const std::vector<uint64_t>& remove) {
  MembershipChange change = ChangeOf(from);
  for (uint64_t id : promote) change.promote.push_back({id});
  for (uint64_t id : remove) change.remove.push_back({id});
  return Enter(from, change);
}

Record Txn(Zxid zxid, const std::string& text) {
  return {zxid, RecordKind::kTxn, MakeBytes(text), nullptr};
}

Record NewLeader(consensus::Epoch epoch) {
  return {Zxid(epoch, 0), RecordKind::kNewLeader, nullptr, nullptr};
}

Record ConfigurationRecord(Zxid zxid, const Configuration& configuration) {
  return {zxid,
          zxid == consensus::kFoundingZxid ? RecordKind::kFounding
                                           : RecordKind::kConfiguration,
          nullptr, std::make_shared<const Configuration>(configuration)};
}

DurableState DiskOf(uint64_t id, const Configuration& configuration) {
  DurableState disk = EmptyDiskOf(id);
  disk.hard_state.ensemble = configuration.ensemble();
  disk.log.push_back(
      ConfigurationRecord(consensus::kFoundingZxid, configuration));
  return disk;
}

DurableState EmptyDiskOf(uint64_t id) {
  DurableState disk;
  disk.hard_state.member = Key(id).id;
  disk.hard_state.incarnation = Key(id).incarnation;
  return disk;
}

std::unique_ptr<Core> Start(const DurableState& disk) {
  consensus::Options options;
  options.address = MakeMember(disk.hard_state.member.value).address;
  options.fresh_ensemble_id = kOurs;
  options.seeds = {"seed:1"};
  return std::make_unique<Core>(options, disk, 1);
}

std::unique_ptr<Core> StartLeader(const DurableState& disk) {
  std::unique_ptr<Core> core = Start(disk);
  for (int ticks = 0; ticks < 100; ++ticks) {
    core->Tick(50);
    core->Persisted(core->TakeOutput().persist_id);
    core->Persisted(core->TakeOutput().persist_id);
    if (core->IsLeader()) break;
  }
  QUORATE_CHECK(core->IsLeader());
  core->Persisted(core->TakeOutput().persist_id);
  core->TakeOutput();
  return core;
}

MemberView View(int index, const Core& core) { return {index, 0, &core}; }

consensus::Envelope Message(uint64_t from, uint64_t to,
                            consensus::Message message) {
  return {kOurs,
          Key(from),
          MakeMember(from).address,
          Key(to).id,
          MakeMember(to).address,
          std::move(message)};
}

consensus::Output Sends(consensus::Envelope envelope) {
  consensus::Output output;
  output.messages.push_back(std::move(envelope));
  return output;
}

}  // namespace quorate::simulation
