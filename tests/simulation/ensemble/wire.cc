#include "tests/simulation/ensemble/wire.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

#include "coord/replica/client_message.h"
#include "tests/simulation/event_queue.h"

namespace quorate::simulation {

using replica::ConnectionId;
using replica::ServerMessage;

namespace {

constexpr Micros kRetryCut = 50 * kMillisecond;

}  // namespace

Micros Wire::Due(Micros last) {
  return std::max(
      last, world_.now() +
                world_.random.Between(options_.min_delay, options_.max_delay));
}

uint64_t Wire::Open(int client, int member, UpMessage first) {
  const uint64_t connection = next_++;
  Line& line = lines_[connection];
  line.client = client;
  line.member = member;
  PushUp(connection, line, std::move(first), 0);
  return connection;
}

void Wire::Send(uint64_t connection, replica::ClientRequest request) {
  const auto found = lines_.find(connection);
  if (found == lines_.end() || !found->second.client_open) return;
  PushUp(connection, found->second, std::move(request), 0);
}

void Wire::Close(uint64_t connection) {
  const auto found = lines_.find(connection);
  if (found == lines_.end() || !found->second.client_open) return;
  Line& line = found->second;
  line.client_open = false;
  line.down.clear();
  // What was sent last may be lost with the connection, or not.
  while (!line.up.empty() && world_.OneIn(3)) line.up.pop_back();
  const Micros unnoticed =
      world_.OneIn(2) ? 0 : world_.random.Between(0, options_.max_unnoticed);
  PushUp(connection, line, HangUp(), unnoticed);
}

void Wire::PushUp(uint64_t connection, Line& line, UpMessage message,
                  Micros extra) {
  const Micros last = line.up.empty() ? 0 : line.up.back().first;
  line.up.emplace_back(Due(last) + extra, std::move(message));
  if (line.up_running) return;
  line.up_running = true;
  world_.scheduler.After(line.up.front().first - world_.now(),
                         [this, connection] { PumpUp(connection); });
}

void Wire::PumpUp(uint64_t connection) {
  const auto found = lines_.find(connection);
  if (found == lines_.end()) return;
  Line& line = found->second;
  line.up_running = false;
  if (line.up.empty()) return EraseIfDone(connection);
  Micros next = line.up.front().first - world_.now();
  if (IsCut(line)) {
    next = kRetryCut;
  } else if (next <= 0) {
    const UpMessage message = std::move(line.up.front().second);
    line.up.pop_front();
    TakeUp(connection, line, message);
    // The member may have answered, or died, meanwhile.
    if (!lines_.contains(connection)) return;
    if (line.up.empty()) return EraseIfDone(connection);
    next = std::max<Micros>(0, line.up.front().first - world_.now());
  }
  if (line.up_running) return;
  line.up_running = true;
  world_.scheduler.After(next, [this, connection] { PumpUp(connection); });
}

void Wire::TakeUp(uint64_t connection, Line& line, const UpMessage& message) {
  const uint32_t life = ends_.LifeOf(line.member);
  if (!line.reached && life != 0) {
    line.reached = true;
    line.life = life;
  }
  const bool hang_up = std::holds_alternative<HangUp>(message);
  if (life == 0 || line.life != life || (!line.member_open && !hang_up)) {
    line.up.clear();
    if (line.member_open) Break(connection, line, 20 * kMillisecond);
    return;
  }
  if (hang_up) line.member_open = false;
  ends_.ToMember(line.member, ConnectionId{connection}, message);
}

void Wire::Deliver(ConnectionId connection, ServerMessage message) {
  const auto found = lines_.find(connection.value);
  if (found == lines_.end()) return;
  Line& line = found->second;
  if (!line.client_open || !line.member_open) return;
  for (ServerMessage& each :
       saboteur_.Tamper(connection.value, std::move(message))) {
    if (std::holds_alternative<replica::Goodbye>(each)) {
      line.member_open = false;
    }
    PushDown(connection.value, line, std::move(each));
  }
}

void Wire::PushDown(uint64_t connection, Line& line, ServerMessage message) {
  const Micros last = line.down.empty() ? 0 : line.down.back().first;
  line.down.emplace_back(Due(last), std::move(message));
  if (line.down_running) return;
  line.down_running = true;
  world_.scheduler.After(line.down.front().first - world_.now(),
                         [this, connection] { PumpDown(connection); });
}

void Wire::PumpDown(uint64_t connection) {
  const auto found = lines_.find(connection);
  if (found == lines_.end()) return;
  Line& line = found->second;
  line.down_running = false;
  if (!line.client_open || line.down.empty()) return EraseIfDone(connection);
  Micros next = line.down.front().first - world_.now();
  if (IsCut(line)) {
    next = kRetryCut;
  } else if (next <= 0) {
    ServerMessage message = std::move(line.down.front().second);
    line.down.pop_front();
    ends_.ToClient(line.client, connection, std::move(message));
    if (!lines_.contains(connection)) return;
    if (!line.client_open || line.down.empty()) return EraseIfDone(connection);
    next = std::max<Micros>(0, line.down.front().first - world_.now());
  }
  if (line.down_running) return;
  line.down_running = true;
  world_.scheduler.After(next, [this, connection] { PumpDown(connection); });
}

void Wire::MemberDied(int member) {
  const uint32_t life = ends_.LifeOf(member);
  for (auto& [connection, line] : lines_) {
    if (line.member != member || !line.reached || line.life != life ||
        !line.member_open) {
      continue;
    }
    // What it said last may still arrive, or not.
    while (!line.down.empty() && world_.OneIn(3)) line.down.pop_back();
    Break(connection, line, options_.max_unnoticed);
  }
}

void Wire::Break(uint64_t connection, Line& line, Micros max_delay) {
  line.member_open = false;
  if (!line.client_open) return;
  const Micros last = line.down.empty() ? world_.now() : line.down.back().first;
  const Micros delay =
      std::max<Micros>(0, last - world_.now()) +
      world_.random.Between(0, world_.OneIn(2) ? max_delay : kMillisecond);
  world_.scheduler.After(delay, [this, connection] {
    const auto found = lines_.find(connection);
    if (found == lines_.end() || !found->second.client_open) return;
    found->second.client_open = false;
    const int client = found->second.client;
    EraseIfDone(connection);
    ends_.Broken(client, connection);
  });
}

void Wire::EraseIfDone(uint64_t connection) {
  const auto found = lines_.find(connection);
  if (found == lines_.end()) return;
  const Line& line = found->second;
  if (line.client_open || line.member_open || line.up_running ||
      line.down_running) {
    return;
  }
  lines_.erase(found);
}

}  // namespace quorate::simulation
