// GroupSimulation: one group with many members, several coordinators one after
// the other (and at the same time), and the ensemble as one store; with late,
// lost and repeated messages, crashes, pauses and refused writes. All that
// happens is decided by one seed.

#ifndef QUORATE_BROKER_GROUP_TESTING_GROUP_SIMULATION_H_
#define QUORATE_BROKER_GROUP_TESTING_GROUP_SIMULATION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "broker/group/group_state.h"
#include "broker/group/group_table.h"
#include "broker/group/group_types.h"
#include "broker/group/testing/group_history.h"
#include "coord/base/seeded_random.h"
#include "coord/client/types.h"

namespace quorate::broker {

class GroupSimulation {
 public:
  explicit GroupSimulation(uint64_t seed);

  // So long with faults, then as long without, after which all members that
  // live must have settled. What is wrong; empty: nothing.
  std::string Run(int64_t duration_ms);

  const GroupHistory& history() const { return history_; }
  size_t elections() const { return reigns_.size(); }
  size_t rewinds() const { return rewinds_; }

 private:
  struct Znode {
    std::string data = {};
    int32_t version = 0;
  };
  using Rewinds = std::set<std::pair<GroupPartition, int64_t>>;
  struct Reign {
    int32_t fence = 0;
    std::unique_ptr<GroupTable> table = {};
    bool ended = false;
    // Of its session, whose requests and answers keep their order.
    int64_t next_request_ms = 0;
    int64_t next_answer_ms = 0;
    // Taken and not answered yet, by request.
    std::map<uint64_t, Rewinds> rewinds = {};
  };
  struct Member {
    bool lives = false;
    uint64_t life = 0;  // what was sent in an older one is not heard
    std::string id = {};
    int32_t generation = 0;       // 0: it is joining, or about to
    int32_t last_generation = 0;  // that it had, under this id
    std::map<GroupPartition, int64_t> positions = {};
    bool knows_offsets = false;
    uint64_t attempt = 0;  // of its join
    size_t coordinator = 0;
  };
  // What comes back for a request.
  using Handler = std::function<void(const GroupReply&)>;
  struct Waiting {
    Handler handler = {};
    std::vector<GroupHistory::Commit> commits = {};
  };

  void After(int64_t delay_ms, std::function<void()> event);
  int64_t Delay();  // of a message
  // Carries `request` to a coordinator, and its answer back; maybe never, late
  // or twice.
  void Send(size_t coordinator,
            std::function<void(Reign&, uint64_t request)> request,
            Handler handler, std::vector<GroupHistory::Commit> commits = {});

  void Elect();
  void TickReign(size_t number);
  void Pump(size_t number);
  void Read(size_t number, const std::string& group);
  void Write(size_t number, GroupWrite write);
  bool Apply(int32_t fence, const std::vector<client::MultiOp>& ops,
             const Rewinds& rewinds);
  GroupHistory::Durable DurableNow() const;
  void Answer(size_t number, size_t index);

  void Act(size_t number);  // what a member does next
  void Join(size_t number);
  void Joined(size_t number, const GroupReply& reply);
  void Commit(size_t number, int32_t generation);
  void Refused(size_t number, const absl::Status& status);
  void Disturb();
  std::string CheckSettled() const;

  SeededRandom random_;
  bool faults_ = true;
  int64_t now_ms_ = 1'000;
  uint64_t events_made_ = 0;
  std::map<std::pair<int64_t, uint64_t>, std::function<void()>> events_;
  int32_t fence_ = 0;
  std::map<std::string, Znode> znodes_;
  TopicTable topics_;
  std::vector<Reign> reigns_;
  std::vector<Member> members_;
  uint64_t last_request_ = 0;
  std::map<uint64_t, Waiting> waiting_;
  size_t rewinds_ = 0;
  GroupHistory history_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_GROUP_TESTING_GROUP_SIMULATION_H_
