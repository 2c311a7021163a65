// Disk: the files of one member, at the granularity of records.
//
// Writes are ordered and are durable only once a sync that covers them has
// returned. A crash keeps some prefix of the writes behind the last sync, and
// may leave the next record torn, which recovery cuts off: nobody was promised
// anything about it. Damage in the durable part is found by checksum when it is
// read: at recovery, or when a snapshot is sent.
//
// A Disk is a plain value: copying it takes a backup, assigning it copies back.

#ifndef QUORATE_TESTS_SIMULATION_DISK_H_
#define QUORATE_TESTS_SIMULATION_DISK_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "coord/base/bytes.h"
#include "coord/base/ids.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/output.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

struct DiskOptions {
  // A sync takes a time drawn evenly from here.
  Micros min_sync = 300;
  Micros max_sync = 300;
  // Writing a snapshot takes so many times as long as a sync.
  int snapshot_syncs = 10;
};

class Disk {
 public:
  // Never used, or wiped.
  bool IsEmpty() const { return durable_.hard_state.member.IsNone(); }
  // First use: identity becomes durable at once. REQUIRES: IsEmpty().
  void Format(MemberId id, Incarnation incarnation);

  // Takes what `output` wants durable (step 1 of output.h), in its order.
  void Write(consensus::Output& output);
  // Running number of the last write; a sync covers all up to some number.
  uint64_t written() const { return synced_ + unsynced_.size(); }
  uint64_t synced() const { return synced_; }
  // The sync that covers writes up to number `mark` has returned.
  void Sync(uint64_t mark);

  // Power is lost. Returns true if a torn record was left behind.
  bool Crash(SeededRandom& random);

  // Leaves only what is durable, as a backup has it.
  void DropUnsynced();

  // The member's own snapshot is whole, synced and renamed.
  void StoreSnapshot(const consensus::SnapshotMeta& meta, Bytes content);
  // Drops whole segments of log up to `base`, and snapshots that are neither
  // the newest nor in `used`.
  void DropLogUpTo(consensus::Zxid base);
  void DropSnapshots(const std::set<consensus::Zxid>& used);

  // What a process sees: with writes that are not durable. Nothing if there is
  // none at `zxid`, or if it is damaged.
  Bytes ReadSnapshot(consensus::Zxid zxid) const;
  // What was received of an incoming snapshot so far.
  const std::string& incoming() const { return incoming_; }

  // An offline command, such as a rescue, has rewritten the files.
  void Rewrite(consensus::DurableState state);

  // The durable part, damaged or not.
  const consensus::DurableState& durable() const { return durable_; }
  // What a restarting process reads; nothing if any of it is damaged. Cuts off
  // a torn tail.
  std::optional<consensus::DurableState> Recover();
  // Content of the newest durable snapshot; nothing if there is none.
  Bytes NewestSnapshot() const;

  // --- Damage. Each returns false if there was nothing to damage. ------------
  bool IsDamaged() const;
  // Flips bits in a piece of the durable part: a record, the snapshot, or the
  // hard state.
  bool Rot(SeededRandom& random);
  bool RotRecord(consensus::Zxid zxid);
  bool RotSnapshot();
  bool RotHardState();
  // The next record written lands on top of another one: both are damaged once
  // the sync that covers it has returned.
  void MisdirectNextWrite() { misdirect_ = true; }
  bool WillMisdirect() const { return misdirect_; }

 private:
  struct Install {
    consensus::SnapshotMeta meta;
    Bytes content;
  };
  struct Truncate {
    consensus::Zxid zxid;
  };
  using Operation =
      std::variant<consensus::HardState, consensus::Record, Install, Truncate>;
  struct Snapshot {
    consensus::SnapshotMeta meta;
    Bytes content;
    bool damaged = false;
  };

  void WriteChunk(const consensus::SnapshotChunk& chunk);
  void Perform(Operation& operation);
  void Misdirect();

  consensus::DurableState durable_;
  std::map<consensus::Zxid, Snapshot> snapshots_;
  std::set<consensus::Zxid> damaged_records_;
  bool damaged_hard_state_ = false;
  bool torn_tail_ = false;
  bool misdirect_ = false;

  std::deque<Operation> unsynced_;
  uint64_t synced_ = 0;
  std::string incoming_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_DISK_H_
