// For tests: cores with unsafe static membership, with instant messages and
// disks that outlive a restart. Each member has a list of its own, whose
// addresses may lead nowhere.

#ifndef QUORATE_COORD_CONSENSUS_TEST_STATIC_ENSEMBLE_H_
#define QUORATE_COORD_CONSENSUS_TEST_STATIC_ENSEMBLE_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/base/unsafe_ensemble.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

inline std::string StaticAddress(uint64_t id) {
  return absl::StrCat("host", id, ":1");
}

// `dead`: members whose address in this list leads nowhere.
inline std::vector<Manifest::Founder> StaticList(
    const std::set<uint64_t>& ids, const std::set<uint64_t>& dead = {}) {
  std::vector<Manifest::Founder> list;
  for (uint64_t id : ids) {
    list.push_back({MemberId{id}, dead.contains(id)
                                      ? absl::StrCat("nowhere", id, ":1")
                                      : StaticAddress(id)});
  }
  return list;
}

inline DurableState StaticDisk(uint64_t id) {
  DurableState disk;
  disk.hard_state.member = MemberId{id};
  disk.hard_state.incarnation = kUnsafeIncarnation;
  return disk;
}

class StaticEnsemble {
 public:
  static constexpr int64_t kTickMs = 20;

  // The txns in the order in which they were applied: the state.
  using State = std::vector<std::string>;

  explicit StaticEnsemble(uint64_t seed) : seed_(seed) {}

  // Starts a member, or starts it again, with this list.
  void Start(uint64_t id, std::vector<Manifest::Founder> list) {
    Options options;
    options.address = StaticAddress(id);
    options.static_members = std::move(list);
    Member& member = members_[id];
    if (member.disk.hard_state.member.IsNone()) member.disk = StaticDisk(id);
    member.core = std::make_unique<Core>(options, member.disk, ++seed_);
    QUORATE_CHECK(!member.core->IsStopped());
    member.state = SnapshotState(member.disk.snapshot);
    Settle();
  }
  void Start(const std::set<uint64_t>& ids, const std::set<uint64_t>& list,
             const std::set<uint64_t>& dead = {}) {
    for (uint64_t id : ids) Start(id, StaticList(list, dead));
  }
  void Kill(uint64_t id) { members_[id].core.reset(); }
  void Wipe(uint64_t id) {
    Kill(id);
    members_[id].disk = DurableState();
  }
  // Nothing passes between the two, or again everything.
  void Cut(uint64_t a, uint64_t b, bool cut) {
    const auto link = std::minmax(a, b);
    if (cut) {
      cuts_.insert(link);
    } else {
      cuts_.erase(link);
    }
  }
  void HealAll() { cuts_.clear(); }

  bool Runs(uint64_t id) const { return members_.at(id).core != nullptr; }
  Core& At(uint64_t id) { return *members_.at(id).core; }
  const State& StateOf(uint64_t id) const { return members_.at(id).state; }
  int RollBacks(uint64_t id) const { return members_.at(id).roll_backs; }

  // The member among `ids` that leads and has committed its epoch; 0: none.
  uint64_t LeaderOf(const std::set<uint64_t>& ids) {
    for (uint64_t id : ids) {
      if (!Runs(id) || !At(id).IsLeader()) continue;
      if (At(id).commit().epoch() == At(id).epoch()) return id;
    }
    return 0;
  }
  uint64_t AwaitLeader(const std::set<uint64_t>& ids) {
    for (int i = 0; i < 1000; ++i) {
      if (const uint64_t leader = LeaderOf(ids); leader != 0) return leader;
      Run(kTickMs);
    }
    return 0;
  }
  // True once `id` follows `leader` and has applied all that it has.
  bool AwaitFollows(uint64_t id, uint64_t leader) {
    for (int i = 0; i < 1000; ++i) {
      if (At(id).leader() == MemberId{leader} &&
          At(id).applied() == At(leader).log().last()) {
        return true;
      }
      Run(kTickMs);
    }
    return false;
  }
  // True if `leader` has committed it.
  bool Write(uint64_t leader, const std::string& txn) {
    if (!At(leader).Propose(MakeBytes(txn)).ok()) return false;
    Settle();
    Run(200);
    const State& state = StateOf(leader);
    return !state.empty() && state.back() == txn;
  }
  // As the driver does it: of all that was applied.
  void TakeSnapshot(uint64_t id) {
    Core& core = At(id);
    const Zxid zxid = core.applied();
    const auto entry = core.ConfigurationAt(zxid);
    const SnapshotMeta meta{zxid, entry.configuration, entry.zxid, 1};
    snapshots_[zxid] = StateOf(id);
    core.SnapshotTaken(meta);
    DurableState& disk = members_[id].disk;
    disk.snapshot = meta;
    const Zxid base = core.log().base();
    std::erase_if(disk.log, [&](const Record& r) { return r.zxid <= base; });
    disk.log_base = base;
  }

