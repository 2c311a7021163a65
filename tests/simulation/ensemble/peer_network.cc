#include "tests/simulation/ensemble/peer_network.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/consensus/message.h"
#include "coord/replica/peer_message.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {
namespace {

const std::string& AddressOf(const PeerPayload& payload) {
  return std::visit(
      [](const auto& envelope) -> const std::string& {
        return envelope.to_address;
      },
      payload);
}

uint64_t KindOf(const PeerPayload& payload) {
  return std::visit(
      [](const auto& envelope) -> uint64_t { return envelope.message.index(); },
      payload);
}

bool IsTouch(const PeerPayload& payload) {
  const auto* envelope = std::get_if<replica::PeerEnvelope>(&payload);
  return envelope != nullptr &&
         std::holds_alternative<replica::SessionTouches>(envelope->message);
}

}  // namespace

std::string Describe(const PeerPayload& payload) {
  if (const auto* envelope = std::get_if<consensus::Envelope>(&payload)) {
    return consensus::Describe(*envelope);
  }
  return replica::Describe(std::get<replica::PeerEnvelope>(payload));
}

void PeerNetwork::Register(const std::string& address, int index) {
  addresses_[address] = index;
  const auto count = static_cast<size_t>(index) + 1;
  if (links_.size() < count) links_.resize(count);
  for (std::vector<LinkState>& row : links_) row.resize(links_.size());
}

PeerNetwork::LinkState& PeerNetwork::Link(int from, int to) {
  return links_[static_cast<size_t>(from)][static_cast<size_t>(to)];
}

void PeerNetwork::HealCuts() {
  for (std::vector<LinkState>& row : links_) {
    for (LinkState& link : row) link.cut = false;
  }
}

void PeerNetwork::Send(int from, PeerPayload payload) {
  const auto found = addresses_.find(AddressOf(payload));
  if (found == addresses_.end()) return;
  const int to = found->second;
  bool lost =
      Link(from, to).cut || world_.random.Chance(options_.loss_per_million);
  if (world_.sabotage == Sabotage::kDropTouches && IsTouch(payload)) {
    lost = true;
    ++world_.sabotaged;
  }
  world_.trace.Line(
      lost ? TraceKind::kDrop : TraceKind::kSend, from,
      {payload.index() << 8 | KindOf(payload), static_cast<uint64_t>(to)},
      [&] { return Describe(payload); });
  if (lost) return;
  if (world_.random.Chance(options_.duplicate_per_million)) {
    ++world_.statistics.faults["message duplicated"];
    Launch(from, to, payload);
  }
  Launch(from, to, std::move(payload));
}

void PeerNetwork::Launch(int from, int to, PeerPayload payload) {
  Micros delay = world_.random.Between(options_.min_delay, options_.max_delay);
  Micros& last_due = Link(from, to).last_due;
  if (world_.random.Chance(options_.straggler_per_million)) {
    delay += world_.random.Between(0, options_.straggler_delay);
  } else {
    last_due = std::max(last_due, world_.now() + delay);
    delay = last_due - world_.now();
  }
  const auto shared = std::make_shared<const PeerPayload>(std::move(payload));
  world_.scheduler.After(delay, [this, from, to, shared] {
    if (Link(from, to).cut) return;
    receiver_(to, *shared);
  });
}

}  // namespace quorate::simulation
