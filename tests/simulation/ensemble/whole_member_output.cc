// WholeMember, second part: working through the replica's outputs.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/replica/output.h"
#include "coord/replica/replica.h"
#include "coord/storage/snapshot_reader.h"
#include "tests/simulation/ensemble/whole_member.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {

using consensus::Event;
using consensus::EventKind;

void WholeMember::ScheduleDrain(Micros delay) {
  if (std::exchange(drain_scheduled_, true)) return;
  Later(delay, [this] {
    drain_scheduled_ = false;
    Drain();
  });
}

void WholeMember::Drain() {
  replica::Replica& replica = *process_->replica;
  replica::Output output = replica.TakeOutput();
  Observe();
  if (!output.IsEmpty()) WorkThrough(std::move(output));
}

bool WholeMember::DiesNow() {
  if (steps_to_crash_ == 0 || --steps_to_crash_ > 0) return false;
  Crash(AnyLoss());
  return true;
}

void WholeMember::WorkThrough(replica::Output output) {
  world_.trace.Add(
      output.jobs.size() << 48 | output.consensus_messages.size() << 32 |
      output.peer_messages.size() << 16 | output.deliveries.size());
  CountEvents(output.events);
  for (replica::Job& job : output.jobs) {
    process_->worker->Add(std::move(job));
    if (DiesNow()) return;
  }
  for (consensus::Envelope& envelope : output.consensus_messages) {
    if (std::holds_alternative<consensus::SnapshotChunk>(envelope.message)) {
      SendChunk(std::move(envelope));
    } else {
      peers_.Send(index_, std::move(envelope));
    }
    if (DiesNow()) return;
  }
  for (replica::PeerEnvelope& envelope : output.peer_messages) {
    peers_.Send(index_, std::move(envelope));
    if (DiesNow()) return;
  }
  for (replica::Delivery& delivery : output.deliveries) {
    wire_.Deliver(delivery.connection, std::move(delivery.message));
    if (DiesNow()) return;
  }
}

void WholeMember::SendChunk(consensus::Envelope envelope) {
  const auto shared =
      std::make_shared<consensus::Envelope>(std::move(envelope));
  Later(world_.random.Between(0, 2 * kMillisecond), [this, shared] {
    auto& chunk = std::get<consensus::SnapshotChunk>(shared->message);
    auto reader = process_->storage->ReadSnapshot(chunk.meta.zxid);
    if (disk_.crashed()) return PowerLost();
    if (!reader.ok()) return;  // dropped
    absl::StatusOr<std::string> data =
        (*reader)->Read(chunk.offset, chunk.length);
    if (disk_.crashed()) return PowerLost();
    if (!data.ok()) return;
    chunk.data = MakeBytes(*std::move(data));
    peers_.Send(index_, *shared);
  });
}

void WholeMember::CountEvents(const std::vector<Event>& events) {
  for (const Event& event : events) {
    const char* name = nullptr;
    switch (event.kind) {
      case EventKind::kBecameLeader:
        name = "elections";
        world_.history.reigns.push_back(
            {static_cast<consensus::Epoch>(event.number), world_.now()});
        break;
      case EventKind::kSyncDiff:
        name = "synchronised by DIFF";
        break;
      case EventKind::kSyncTrunc:
        name = "synchronised by TRUNC";
        break;
      case EventKind::kSyncSnapshot:
        name = "synchronised by SNAP";
        break;
      case EventKind::kTransfer:
        name = "leadership transfers";
        break;
      case EventKind::kFreshEpoch:
        name = "fresh epochs";
        break;
      case EventKind::kChangeAccepted:
        name = "membership changes accepted";
        break;
      case EventKind::kAdmitted:
        name = "members admitted";
        break;
      case EventKind::kStopped:
        name = "members stopped";
        break;
      default:
        break;
    }
    if (name != nullptr) ++world_.statistics.outcomes[name];
    world_.trace.Line(
        TraceKind::kEvent, index_,
        {static_cast<uint64_t>(event.kind), event.peer.value, event.number},
        [&] { return consensus::Describe(event); });
  }
}

void WholeMember::CountProcess() {
  const replica::Counters counters = process_->replica->counters();
  auto& outcomes = world_.statistics.outcomes;
  outcomes["txns applied"] += counters.txns;
  outcomes["linearizable reads answered"] += counters.reads_linearizable;
  outcomes["local reads answered"] += counters.reads_local;
  outcomes["watch events sent"] += counters.watch_events;
  outcomes["requests not taken"] += counters.not_taken;
  outcomes["resends recognised"] += counters.duplicates;
  outcomes["sessions expired"] += counters.sessions_expired;
}

}  // namespace quorate::simulation