  void Run(int64_t milliseconds) {
    for (int64_t t = 0; t < milliseconds; t += kTickMs) {
      for (auto& [id, member] : members_) {
        if (member.core != nullptr) member.core->Tick(kTickMs);
      }
      Settle();
      for (auto& [id, member] : members_) {
        if (member.core != nullptr && member.core->NeedsSnapshot()) {
          TakeSnapshot(id);
        }
      }
    }
  }

  void Settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (auto& [id, member] : members_) {
        if (member.core != nullptr) busy |= Drive(id, member);
      }
    }
  }

 private:
  struct Member {
    DurableState disk;
    std::unique_ptr<Core> core;  // nullptr: it is down
    State state;
    int roll_backs = 0;
  };

  State SnapshotState(const std::optional<SnapshotMeta>& snapshot) const {
    return snapshot.has_value() ? snapshots_.at(snapshot->zxid) : State();
  }

  bool Drive(uint64_t id, Member& member) {
    const Output output = member.core->TakeOutput();
    Persist(output, member.disk);
    if (output.persist_id != 0) member.core->Persisted(output.persist_id);
    if (output.install_snapshot.has_value()) {
      member.state = SnapshotState(output.install_snapshot);
    }
    if (output.roll_back) {
      member.state = SnapshotState(member.disk.snapshot);
      ++member.roll_backs;
    }
    for (const Record& record : output.committed) {
      if (record.kind == RecordKind::kTxn) {
        member.state.push_back(*record.payload);
      }
    }
    for (const Envelope& envelope : output.messages) Deliver(id, envelope);
    return output.persist_id != 0 || !output.messages.empty();
  }

  void Persist(const Output& output, DurableState& disk) {
    if (output.hard_state.has_value()) disk.hard_state = *output.hard_state;
    if (output.install_snapshot.has_value()) {
      // As the storage demands: snapshots never go back.
      QUORATE_CHECK(!disk.snapshot.has_value() ||
                    disk.snapshot->zxid <= output.install_snapshot->zxid);
      disk.snapshot = output.install_snapshot;
      disk.log_base = disk.snapshot->zxid;
      disk.log.clear();
    }
    if (output.truncate_after.has_value()) {
      QUORATE_CHECK(!disk.snapshot.has_value() ||
                    disk.snapshot->zxid <= *output.truncate_after);
      std::erase_if(disk.log, [&](const Record& record) {
        return record.zxid > *output.truncate_after;
      });
    }
    disk.log.insert(disk.log.end(), output.append.begin(), output.append.end());
  }

  void Deliver(uint64_t from, Envelope envelope) {
    if (auto* chunk = std::get_if<SnapshotChunk>(&envelope.message)) {
      chunk->data = MakeBytes(std::string(chunk->length, 's'));
    }
    for (auto& [id, member] : members_) {
      if (member.core == nullptr || StaticAddress(id) != envelope.to_address) {
        continue;
      }
      if (cuts_.contains(std::minmax(from, id))) continue;
      member.core->Step(envelope);
    }
  }

  uint64_t seed_;
  std::map<uint64_t, Member> members_;
  std::set<std::pair<uint64_t, uint64_t>> cuts_;
  std::map<Zxid, State> snapshots_;  // every one that was ever taken
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_TEST_STATIC_ENSEMBLE_H_
