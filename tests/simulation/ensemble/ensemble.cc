#include "tests/simulation/ensemble/ensemble.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/options.h"
#include "coord/consensus/rule.h"
#include "coord/replica/replica.h"

namespace quorate::simulation {

using storage::CrashLoss;

Ensemble::Ensemble(const EnsembleOptions& options)
    : options_(options),
      world_(options.seed),
      ledger_(world_),
      peers_(world_,
             [this](int to, const PeerPayload& payload) {
               member(to).Receive(payload);
             }),
      wire_(world_, *this) {
  world_.sabotage = options.sabotage;
  peers_.SetOptions(options.network);
  wire_.SetOptions(options.wire);
}

void Ensemble::AddMember(WholeMemberSpec spec) {
  const int index = size();
  members_.push_back(std::make_unique<WholeMember>(
      world_, ledger_, peers_, wire_, index, std::move(spec), options_.member));
  down_on_purpose_.push_back(false);
  Revive(index);
}

void Ensemble::Begin() {
  consensus::Manifest manifest;
  manifest.limits = options_.limits;
  for (int i = 0; i < options_.founders; ++i) {
    manifest.founders.push_back(
        {MemberId{static_cast<uint64_t>(i) + 1}, absl::StrCat("m", i, ":1")});
  }
  for (const consensus::Manifest::Founder& founder : manifest.founders) {
    AddMember(
        {.id = founder.id, .address = founder.address, .manifest = manifest});
  }
  for (const SimClientOptions& each : options_.clients) {
    clients_.push_back(std::make_unique<SimClient>(
        world_, wire_, static_cast<int>(clients_.size()),
        [this] { return Living(); }, each));
    clients_.back()->Start();
  }
}

void Ensemble::AddJoiner() {
  WholeMemberSpec spec;
  spec.id = MemberId{static_cast<uint64_t>(size()) + 1};
  spec.address = absl::StrCat("m", size(), ":1");
  for (const int index : Living()) {
    spec.seeds.push_back(member(index).spec().address);
  }
  AddMember(std::move(spec));
}

void Ensemble::CrashFor(int index, CrashLoss loss, Micros downtime) {
  member(index).Crash(loss);
  down_on_purpose_[static_cast<size_t>(index)] = true;
  world_.scheduler.After(downtime, [this, index] { Revive(index); });
}

void Ensemble::Revive(int index) {
  down_on_purpose_[static_cast<size_t>(index)] = false;
  WholeMember& which = member(index);
  if (which.running() || which.destroyed()) return;
  const absl::Status status = which.Start();
  if (status.ok()) {
    ++world_.statistics.outcomes["processes started"];
    return;
  }
  const bool excused = absl::IsUnavailable(status) ||
                       absl::IsResourceExhausted(status) ||
                       absl::IsInternal(status);  // an error of the disk
  if (!excused) {
    world_.Report(
        "recovery",
        absl::StrCat("member ", index, " does not start: ", status.ToString()));
    return;
  }
  ++world_.statistics.outcomes["starts that failed"];
  down_on_purpose_[static_cast<size_t>(index)] = true;
  world_.scheduler.After(200 * kMillisecond, [this, index] { Revive(index); });
}

void Ensemble::Supervise() {
  for (int index = 0; index < size(); ++index) {
    WholeMember& which = member(index);
    if (which.destroyed() || down_on_purpose_[static_cast<size_t>(index)]) {
      continue;
    }
    if (which.running() &&
        (which.paused() || which.replica().stop_reason().ok() ||
         WasRemoved(index))) {
      continue;
    }
    if (which.running() && !which.storage_failed()) {
      world_.Report("needless_stop",
                    absl::StrCat("member ", index, " has stopped: ",
                                 which.replica().stop_reason().ToString()));
    }
    const Micros downtime =
        world_.random.Between(20 * kMillisecond, options_.max_downtime);
    CrashFor(index, static_cast<CrashLoss>(world_.random.Below(4)), downtime);
  }
}

int Ensemble::Leader() const {
  int leader = -1;
  consensus::Epoch epoch = 0;
  for (const std::unique_ptr<WholeMember>& each : members_) {
    if (!each->active() || !each->replica().core().IsLeader()) continue;
    if (each->replica().core().epoch() < epoch) continue;
    epoch = each->replica().core().epoch();
    leader = each->index();
  }
  return leader;
}

const consensus::Configuration& Ensemble::configuration() const {
  const int leader = Leader();
  if (leader < 0) return no_configuration_;
  return members_[static_cast<size_t>(leader)]
      ->replica()
      .core()
      .configuration();
}

std::vector<int> Ensemble::Living() const {
  std::vector<int> living;
  for (const std::unique_ptr<WholeMember>& each : members_) {
    if (!each->destroyed()) living.push_back(each->index());
  }
  return living;
}

int Ensemble::IndexOf(MemberId id) const {
  for (const std::unique_ptr<WholeMember>& each : members_) {
    if (each->spec().id == id && !each->destroyed()) return each->index();
  }
  return -1;
}

bool Ensemble::WasRemoved(int index) const {
  const WholeMember& which = *members_[static_cast<size_t>(index)];
  if (!which.running()) return false;
  const consensus::Refusal* reason = which.replica().core().stop_reason();
  return reason != nullptr &&
         (reason->rule == consensus::Rule::kOrderlyExit ||
          reason->rule == consensus::Rule::kNoResurrection);
}

uint32_t Ensemble::LifeOf(int index) const {
  return members_[static_cast<size_t>(index)]->life();
}

void Ensemble::ToMember(int index, replica::ConnectionId connection,
                        const UpMessage& message) {
  member(index).Receive(connection, message);
}

void Ensemble::ToClient(int client, uint64_t connection,
                        replica::ServerMessage message) {
  clients_[static_cast<size_t>(client)]->Take(connection, std::move(message));
}

void Ensemble::Broken(int client, uint64_t connection) {
  clients_[static_cast<size_t>(client)]->Broken(connection);
}

}  // namespace quorate::simulation
