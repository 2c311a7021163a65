// LogView: the core's view of the log: every record above the base, in memory,
// and the epoch table over them.
//
// Zxids are not contiguous across epochs, so the table of epoch runs maps
// between a zxid and its position, and finds where two histories part. Its size
// is bounded by compaction, which whoever drives the core asks for.

#ifndef QUORATE_COORD_CONSENSUS_LOG_VIEW_H_
#define QUORATE_COORD_CONSENSUS_LOG_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "coord/consensus/message.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"

namespace quorate::consensus {

class LogView {
 public:
  // Starts empty behind `base`: the next record is the first one after it.
  explicit LogView(Zxid base = Zxid());

  // REQUIRES: `record.zxid` follows last(): the next counter of its epoch, or
  // the first record (NEWLEADER or founding) of a later one.
  void Append(Record record);

  // True if a record with `zxid` could be appended now.
  bool Follows(Zxid zxid) const;

  // Removes records above `zxid`. REQUIRES: Contains(zxid).
  void TruncateAfter(Zxid zxid);

  // Forgets records up to and including `zxid`, which becomes the base.
  // REQUIRES: Contains(zxid).
  void CompactTo(Zxid zxid);

  // Forgets all and starts behind `base`.
  void Reset(Zxid base);

  Zxid base() const { return base_; }
  Zxid last() const;  // base() if empty
  bool empty() const { return records_.empty(); }
  size_t size() const { return records_.size(); }
  uint64_t size_bytes() const { return end_bytes_ - base_bytes_; }

  // True for the base and for every record held.
  bool Contains(Zxid zxid) const;

  // REQUIRES: Contains(zxid), and for Get zxid != base().
  const Record& Get(Zxid zxid) const;
  // The record behind `zxid`; nullptr if that is the last.
  const Record* After(Zxid zxid) const;

  // How many records, and bytes of them, stand behind `zxid`.
  // REQUIRES: Contains(zxid).
  uint64_t RecordsAfter(Zxid zxid) const;
  uint64_t BytesAfter(Zxid zxid) const;

  // Appends to `out` the records behind `zxid`, at most `max_bytes` of them but
  // at least one if there is any. Returns the bytes. REQUIRES: Contains(zxid).
  uint64_t CopyAfter(Zxid zxid, uint64_t max_bytes,
                     std::vector<Record>& out) const;

  // The last zxid at least `keep_bytes` before the end, at most `limit`: up to
  // where the log may be compacted. base() if there is nothing to compact.
  Zxid CompactionPoint(Zxid limit, uint64_t keep_bytes) const;

  std::vector<EpochRun> Runs() const;

  // The last zxid that this history and another one share, by the other one's
  // base and runs; nothing if they part at or before our base in a way that we
  // cannot see any more, so that only a snapshot helps.
  std::optional<Zxid> LastCommon(Zxid other_base,
                                 const std::vector<EpochRun>& runs) const;

 private:
  struct Entry {
    Record record;
    uint64_t end_bytes;  // running total, this record included
  };
  struct Run {
    Epoch epoch;
    uint32_t first;     // counter of its first record held
    uint64_t position;  // running number of that record
  };

  // Running number of `zxid`: base is base_position_, the first record one
  // more. Nothing if it is not held.
  std::optional<uint64_t> PositionOf(Zxid zxid) const;
  // REQUIRES: a record is held at `position`.
  const Entry& EntryAt(uint64_t position) const;
  // Running total of bytes up to and including `position`.
  uint64_t EndBytes(uint64_t position) const;
  // REQUIRES: `run` is an element of runs_.
  uint32_t LastCounter(const Run& run) const;

  Zxid base_;
  uint64_t base_position_ = 0;
  uint64_t base_bytes_ = 0;
  uint64_t end_bytes_ = 0;
  std::deque<Entry> records_;
  std::vector<Run> runs_;  // ascending; only epochs with a record held
};

}  // namespace quorate::consensus

#endif  // QUORATE_COORD_CONSENSUS_LOG_VIEW_H_
