#include "tests/simulation/network.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/base/check.h"
#include "coord/consensus/message.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {
namespace {

using consensus::Envelope;

// Two numbers that tell messages of one kind apart, whichever it has.
struct Digest {
  template <typename M>
  void operator()(const M& message) {
    if constexpr (requires { message.epoch; }) a = message.epoch;
    if constexpr (requires { message.last_zxid; }) {
      b = message.last_zxid.value();
    }
    if constexpr (requires { message.preceding; }) {
      b = message.preceding.value();
      a ^= uint64_t{message.records.size()} << 32;
    }
    if constexpr (requires { message.commit; }) b ^= message.commit.value();
    if constexpr (requires { message.durable; }) b ^= message.durable.value();
    if constexpr (requires { message.granted; }) b ^= message.granted;
    if constexpr (requires { message.offset; }) b = message.offset;
    if constexpr (requires { message.next_offset; }) b = message.next_offset;
    if constexpr (requires { message.batch; }) b = message.batch;
    if constexpr (requires { message.read_round; }) {
      a ^= message.read_round << 32;
    }
  }
  uint64_t a = 0;
  uint64_t b = 0;
};

void Note(Trace& trace, TraceKind kind, int member, const Envelope& envelope,
          const char* why) {
  Digest digest;
  std::visit(digest, envelope.message);
  trace.Line(kind, member,
             {envelope.message.index() << 32 | envelope.to.value,
              envelope.from.id.value, digest.a, digest.b},
             [&] { return absl::StrCat(consensus::Describe(envelope), why); });
}

}  // namespace

void Network::SetMemberCount(int count) {
  const size_t size = static_cast<size_t>(count);
  cut_.resize(size);
  last_due_.resize(size);
  for (std::vector<uint8_t>& row : cut_) row.resize(size, 0);
  for (std::vector<Micros>& row : last_due_) row.resize(size, 0);
}

bool Network::Listen(const std::string& address, int member) {
  return listeners_.emplace(address, member).second;
}

void Network::StopListening(const std::string& address, int member) {
  const auto found = listeners_.find(address);
  if (found != listeners_.end() && found->second == member) {
    listeners_.erase(found);
  }
}

int Network::Listener(const std::string& address) const {
  const auto found = listeners_.find(address);
  return found == listeners_.end() ? -1 : found->second;
}

void Network::Lose(int from, const Envelope& envelope, const char* why) {
  ++statistics_.messages_lost;
  Note(trace_, TraceKind::kDrop, from, envelope, why);
}

void Network::Send(int from, Envelope envelope) {
  ++statistics_.messages_sent;
  Note(trace_, TraceKind::kSend, from, envelope, "");
  const int to = Listener(envelope.to_address);
  if (to < 0) return Lose(from, envelope, " (nobody listens)");
  if (IsCut(from, to)) return Lose(from, envelope, " (cut)");
  if (random_.Chance(options_.loss_per_million)) {
    return Lose(from, envelope, " (lost)");
  }
  if (random_.Chance(options_.duplicate_per_million)) {
    ++statistics_.messages_duplicated;
    Launch(from, to, envelope);
  }
  Launch(from, to, std::move(envelope));
}

void Network::Launch(int from, int to, Envelope envelope) {
  Micros delay = random_.Between(options_.min_delay, options_.max_delay);
  Micros& last_due = last_due_[from][to];
  if (random_.Chance(options_.straggler_per_million)) {
    delay += random_.Between(0, options_.straggler_delay);
  } else {
    last_due = std::max(last_due, queue_.now() + delay);
    delay = last_due - queue_.now();
  }
  if (free_slots_.empty()) {
    free_slots_.push_back(flights_.size());
    flights_.emplace_back();
  }
  const uint64_t slot = free_slots_.back();
  free_slots_.pop_back();
  flights_[slot].from = from;
  flights_[slot].envelope = std::move(envelope);
  queue_.Schedule(delay, {.value = slot, .type = EventType::kDeliver});
}

Network::Delivery Network::Receive(uint64_t slot) {
  Flight& flight = flights_[slot];
  Delivery delivery;
  delivery.envelope = std::move(flight.envelope);
  const int from = std::exchange(flight.from, -1);
  free_slots_.push_back(slot);
  if (from < 0) return delivery;  // lost when its sender crashed

  const int to = Listener(delivery.envelope.to_address);
  if (to < 0) {
    Lose(from, delivery.envelope, " (nobody listens)");
  } else if (IsCut(from, to)) {
    Lose(from, delivery.envelope, " (cut)");
  } else if (filter_ && filter_(from, to, delivery.envelope)) {
    Lose(from, delivery.envelope, " (filtered)");
  } else {
    ++statistics_.messages_delivered;
    Note(trace_, TraceKind::kDeliver, to, delivery.envelope, "");
    delivery.to = to;
  }
  return delivery;
}

void Network::LoseInFlight(int from, uint32_t per_million) {
  for (Flight& flight : flights_) {
    if (flight.from != from || !random_.Chance(per_million)) continue;
    Lose(from, flight.envelope, " (never sent)");
    flight.from = -1;
  }
}

void Network::Partition(absl::Span<const std::vector<int>> groups) {
  for (std::vector<uint8_t>& row : cut_) {
    std::fill(row.begin(), row.end(), uint8_t{1});
  }
  for (const std::vector<int>& group : groups) {
    for (const int from : group) {
      for (const int to : group) cut_[from][to] = 0;
    }
  }
}

void Network::SetLinks(int member, bool inbound, bool outbound, uint8_t cut) {
  for (size_t other = 0; other < cut_.size(); ++other) {
    if (static_cast<int>(other) == member) continue;
    if (inbound) cut_[other][member] = cut;
    if (outbound) cut_[member][other] = cut;
  }
}

void Network::Isolate(int member) { SetLinks(member, true, true, 1); }

void Network::IsolateInbound(int member) { SetLinks(member, true, false, 1); }

void Network::IsolateOutbound(int member) { SetLinks(member, false, true, 1); }

void Network::HealMember(int member) { SetLinks(member, true, true, 0); }

void Network::HealCuts() {
  for (std::vector<uint8_t>& row : cut_) {
    std::fill(row.begin(), row.end(), uint8_t{0});
  }
}

bool Network::HasCuts() const {
  for (const std::vector<uint8_t>& row : cut_) {
    if (std::find(row.begin(), row.end(), uint8_t{1}) != row.end()) return true;
  }
  return false;
}

}  // namespace quorate::simulation
