#include "tests/simulation/cluster.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/base/bytes.h"
#include "coord/base/check.h"
#include "coord/base/ids.h"
#include "coord/consensus/admission.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/core.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

using consensus::AdmissionDecision;
using consensus::Core;
using consensus::Manifest;
using consensus::MembershipChange;
using consensus::Zxid;

std::string DefaultAddress(MemberId id) {
  return absl::StrCat("m", id.value, ":1");
}

Cluster::Cluster(const ClusterOptions& options)
    : options_(options), world_(options.seed) {
  world_.network.SetOptions(options.network);
}

// --- Members -----------------------------------------------------------------

int Cluster::Add(MemberSpec spec) {
  if (spec.id.IsNone()) spec.id = MemberId{next_id_};
  next_id_ = std::max(next_id_, spec.id.value + 1);
  if (spec.address.empty()) spec.address = DefaultAddress(spec.id);
  const int index = size();
  members_.push_back(std::make_unique<SimMember>(world_, index, std::move(spec),
                                                 options_.core, options_.disk,
                                                 options_.driver));
  world_.network.SetMemberCount(size());
  return index;
}

Manifest Cluster::ManifestOf(absl::Span<const int> members,
                             const consensus::Limits& limits) const {
  Manifest manifest;
  manifest.limits = limits;
  for (const int index : members) {
    const MemberSpec& spec = member(index).spec();
    manifest.founders.push_back({spec.id, spec.address});
  }
  std::sort(manifest.founders.begin(), manifest.founders.end(),
            [](const Manifest::Founder& a, const Manifest::Founder& b) {
              return a.id < b.id;
            });
  return manifest;
}

std::vector<int> Cluster::AddFounders(int count,
                                      const consensus::Limits& limits) {
  std::vector<int> founders;
  for (int i = 0; i < count; ++i) founders.push_back(Add({}));
  const Manifest manifest = ManifestOf(founders, limits);
  for (const int index : founders) {
    member(index).spec().manifest = manifest;
    QUORATE_CHECK(Start(index).ok());
  }
  return founders;
}

int Cluster::AddJoiner(std::vector<std::string> seeds) {
  const int index = Add({.seeds = std::move(seeds)});
  QUORATE_CHECK(Start(index).ok());
  return index;
}

int Cluster::IndexOf(MemberId id) const {
  for (int i = size() - 1; i >= 0; --i) {
    if (member(i).spec().id == id) return i;
  }
  return -1;
}

int Cluster::IndexOfAddress(const std::string& address) const {
  for (int i = size() - 1; i >= 0; --i) {
    if (member(i).spec().address == address) return i;
  }
  return -1;
}

// --- Processes ---------------------------------------------------------------

void Cluster::Fault(FaultKind kind, int member, uint64_t number) {
  world_.statistics.CountFault(kind);
  world_.trace.Line(
      TraceKind::kFault, member, {static_cast<uint64_t>(kind), number}, [&] {
        return number == 0 ? std::string(FaultName(kind))
                           : absl::StrCat(FaultName(kind), " ", number);
      });
}

absl::Status Cluster::Start(int index) {
  const absl::Status status = member(index).Start();
  world_.trace.Line(
      TraceKind::kDisk, index, {static_cast<uint64_t>(status.code())}, [&] {
        return status.ok() ? "started: " + Describe(index) : status.ToString();
      });
  return status;
}

void Cluster::Stop(int index) {
  if (!IsUp(index)) return;
  Fault(FaultKind::kStop, index);
  member(index).Stop();
}

void Cluster::Crash(int index) {
  if (!IsUp(index)) return;
  Fault(FaultKind::kCrash, index);
  member(index).Crash();
}

absl::Status Cluster::Restart(int index) {
  Crash(index);
  return Start(index);
}

absl::Status Cluster::RestartWith(int index, MemberSpec spec) {
  Crash(index);
  if (spec.id.IsNone()) spec.id = member(index).spec().id;
  if (spec.address.empty()) spec.address = member(index).spec().address;
  member(index).spec() = std::move(spec);
  return Start(index);
}

void Cluster::Pause(int index) {
  if (!IsUp(index) || member(index).paused()) return;
  Fault(FaultKind::kPause, index);
  member(index).Pause();
}

void Cluster::Resume(int index) { member(index).Resume(); }

void Cluster::SetClockDrift(int index, int64_t ppm) {
  if (ppm != 0) {
    Fault(FaultKind::kClockDrift, index, static_cast<uint64_t>(ppm));
  }
  member(index).SetClockDrift(ppm);
}

void Cluster::Elapse(int index, int64_t ms) { member(index).Elapse(ms); }

// --- Disks -------------------------------------------------------------------

void Cluster::Wipe(int index) {
  Crash(index);
  Fault(FaultKind::kWipedDisk, index);
  member(index).disk() = Disk();
}

Disk Cluster::SaveDisk(int index) const {
  Disk saved = member(index).disk();
  saved.DropUnsynced();
  return saved;
}

void Cluster::CopyBack(int index, const Disk& saved) {
  Crash(index);
  Fault(FaultKind::kCopiedBackDisk, index);
  member(index).disk() = saved;
}

void Cluster::SetDiskSlowness(int index, int factor) {
  if (factor > 1) Fault(FaultKind::kSlowDisk, index, factor);
  member(index).SetDiskSlowness(factor);
}

void Cluster::SetDiskFull(int index, bool full) {
  if (full) Fault(FaultKind::kFullDisk, index);
  member(index).SetDiskFull(full);
}

