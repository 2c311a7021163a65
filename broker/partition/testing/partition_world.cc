#include "broker/partition/testing/partition_world.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/log/epoch_table.h"
#include "broker/partition/partition_replica.h"
#include "broker/partition/producer_table.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {
namespace {

constexpr BrokerId kNodes = 3;
constexpr int64_t kLagMs = 400;
constexpr int64_t kFaultyMs = 6'000;
constexpr int64_t kQuietMs = 20'000;
constexpr int64_t kFetchTimeoutMs = 150;
constexpr int64_t kRetryMs = 120;
constexpr int32_t kMinInSync = 2;
constexpr uint64_t kProducers = 3;
constexpr int32_t kValuesOfProducer = 40;
constexpr int32_t kInFlight = 5;

BatchHeader HeaderOf(uint64_t producer, int32_t sequence, int64_t offset) {
  BatchHeader header;
  header.producer_id = producer;
  header.base_sequence = sequence;
  header.record_count = 1;
  header.base_offset = offset;
  return header;
}

}  // namespace

PartitionWorld::PartitionWorld(uint64_t seed, Mutation mutation)
    : random_(seed), mutation_(mutation) {
  for (BrokerId id = 1; id <= kNodes; ++id) {
    state_.replicas.push_back(id);
    nodes_[id].id = id;
    StartNode(nodes_[id]);
  }
  state_.isr = state_.replicas;
  state_.leader = 1;
  state_.leader_epoch = 1;
  for (uint64_t id = 1; id <= kProducers; ++id) {
    producers_.emplace_back().id = id;
  }
  PushImage();
}

PartitionWorld::~PartitionWorld() = default;

void PartitionWorld::Run() {
  while (now_ms_ < kFaultyMs + kQuietMs) {
    ++now_ms_;
    if (now_ms_ == kFaultyMs) Heal();
    while (!events_.empty() && events_.begin()->first <= now_ms_) {
      const std::function<void()> task = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      task();
    }
    for (auto& [id, node] : nodes_) TickNode(node);
    TickController();
    TickProducers();
    if (has_faults_) TickFaults();
    const bool is_done = std::all_of(
        producers_.begin(), producers_.end(), [](const Producer& producer) {
          return producer.acknowledged.size() == kValuesOfProducer;
        });
    const bool is_whole =
        std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& node) {
          return node.second.is_up &&
                 node.second.durable == nodes_.begin()->second.end() &&
                 node.second.replica->high_watermark() == node.second.end();
        });
    if (!has_faults_ && is_done && is_whole) break;
  }
  CheckEnd();
}

// --- Time and network -------------------------------------------------------

void PartitionWorld::At(int64_t delay_ms, std::function<void()> task) {
  events_.emplace(now_ms_ + delay_ms, std::move(task));
}

void PartitionWorld::Deliver(BrokerId to, std::function<void(Node&)> task) {
  Node& node = nodes_.at(to);
  if (!node.is_up) return;
  if (!node.is_paused) {
    task(node);
    AfterChange(node);
    return;
  }
  node.backlog.push_back([this, to, life = node.life, task = std::move(task)] {
    if (nodes_.at(to).life == life) Deliver(to, task);
  });
}

