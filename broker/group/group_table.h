// GroupTable: all groups of one reign of a coordinator, without I/O: checks
// what is asked, hands it to the group, and keeps groups in step with their
// znodes.
//
// A reign begins with the names of the groups that there are; each is read
// (TakeReads) before it is served, and again when a write has shown that its
// znodes are not what was known.

#ifndef QUORATE_BROKER_GROUP_GROUP_TABLE_H_
#define QUORATE_BROKER_GROUP_GROUP_TABLE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/group/group_record.h"
#include "broker/group/group_state.h"
#include "broker/group/group_types.h"
#include "coord/client/types.h"

namespace quorate::broker {

struct GroupWrite {
  uint64_t id = 0;
  std::vector<client::MultiOp> ops = {};  // without the fence
};

enum class GroupWriteOutcome {
  kDone,
  kRefused,   // not applied; the znodes are as they were known
  kConflict,  // not applied: the znodes are not as they were known
  kUnknown,   // applied or not
};

class GroupTable {
 public:
  // `member_prefix`: what ids of members begin with; no other reign has it.
  GroupTable(std::string member_prefix,
             std::shared_ptr<const TopicTable> topics);

  // --- Requests; answered by TakeReplies(), errors too
  // --------------------------
  void Join(int64_t now_ms, uint64_t request, const std::string& group,
            const JoinArguments& arguments);
  void Commit(int64_t now_ms, uint64_t request, const std::string& group,
              const CommitArguments& arguments);
  void FetchOffsets(uint64_t request, const std::string& group);
  void Delete(uint64_t request, const std::string& group);
  void Cancel(int64_t now_ms, uint64_t request);
  // --- Answered at once
  // --------------------------------------------------------
  absl::Status Heartbeat(int64_t now_ms, const std::string& group,
                         const std::string& member_id, int32_t generation);
  absl::Status Leave(int64_t now_ms, const std::string& group,
                     const std::string& member_id);
  absl::StatusOr<GroupDescription> Describe(const std::string& group);
  absl::StatusOr<std::vector<std::string>> List() const;  // sorted

  // --- What happens
  // ------------------------------------------------------------
  void SetTopics(int64_t now_ms, std::shared_ptr<const TopicTable> topics);
  void Tick(int64_t now_ms);
  // The groups that have a znode. Once.
  void Listed(const std::vector<std::string>& names);
  // Nothing: it has no znode. An error: it cannot be read; tried again when it
  // is asked for.
  void ReadDone(const std::string& group,
                absl::StatusOr<std::optional<StoredGroup>> stored);
  void Written(int64_t now_ms, uint64_t write_id, GroupWriteOutcome outcome,
               const absl::Status& status);
  // The reign is over: answers everything. Nothing else may be called
  // afterwards but TakeReplies().
  void End();

  // --- Output
  // ------------------------------------------------------------------
  std::vector<std::string> TakeReads();
  std::vector<GroupWrite> TakeWrites();
  std::vector<GroupReply> TakeReplies();

 private:
  // Null: `status` says why not. `make`: it comes to be if there is none.
  GroupState* Find(const std::string& group, bool make, absl::Status* status);
  void Reply(uint64_t request, absl::Status status);
  // To be called after anything was done with a group.
  void Collect(const std::string& group, GroupState& state);

  const std::string member_prefix_;
  std::shared_ptr<const TopicTable> topics_;
  uint64_t last_member_ = 0;
  uint64_t last_write_ = 0;
  bool listed_ = false;
  std::map<std::string, GroupState> groups_;
  std::set<std::string> reading_;              // asked for by TakeReads()
  std::map<std::string, std::string> failed_;  // why it could not be read
  std::map<uint64_t, std::string> waiting_;    // a request's group
  std::map<uint64_t, std::string> under_way_;  // a write's group
  std::set<std::string> reads_;
  std::vector<GroupWrite> writes_;
  std::vector<GroupReply> replies_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_GROUP_GROUP_TABLE_H_