void Cluster::FailNextSync(int index) {
  Fault(FaultKind::kFsyncError, index);
  member(index).FailNextSync();
}

bool Cluster::Rot(int index) {
  if (!member(index).disk().Rot(world_.random)) return false;
  Fault(FaultKind::kBitRot, index);
  return true;
}

bool Cluster::RotRecord(int index, Zxid zxid) {
  if (!member(index).disk().RotRecord(zxid)) return false;
  Fault(FaultKind::kBitRot, index, zxid.value());
  return true;
}

void Cluster::MisdirectNextWrite(int index) {
  Fault(FaultKind::kMisdirectedWrite, index);
  member(index).disk().MisdirectNextWrite();
}

// --- Network -----------------------------------------------------------------

void Cluster::Partition(absl::Span<const std::vector<int>> groups) {
  Fault(FaultKind::kPartition, -1, groups.size());
  network().Partition(groups);
}

void Cluster::Isolate(int index) {
  Fault(FaultKind::kIsolation, index);
  network().Isolate(index);
}

void Cluster::CutLink(int from, int to) {
  Fault(FaultKind::kOneWayCut, from, static_cast<uint64_t>(to));
  network().Cut(from, to);
}

void Cluster::HealLink(int from, int to) { network().Heal(from, to); }

void Cluster::HealNetwork() {
  network().HealCuts();
  NetworkOptions& healed = options_.network;
  healed.loss_per_million = 0;
  healed.duplicate_per_million = 0;
  healed.straggler_per_million = 0;
  network().SetOptions(healed);
}

void Cluster::Inject(int from, consensus::Envelope envelope) {
  network().Send(from, std::move(envelope));
}

void Cluster::HealAll() {
  HealNetwork();
  network().SetFilter(nullptr);
  for (const auto& each : members_) {
    each->SetClockDrift(0);
    each->SetDiskSlowness(1);
    each->ClearSyncFailure();
    each->SetDiskFull(false);
    each->Resume();
  }
}

// --- Requests ----------------------------------------------------------------

absl::Status Cluster::RequireServing(int index) const {
  if (!IsUp(index)) return absl::UnavailableError("the member is down");
  if (member(index).paused()) {
    return absl::UnavailableError("the member is paused");
  }
  return absl::OkStatus();
}

absl::StatusOr<Zxid> Cluster::Propose(int index, Bytes payload) {
  if (absl::Status status = RequireServing(index); !status.ok()) return status;
  return member(index).Propose(std::move(payload));
}

absl::StatusOr<Zxid> Cluster::ProposeNext(int index, uint64_t extra_bytes) {
  std::string payload(8 + extra_bytes, 'x');
  uint64_t number = next_payload_++;
  for (size_t i = 0; i < 8; ++i, number >>= 8) {
    payload[i] = static_cast<char>(number);
  }
  return Propose(index, MakeBytes(std::move(payload)));
}

absl::StatusOr<uint64_t> Cluster::Read(int index) {
  if (!IsUp(index)) return absl::UnavailableError("the member is down");
  return member(index).Read();
}

std::optional<ReadAnswer> Cluster::ReadResult(int index, uint64_t token) const {
  return member(index).answer(token);
}

absl::StatusOr<AdmissionDecision> Cluster::Change(
    int index, const MembershipChange& change) {
  if (absl::Status status = RequireServing(index); !status.ok()) return status;
  return member(index).Change(change);
}

absl::StatusOr<AdmissionDecision> Cluster::Plan(
    int index, const MembershipChange& change) const {
  if (absl::Status status = RequireServing(index); !status.ok()) return status;
  return core(index).PlanMembership(change);
}

absl::Status Cluster::Transfer(int index, MemberId target) {
  if (absl::Status status = RequireServing(index); !status.ok()) return status;
  return member(index).Transfer(target);
}

MembershipChange Cluster::NewChange(int index) {
  MembershipChange change;
  change.change_id = world_.random.Next() | 1;
  if (IsUp(index)) {
    change.expected_version = core(index).configuration().version();
  }
  return change;
}

consensus::Member Cluster::AsMember(int index) const {
  const SimMember& subject = member(index);
  QUORATE_CHECK(!subject.disk().IsEmpty());
  consensus::Member named;
  named.id = subject.spec().id;
  named.incarnation = subject.disk().durable().hard_state.incarnation;
  named.address = subject.spec().address;
  return named;
}

// --- Time --------------------------------------------------------------------

void Cluster::Step() {
  const QueuedEvent event = world_.queue.Pop();
  if (event.type != EventType::kDeliver) {
    return member(event.member).Handle(event);
  }
  const Network::Delivery delivery = network().Receive(event.value);
  if (delivery.to >= 0) member(delivery.to).Deliver(delivery.envelope);
}

void Cluster::RunFor(Micros duration) {
  const Micros end = now() + duration;
  while (!world_.queue.empty() && world_.queue.next_at() <= end) Step();
  world_.queue.AdvanceTo(end);
}

bool Cluster::RunUntil(absl::FunctionRef<bool()> done, Micros limit) {
  const Micros end = now() + limit;
  while (!done()) {
    if (world_.queue.empty() || world_.queue.next_at() > end) {
      world_.queue.AdvanceTo(end);
      return done();
    }
    Step();
  }
  return true;
}

void Cluster::Report(const std::string& check, std::string text) {
  world_.Report(check, -1, std::move(text));
}

}  // namespace quorate::simulation
