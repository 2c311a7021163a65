#include "broker/group/testing/group_simulation.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "broker/error/broker_error.h"
#include "broker/group/group_record.h"
#include "broker/group/group_state.h"
#include "broker/group/group_table.h"
#include "broker/group/group_types.h"
#include "broker/group/testing/group_history.h"
#include "coord/base/check.h"
#include "coord/client/types.h"

namespace quorate::broker {
namespace {

constexpr char kGroup[] = "g";
constexpr size_t kMembers = 5;
constexpr int64_t kSessionMs = 5'000;
constexpr int64_t kRebalanceMs = 6'000;
constexpr int64_t kAnswerPatienceMs = 8'000;
// Chances in a million.
constexpr uint64_t kLost = 40'000;
constexpr uint64_t kTwice = 60'000;
constexpr uint64_t kVeryLate = 30'000;
constexpr uint64_t kRefusedWrite = 20'000;

}  // namespace

GroupSimulation::GroupSimulation(uint64_t seed)
    : random_(seed), topics_{{"t", {7, 6}}, {"u", {8, 3}}} {
  members_.resize(kMembers);
  Elect();
  for (size_t i = 0; i < members_.size(); ++i) {
    members_[i].lives = true;
    After(random_.Between(1, 500), [this, i] { Act(i); });
  }
}

void GroupSimulation::After(int64_t delay_ms, std::function<void()> event) {
  events_[{now_ms_ + delay_ms, ++events_made_}] = std::move(event);
}

int64_t GroupSimulation::Delay() {
  if (faults_ && random_.Chance(kVeryLate)) return random_.Between(500, 9'000);
  return random_.Between(1, 40);
}

std::string GroupSimulation::Run(int64_t duration_ms) {
  const int64_t quiet_ms = now_ms_ + duration_ms;
  After(100, [this] { Disturb(); });
  while (!events_.empty() && now_ms_ < quiet_ms + duration_ms) {
    const auto first = events_.begin();
    now_ms_ = first->first.first;
    const std::function<void()> event = std::move(first->second);
    events_.erase(first);
    faults_ = now_ms_ < quiet_ms;
    event();
  }
  for (const std::string& wrong :
       {CheckExclusive(history_), CheckNeverBack(history_),
        CheckCommitsDurable(history_), CheckGenerations(history_),
        CheckSettled()}) {
    if (!wrong.empty()) return wrong;
  }
  return "";
}

// --- Coordinators ------------------------------------------------------------
void GroupSimulation::Elect() {
  Reign reign;
  reign.fence = ++fence_;
  reign.table = std::make_unique<GroupTable>(
      absl::StrCat("m-", fence_), std::make_shared<const TopicTable>(topics_));
  const size_t number = reigns_.size();
  // The one before hears of it later, or much later.
  if (number > 0) {
    After(random_.Chance(300'000) ? random_.Between(1, 15'000) : 50,
          [this, number] {
            Reign& old = reigns_[number - 1];
            old.ended = true;
            old.table->End();
            Answer(number - 1, 0);
          });
  }
  reigns_.push_back(std::move(reign));
  After(Delay(), [this, number] {
    if (reigns_[number].ended) return;
    std::vector<std::string> names;
    if (znodes_.count(GroupPath(kGroup)) != 0) names.push_back(kGroup);
    reigns_[number].table->Listed(names);
    Pump(number);
  });
  TickReign(number);
}

void GroupSimulation::TickReign(size_t number) {
  Reign& reign = reigns_[number];
  if (reign.ended) return;
  reign.table->Tick(now_ms_);
  Pump(number);
  After(100, [this, number] { TickReign(number); });
}

void GroupSimulation::Pump(size_t number) {
  Reign& reign = reigns_[number];
  if (reign.ended) return;
  for (const std::string& group : reign.table->TakeReads()) {
    Read(number, group);
  }
  for (GroupWrite& write : reign.table->TakeWrites()) {
    Write(number, std::move(write));
  }
  Answer(number, 0);
}

void GroupSimulation::Read(size_t number, const std::string& group) {
  After(Delay(), [this, number, group] {
    if (reigns_[number].ended) return;
    std::optional<StoredGroup> stored;
    const auto znode = znodes_.find(GroupPath(group));
    if (znode != znodes_.end()) {
      stored = StoredGroup{.generation = *ParseGeneration(znode->second.data),
                           .version = znode->second.version};
      for (const auto& [topic, facts] : topics_) {
        const auto entry = znodes_.find(GroupTopicPath(group, topic));
        if (entry == znodes_.end()) continue;
        stored->topics[topic] = {.offsets = *ParseOffsets(entry->second.data),
                                 .version = entry->second.version};
      }
    }
    reigns_[number].table->ReadDone(group, stored);
    Pump(number);
  });
}

void GroupSimulation::Write(size_t number, GroupWrite write) {
  Reign& reign = reigns_[number];
  Rewinds rewinds;
  for (const auto& [request, some] : reign.rewinds) {
    rewinds.insert(some.begin(), some.end());
  }
  // A session's requests are applied in their order, and answered in it.
  reign.next_request_ms = std::max(reign.next_request_ms, now_ms_ + Delay());
  After(reign.next_request_ms - now_ms_, [this, number, write, rewinds] {
    const bool refused = faults_ && random_.Chance(kRefusedWrite);
    const bool fenced = !refused && reigns_[number].fence != fence_;
    if (!refused && !fenced) QUORATE_CHECK(Apply(fence_, write.ops, rewinds));
    const size_t index = history_.durable.size() - 1;
    const bool unknown =
        !refused && !fenced && faults_ && random_.Chance(kRefusedWrite / 2);
    Reign& now = reigns_[number];
    now.next_answer_ms = std::max(now.next_answer_ms, now_ms_ + Delay());
    After(now.next_answer_ms - now_ms_, [=, this, id = write.id] {
      Reign& then = reigns_[number];
      if (then.ended) return;
      if (fenced) {
        then.ended = true;
        then.table->End();
      } else {
        then.table->Written(now_ms_, id,
                            unknown   ? GroupWriteOutcome::kUnknown
                            : refused ? GroupWriteOutcome::kRefused
                                      : GroupWriteOutcome::kDone,
                            absl::UnavailableError("simulated"));
      }
      Answer(number, index);
      Pump(number);
    });
  });
}

// Every op is as the store has it, since only this coordinator writes.
bool GroupSimulation::Apply(int32_t fence,
                            const std::vector<client::MultiOp>& ops,
                            const Rewinds& rewinds) {
  if (fence != fence_) return false;
  for (const client::MultiOp& op : ops) {
    if (const auto* create = std::get_if<client::Create>(&op)) {
      if (!znodes_.emplace(create->path, Znode{create->data, 0}).second) {
        return false;
      }
    } else if (const auto* set = std::get_if<client::SetData>(&op)) {
      const auto found = znodes_.find(set->path);
      if (found == znodes_.end() || found->second.version != set->version) {
        return false;
      }
      found->second = {set->data, set->version + 1};
    } else {
      return false;
    }
  }
  history_.durable.push_back(DurableNow());
  history_.durable.back().rewinds = rewinds;
  return true;
}

GroupHistory::Durable GroupSimulation::DurableNow() const {
  GroupHistory::Durable durable;
  for (const auto& [path, znode] : znodes_) {
    if (path == GroupPath(kGroup)) {
      durable.generation = *ParseGeneration(znode.data);
      continue;
    }
    const std::string topic = path.substr(GroupPath(kGroup).size() + 1);
    const TopicOffsets entry = *ParseOffsets(znode.data);
    for (const auto& [partition, offset] : entry.offsets) {
      durable.offsets[{topic, partition}] = offset;
    }
  }
  return durable;
}

// `index`: of the write that the answers come from.
void GroupSimulation::Answer(size_t number, size_t index) {
  for (const GroupReply& reply : reigns_[number].table->TakeReplies()) {
    reigns_[number].rewinds.erase(reply.request);
    const auto found = waiting_.find(reply.request);
    if (found == waiting_.end()) continue;
    if (reply.status.ok()) {
      for (GroupHistory::Commit& commit : found->second.commits) {
        commit.index = index;
        history_.commits.push_back(commit);
      }
      if (reply.join.generation > 0) {
        history_.joins.push_back({DurableNow().generation, reply.join});
      }
    }
    if (!faults_ || !random_.Chance(kLost)) {
      After(Delay(),
            [handler = found->second.handler, reply] { handler(reply); });
    }
    waiting_.erase(found);
  }
}

void GroupSimulation::Send(
    size_t coordinator, std::function<void(Reign&, uint64_t request)> request,
    Handler handler, std::vector<GroupHistory::Commit> commits) {
  const int copies = !faults_                 ? 1
                     : random_.Chance(kLost)  ? 0
                     : random_.Chance(kTwice) ? 2
                                              : 1;
  for (int i = 0; i < copies; ++i) {
    After(Delay(), [=, this] {
      Reign& reign = reigns_[coordinator];
      const uint64_t id = ++last_request_;
      if (reign.ended) {
        const GroupReply reply = {
            .request = id,
            .status = BrokerError(ErrorKind::kNotController, "")};
        After(Delay(), [handler, reply] { handler(reply); });
        return;
      }
      waiting_[id] = {.handler = handler, .commits = commits};
      for (const GroupHistory::Commit& commit : commits) {
        if (!commit.rewind) continue;
        reign.rewinds[id].insert({commit.partition, commit.offset});
      }
      request(reign, id);
      // Its connection breaks, or its patience ends.
      After(kAnswerPatienceMs, [this, coordinator, id] {
        if (waiting_.erase(id) == 0 || reigns_[coordinator].ended) return;
        reigns_[coordinator].table->Cancel(now_ms_, id);
        Pump(coordinator);
      });
      Pump(coordinator);
    });
  }
}

// --- Members -----------------------------------------------------------------
void GroupSimulation::Act(size_t number) {
  Member& member = members_[number];
  if (!member.lives) return;
  const uint64_t life = member.life;
  After(random_.Between(200, 1'000), [this, number, life] {
    if (members_[number].life == life) Act(number);
  });
  // It hears of a new coordinator sooner or later.
  if (!faults_ || random_.Chance(500'000)) {
    member.coordinator = reigns_.size() - 1;
  }
  if (member.generation == 0) return Join(number);
  // A heartbeat is answered at once; only the way is long.
  After(Delay(), [this, number, life] {
    const Member& sender = members_[number];
    Reign& reign = reigns_[sender.coordinator];
    if (sender.life != life || sender.generation == 0 || reign.ended) return;
    const absl::Status status =
        reign.table->Heartbeat(now_ms_, kGroup, sender.id, sender.generation);
    Pump(sender.coordinator);
    if (!status.ok()) Refused(number, status);
  });
  if (member.knows_offsets) {
    Commit(number, member.generation);
    return;
  }
  const int32_t generation = member.generation;
  Send(
      member.coordinator,
      [](Reign& reign, uint64_t request) {
        reign.table->FetchOffsets(request, kGroup);
      },
      [this, number, generation, life](const GroupReply& reply) {
        Member& asker = members_[number];
        if (asker.life != life || asker.generation != generation ||
            !reply.status.ok() || asker.knows_offsets) {
          return;
        }
        asker.knows_offsets = true;
        for (const auto& [topic, entry] : reply.offsets) {
          for (const auto& [partition, offset] : entry.offsets) {
            const auto found = asker.positions.find({topic, partition});
            if (found != asker.positions.end()) found->second = offset;
          }
        }
      });
}

void GroupSimulation::Join(size_t number) {
  Member& member = members_[number];
  // One at a time, mostly.
  if (member.attempt != 0 && !random_.Chance(100'000)) {
    // Until its patience has ended.
    return;
  }
  // It does not stop at once what it is at.
  if (member.last_generation > 0 && !member.id.empty()) {
    const uint64_t now = member.life;
    for (int i = 0; i < 4; ++i) {
      After(random_.Between(1, 400), [this, number, now] {
        const Member& late = members_[number];
        if (late.life == now && late.generation == 0 && !late.id.empty()) {
          Commit(number, late.last_generation);
        }
      });
    }
  }
  const uint64_t attempt = ++last_request_;
  member.attempt = attempt;
  const uint64_t life = member.life;
  After(kAnswerPatienceMs + 500, [this, number, attempt] {
    if (members_[number].attempt == attempt) members_[number].attempt = 0;
  });
  JoinArguments arguments = {.member_id = member.id,
                             .client_id = absl::StrCat("client-", number),
                             .topics = {"t"},
                             .session_timeout_ms = kSessionMs,
                             .rebalance_timeout_ms = kRebalanceMs};
  if (number % 2 == 0) arguments.topics.push_back("u");
  Send(
      member.coordinator,
      [this, arguments](Reign& reign, uint64_t request) {
        reign.table->Join(now_ms_, request, kGroup, arguments);
      },
      [this, number, life, attempt](const GroupReply& reply) {
        Member& joiner = members_[number];
        if (joiner.life != life || joiner.attempt != attempt) return;
        joiner.attempt = 0;
        if (!reply.status.ok()) return Refused(number, reply.status);
        Joined(number, reply);
      });
}

void GroupSimulation::Joined(size_t number, const GroupReply& reply) {
  Member& member = members_[number];
  member.id = reply.join.member_id;
  member.generation = reply.join.generation;
  member.last_generation = reply.join.generation;
  member.positions.clear();
  member.knows_offsets = false;
  for (const GroupPartition& partition : reply.join.partitions) {
    member.positions[partition] = 0;
  }
}

void GroupSimulation::Commit(size_t number, int32_t generation) {
  Member& member = members_[number];
  CommitArguments arguments = {.member_id = member.id,
                               .generation = generation,
                               .rewind = faults_ && random_.Chance(50'000)};
  std::vector<GroupHistory::Commit> commits;
  for (auto& [partition, position] : member.positions) {
    if (random_.Chance(500'000)) continue;
    position = arguments.rewind ? random_.Between(0, position)
                                : position + random_.Between(0, 50);
    rewinds_ += arguments.rewind ? 1 : 0;
    arguments.offsets.push_back(
        {partition.topic, partition.partition, position});
    commits.push_back({.member_id = member.id,
                       .generation = generation,
                       .partition = partition,
                       .offset = position,
                       .rewind = arguments.rewind});
  }
  const uint64_t life = member.life;
  Send(
      member.coordinator,
      [this, arguments](Reign& reign, uint64_t request) {
        reign.table->Commit(now_ms_, request, kGroup, arguments);
      },
      [this, number, life, generation](const GroupReply& reply) {
        const Member& committer = members_[number];
        if (committer.life != life || committer.generation != generation) {
          return;
        }
        if (!reply.status.ok()) Refused(number, reply.status);
      },
      std::move(commits));
}

void GroupSimulation::Refused(size_t number, const absl::Status& status) {
  Member& member = members_[number];
  if (Is(status, ErrorKind::kUnknownMember)) {
    member.id.clear();
    member.generation = 0;
  } else if (Is(status, ErrorKind::kFencedGeneration) ||
             Is(status, ErrorKind::kRebalanceInProgress)) {
    member.generation = 0;
  }
}

void GroupSimulation::Disturb() {
  if (!faults_) {
    // All that are gone come back.
    for (size_t i = 0; i < members_.size(); ++i) {
      if (std::exchange(members_[i].lives, true)) continue;
      Act(i);
    }
    return;
  }
  After(random_.Between(200, 2'500), [this] { Disturb(); });
  const size_t number = random_.Below(members_.size());
  Member& member = members_[number];
  switch (random_.Below(8)) {
    case 0:
      Elect();
      return;
    case 2: {  // crashes, and comes back at once or later as another
      const uint64_t life = member.life + 1;
      member = {.life = life};
      After(random_.Between(10, 12'000), [this, number, life] {
        if (members_[number].life != life || members_[number].lives) return;
        members_[number].lives = true;
        Act(number);
      });
      return;
    }
    case 3: {  // is paused, and goes on as it was
      if (!member.lives) return;
      member.lives = false;
      const uint64_t life = ++member.life;
      After(random_.Between(10, 15'000), [this, number, life] {
        if (members_[number].life != life || members_[number].lives) return;
        members_[number].lives = true;
        Act(number);
      });
      return;
    }
    case 4: {  // more partitions
      if (topics_["t"].partitions >= 12) return;
      ++topics_["t"].partitions;
      for (size_t i = 0; i < reigns_.size(); ++i) {
        if (reigns_[i].ended) continue;
        reigns_[i].table->SetTopics(
            now_ms_, std::make_shared<const TopicTable>(topics_));
        Pump(i);
      }
      return;
    }
    default:  // leaves
      if (member.generation == 0 || reigns_[member.coordinator].ended) return;
      reigns_[member.coordinator]
          .table->Leave(now_ms_, kGroup, member.id)
          .IgnoreError();
      Pump(member.coordinator);
  }
}

std::string GroupSimulation::CheckSettled() const {
  std::set<GroupPartition> given;
  const int32_t generation = DurableNow().generation;
  for (size_t i = 0; i < members_.size(); ++i) {
    const Member& member = members_[i];
    if (member.generation != generation) {
      return absl::StrCat("member ", i, " is in generation ", member.generation,
                          ", the group in ", generation);
    }
    for (const auto& [partition, position] : member.positions) {
      if (!given.insert(partition).second) {
        return absl::StrCat("partition ", partition.partition, " of ",
                            partition.topic, " is read twice");
      }
    }
  }
  size_t wanted = 0;
  for (const auto& [topic, facts] : topics_) {
    wanted += static_cast<size_t>(facts.partitions);
  }
  if (given.size() != wanted) {
    return absl::StrCat("of ", wanted, " partitions ", given.size(),
                        " are read");
  }
  return "";
}

}  // namespace quorate::broker