bool PartitionWorld::Passes(BrokerId from, BrokerId to) {
  if (cut_links_.contains({from, to})) return false;
  return !has_faults_ || !random_.Chance(20'000);
}

void PartitionWorld::Send(BrokerId from, BrokerId to,
                          std::function<void(Node&)> task) {
  const int copies = has_faults_ && random_.Chance(30'000) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (!Passes(from, to)) continue;
    const bool is_late = has_faults_ && random_.Chance(20'000);
    At(random_.Between(1, is_late ? 900 : 8),
       [this, to, task] { Deliver(to, task); });
  }
}

// --- Nodes ------------------------------------------------------------------

void PartitionWorld::StartNode(Node& node) {
  node.is_up = true;
  node.is_paused = false;
  node.backlog.clear();
  node.life = next_number_++;
  node.is_syncing = false;
  node.fetch = 0;
  node.waiting.clear();
  node.epochs.Clear();
  node.producers.Clear();
  for (int64_t at = 0; at < node.end(); ++at) {
    const Entry& entry = node.log[static_cast<size_t>(at)];
    node.epochs.Add(entry.epoch, at);
    node.producers.Add(HeaderOf(entry.producer, entry.sequence, at));
  }
  node.checkpoint = std::min(node.checkpoint, node.durable);
  node.checked = 0;
  node.replica = std::make_unique<PartitionReplica>(
      node.id, kLagMs, node.checkpoint, node.durable);
  registered_[node.id] = node.life;
}

void PartitionWorld::Crash(Node& node) {
  if (!node.is_up) return;
  ++crashes_;
  node.is_up = false;
  node.log.resize(static_cast<size_t>(node.durable));
  // The session may end before it is back, or not.
  const int64_t back_ms = random_.Between(1, 600);
  const uint64_t life = node.life;
  At(random_.Between(50, 300), [this, id = node.id, life] {
    if (registered_[id] == life) registered_.erase(id);
  });
  At(back_ms, [this, id = node.id] { StartNode(nodes_.at(id)); });
}

void PartitionWorld::AfterChange(Node& node) {
  for (const PartitionReplica::Answer& answer : node.replica->TakeAnswers()) {
    auto waiter = node.waiting.extract(answer.id);
    if (!waiter.empty() && answer.status.ok()) {
      Acknowledge(node, waiter.mapped());
    }
  }
  CheckCommitted(node);
}

void PartitionWorld::TickNode(Node& node) {
  if (!node.is_up || node.is_paused) return;
  if (now_ms_ % 10 == node.id) {
    const auto proposal = node.replica->Propose(node.life, now_ms_);
    if (proposal) {
      const int32_t version = node.replica->state().version;
      const BrokerId id = node.id;
      const uint64_t life = node.life;
      if (Passes(id, 0)) {
        At(random_.Between(1, 20), [this, id, life, version, p = *proposal] {
          OnAlterIsr(id, life, version, p);
        });
      }
      At(100, [this, id, life, version] {
        Deliver(id, [this, life, version](Node& late) {
          if (late.life != life || late.replica->state().version != version) {
            return;
          }
          late.replica->ProposalAnswered(absl::UnavailableError(""), now_ms_);
        });
      });
    }
  }
  if (now_ms_ % 50 == 0) node.checkpoint = node.replica->high_watermark();
  BeginSync(node);
  Fetch(node);
  AfterChange(node);
}

void PartitionWorld::Append(Node& node, const Entry& entry) {
  node.epochs.Add(entry.epoch, node.end());
  node.producers.Add(HeaderOf(entry.producer, entry.sequence, node.end()));
  node.log.push_back(entry);
}

void PartitionWorld::CutTo(Node& node, int64_t offset) {
  if (offset >= node.end()) return;
  ++cuts_;
  ++node.cuts;
  node.log.resize(static_cast<size_t>(offset));
  node.durable = std::min(node.durable, offset);
  node.epochs.TruncateTo(offset);
  node.producers.Clear();
  for (int64_t at = 0; at < node.end(); ++at) {
    const Entry& entry = node.log[static_cast<size_t>(at)];
    node.producers.Add(HeaderOf(entry.producer, entry.sequence, at));
  }
  node.replica->Durable(node.durable);
}

void PartitionWorld::BeginSync(Node& node) {
  if (node.is_syncing || node.durable == node.end()) return;
  node.is_syncing = true;
  At(random_.Between(1, 40), [this, id = node.id, life = node.life,
                              end = node.end(), cuts = node.cuts] {
    Deliver(id, [life, end, cuts](Node& synced) {
      if (synced.life != life) return;
      synced.is_syncing = false;
      if (synced.cuts != cuts) return;
      synced.durable = std::max(synced.durable, end);
      synced.replica->Durable(synced.durable);
    });
  });
}

void PartitionWorld::Fetch(Node& node) {
  const bool asks_early = mutation_ == Mutation::kAckUnsynced;
  if (node.replica->role() != PartitionReplica::Role::kFollower ||
      node.replica->state().leader == kNoBroker ||
      (node.durable != node.end() && !asks_early) ||
      (node.fetch != 0 && now_ms_ < node.fetch_until)) {
    return;
  }
  node.fetch = next_number_++;
  node.fetch_until = now_ms_ + kFetchTimeoutMs;
  const FollowerFetch fetch{node.id, node.life, node.replica->leader_epoch(),
                            node.end(), node.epochs.last_epoch()};
  Send(node.id, node.replica->state().leader,
       [this, fetch, number = node.fetch](Node& leader) {
         OnFetch(leader, fetch, number);
       });
}

void PartitionWorld::OnFetch(Node& leader, const FollowerFetch& fetch,
                             uint64_t number) {
  FetchReply reply;
  FollowerFetch asked = fetch;
  if (mutation_ == Mutation::kNoDivergence) asked.last_fetched_epoch = -1;
  const auto parted = leader.replica->OnFollowerFetch(asked, leader.epochs, 0,
                                                      leader.end(), now_ms_);
  reply.status = parted.status();
  if (parted.ok()) reply.divergence = *parted;
  reply.high_watermark = leader.replica->high_watermark();
  if (parted.ok() && !reply.divergence) {
    const int64_t end =
        std::min(leader.durable, fetch.offset + random_.Between(1, 4));
    for (int64_t at = fetch.offset; at < end; ++at) {
      reply.entries.push_back(leader.log[static_cast<size_t>(at)]);
    }
  }
  Send(leader.id, fetch.replica_id, [this, fetch, number, reply](Node& node) {
    OnReply(node, fetch, number, reply);
  });
}

void PartitionWorld::OnReply(Node& node, const FollowerFetch& asked,
                             uint64_t number, const FetchReply& reply) {
  if (node.fetch == number) node.fetch = 0;
  // As Replica::TakeFetched() has it; doubled and late replies come here, too.
  if (node.life != asked.broker_epoch ||
      node.replica->role() != PartitionReplica::Role::kFollower ||
      node.replica->leader_epoch() != asked.leader_epoch ||
      node.end() != asked.offset ||
      node.epochs.last_epoch() != asked.last_fetched_epoch) {
    return;
  }
  if (reply.divergence) {
    const auto cut =
        node.replica->CutFor(*reply.divergence, node.epochs, node.end());
    if (!cut.ok()) {
      Violate("lost");
      return;
    }
    CutTo(node, cut->offset);
    if (cut->whole) node.replica->OnReset(cut->offset);
    return;
  }
  if (!reply.status.ok()) return;
  for (const Entry& entry : reply.entries) {
    if (entry.epoch < node.epochs.last_epoch()) {
      Violate("apart");
      return;
    }
    Append(node, entry);
  }
  node.replica->OnLeaderHighWatermark(reply.high_watermark);
}

void PartitionWorld::OnProduce(Node& node, uint64_t producer,
                               int32_t sequence) {
  if (!node.replica->CheckProduce(/*by_all=*/true).ok()) return;
  Waiter waiter{producer, sequence, node.end()};
  int64_t end_offset = node.end() + 1;
  auto held = node.producers.Check(HeaderOf(producer, sequence, 0));
  if (mutation_ == Mutation::kNoSequenceCheck) held = std::nullopt;
  if (!held.ok()) return;
  if (held->has_value()) {
    waiter.offset = (*held)->base_offset;
    end_offset = (*held)->end_offset;
  } else {
    Append(node, {producer, sequence, node.replica->leader_epoch()});
  }
  if (mutation_ == Mutation::kAckAtOnce) {
    Acknowledge(node, waiter);
    return;
  }
  const uint64_t id = next_number_++;
  node.waiting[id] = waiter;
  node.replica->Await(id, end_offset, /*by_all=*/true);
}

void PartitionWorld::Acknowledge(Node& node, const Waiter& waiter) {
  const Entry& entry = node.log[static_cast<size_t>(waiter.offset)];
  promised_[waiter.offset] = entry;
  if (!Passes(node.id, 0)) return;
  At(random_.Between(1, 10), [this, waiter] {
    Producer& producer = producers_[waiter.producer - 1];
    producer.open.erase(waiter.sequence);
    if (producer.acknowledged.insert(waiter.sequence).second) ++acknowledged_;
  });
}

// --- Controller -------------------------------------------------------------

bool PartitionWorld::IsLive(BrokerId id) const {
  return registered_.contains(id);
}

void PartitionWorld::Changed() {
  ++state_.version;
  ++state_.leader_epoch;
  PushImage();
}

void PartitionWorld::PushImage() {
  for (BrokerId id = 1; id <= kNodes; ++id) {
    // A connection ends with the process: no image of before a restart comes
    // after it. (What a former controller sends is refused by the fence.)
    Send(0, id, [this, state = state_, life = nodes_.at(id).life](Node& node) {
      if (node.life != life) return;
      node.replica->Apply({state, kMinInSync, ""}, node.end(), now_ms_);
    });
  }
}

void PartitionWorld::TickController() {
  if (now_ms_ % 25 != 0) return;
  // Images are sent until they are acknowledged.
  if (now_ms_ % 100 == 0) PushImage();
  std::vector<BrokerId> isr;
  for (const BrokerId id : state_.isr) {
    if (IsLive(id)) isr.push_back(id);
  }
  if (isr.empty()) isr = state_.isr;
  BrokerId leader = state_.leader;
  const bool is_bored = has_faults_ && random_.Chance(20'000);
  if (leader == kNoBroker || !IsLive(leader) || is_bored) {
    std::vector<BrokerId> able;
    for (BrokerId id = 1; id <= kNodes; ++id) {
      const bool may = mutation_ == Mutation::kUncleanElection ||
                       std::count(isr.begin(), isr.end(), id) > 0;
      if (may && IsLive(id)) able.push_back(id);
    }
    leader = able.empty() ? kNoBroker : able[random_.Below(able.size())];
    if (leader != kNoBroker &&
        std::count(isr.begin(), isr.end(), leader) == 0) {
      isr = {leader};
    }
  }
  if (isr == state_.isr && leader == state_.leader) return;
  state_.isr = isr;
  state_.leader = leader;
  Changed();
}

void PartitionWorld::OnAlterIsr(BrokerId from, uint64_t life, int32_t version,
                                const PartitionReplica::Proposal& proposal) {
  absl::Status refused;
  bool is_current = registered_.contains(from) && registered_[from] == life;
  for (size_t i = 0; i < proposal.isr.size(); ++i) {
    const BrokerId id = proposal.isr[i];
    is_current = is_current && (state_.IsInSync(id) ||
                                (registered_.contains(id) &&
                                 registered_[id] == proposal.broker_epochs[i]));
  }
  if (!is_current) refused = BrokerError(ErrorKind::kStaleBroker, "");
  if (version != state_.version || state_.leader != from) {
    refused = BrokerError(ErrorKind::kStaleVersion, "");
  }
  if (refused.ok() && proposal.isr != state_.isr) {
    state_.isr = proposal.isr;
    Changed();
  }
  if (!Passes(0, from)) return;
  At(random_.Between(1, 20),
     [this, from, life, version, refused, state = state_] {
       Deliver(from, [this, life, version, refused, state](Node& node) {
         if (node.life != life || node.replica->state().version != version)
           return;
         node.replica->ProposalAnswered(refused, now_ms_);
         if (refused.ok()) {
           node.replica->Apply({state, kMinInSync, ""}, node.end(), now_ms_);
         }
       });
     });
}

// --- Producers and faults ---------------------------------------------------

void PartitionWorld::TickProducers() {
  for (Producer& producer : producers_) {
    // Leaders remember so many of its batches.
    const int32_t oldest = producer.open.empty() ? producer.next_new
                                                 : producer.open.begin()->first;
    const bool may_begin = producer.next_new < oldest + kInFlight &&
                           producer.next_new < kValuesOfProducer &&
                           (!has_faults_ || random_.Chance(30'000));
    if (may_begin) producer.open[producer.next_new++] = now_ms_;
    for (auto& [sequence, retry_ms] : producer.open) {
      if (retry_ms > now_ms_) continue;
      retry_ms = now_ms_ + kRetryMs;
      // Mostly whom metadata names; sometimes anybody.
      BrokerId to = state_.leader;
      if (to == kNoBroker || (has_faults_ && random_.Chance(100'000))) {
        to = static_cast<BrokerId>(random_.Between(1, kNodes));
      }
      Send(0, to, [this, id = producer.id, at = sequence](Node& node) {
        OnProduce(node, id, at);
      });
    }
  }
}

void PartitionWorld::TickFaults() {
  if (random_.Chance(1'500)) {
    Crash(nodes_.at(static_cast<BrokerId>(random_.Between(1, kNodes))));
  }
  if (random_.Chance(1'000)) {
    const auto id = static_cast<BrokerId>(random_.Between(1, kNodes));
    Node& node = nodes_.at(id);
    if (!node.is_up || node.is_paused) return;
    node.is_paused = true;
    const uint64_t life = node.life;
    // Long enough, at times, to be taken for dead.
    const int64_t pause_ms = random_.Between(20, 1'200);
    if (pause_ms > 500) {
      At(400, [this, id, life] {
        if (registered_[id] == life) registered_.erase(id);
      });
    }
    At(pause_ms, [this, id, life] {
      Node& back = nodes_.at(id);
      if (back.life != life) return;
      back.is_paused = false;
      const std::vector<std::function<void()>> backlog =
          std::exchange(back.backlog, {});
      for (const auto& task : backlog) task();
      // Its session is over: it begins again.
      if (!registered_.contains(id)) {
        At(30, [this, id, life] {
          if (nodes_.at(id).life == life) Crash(nodes_.at(id));
        });
      }
    });
  }
  if (random_.Chance(2'000)) {
    const std::pair<BrokerId, BrokerId> link(
        static_cast<BrokerId>(random_.Between(0, kNodes)),
        static_cast<BrokerId>(random_.Between(1, kNodes)));
    cut_links_.insert(link);
    At(random_.Between(50, 900), [this, link] { cut_links_.erase(link); });
  }
}

void PartitionWorld::Heal() {
  has_faults_ = false;
  cut_links_.clear();
}

// --- Checks -----------------------------------------------------------------

void PartitionWorld::Violate(const std::string& what) {
  violations_.insert(what);
}

// What lies below a high watermark is the same everywhere, for ever.
void PartitionWorld::CheckCommitted(Node& node) {
  const int64_t high_watermark = node.replica->high_watermark();
  for (; node.checked < high_watermark; ++node.checked) {
    if (node.checked >= node.end()) {
      Violate("lost");
      return;
    }
    const Entry& entry = node.log[static_cast<size_t>(node.checked)];
    const auto [at, is_new] = committed_.emplace(node.checked, entry);
    if (at->second != entry) Violate("two values");
  }
}

void PartitionWorld::CheckEnd() {
  for (const Producer& producer : producers_) {
    if (producer.acknowledged.size() != kValuesOfProducer) Violate("stuck");
  }
  const Node& first = nodes_.begin()->second;
  for (const auto& [id, node] : nodes_) {
    if (node.log != first.log) Violate("apart");
  }
  for (const auto& [offset, entry] : promised_) {
    if (offset >= first.end() ||
        first.log[static_cast<size_t>(offset)] != entry) {
      Violate("lost");
    }
  }
  std::map<uint64_t, int32_t> next;
  std::set<std::pair<uint64_t, int32_t>> seen;
  for (const Entry& entry : first.log) {
    if (!seen.emplace(entry.producer, entry.sequence).second) {
      Violate("duplicated");
    } else if (entry.sequence != next[entry.producer]) {
      Violate("order");
    }
    next[entry.producer] = std::max(next[entry.producer], entry.sequence + 1);
  }
}

}  // namespace quorate::broker
