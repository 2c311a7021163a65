#include "tests/simulation/ensemble/saboteur.h"

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "coord/replica/client_message.h"
#include "coord/tree/reads.h"

namespace quorate::simulation {
namespace {

using replica::Reply;
using replica::ServerMessage;
using replica::WatchEvent;

constexpr uint64_t kSeldom = 15;

template <typename... Each>
std::vector<ServerMessage> List(Each... each) {
  std::vector<ServerMessage> list;
  list.reserve(sizeof...(each));
  (list.emplace_back(std::move(each)), ...);
  return list;
}

}  // namespace

Saboteur::Messages Saboteur::Tamper(uint64_t connection,
                                    ServerMessage message) {
  const auto* event = std::get_if<WatchEvent>(&message);
  const auto* reply = std::get_if<Reply>(&message);
  const bool shows = reply != nullptr && !reply->zxid.IsNone();
  switch (world_.sabotage) {
    case Sabotage::kDropEvent:
    case Sabotage::kDoubleEvent:
      if (event != nullptr) return TamperEvent(*event);
      break;
    case Sabotage::kStaleAnswer:
    case Sabotage::kWrongData:
    case Sabotage::kLoseAnswer:
      if (reply != nullptr) return TamperReply(*reply);
      break;
    case Sabotage::kSwapAnswers:
      return Delay(connection, std::move(message), shows, reply != nullptr);
    case Sabotage::kEventAfterAnswer:
      return Delay(connection, std::move(message),
                   event != nullptr && !event->gap, shows);
    default:
      break;
  }
  return List(std::move(message));
}

Saboteur::Messages Saboteur::Delay(uint64_t connection, ServerMessage message,
                                   bool holds, bool behind) {
  const auto held = held_.find(connection);
  if (held != held_.end()) {
    if (!behind) return List(std::move(message));
    ServerMessage late = std::move(held->second);
    held_.erase(held);
    ++world_.sabotaged;
    return List(std::move(message), std::move(late));
  }
  if (!holds || !world_.OneIn(kSeldom)) return List(std::move(message));
  held_[connection] = std::move(message);
  return {};
}

Saboteur::Messages Saboteur::TamperEvent(WatchEvent event) {
  if (event.gap || !world_.OneIn(kSeldom)) return List(std::move(event));
  ++world_.sabotaged;
  if (world_.sabotage == Sabotage::kDropEvent) return {};
  return List(event, event);
}

Saboteur::Messages Saboteur::TamperReply(Reply reply) {
  if (world_.sabotage == Sabotage::kLoseAnswer) {
    if (!world_.OneIn(200)) return List(std::move(reply));
    ++world_.sabotaged;
    return {};
  }
  if (!std::holds_alternative<tree::DataAnswer>(reply.result)) {
    return List(std::move(reply));
  }
  if (!old_data_.has_value()) {
    old_data_ = reply;
  } else if (world_.OneIn(kSeldom)) {
    ++world_.sabotaged;
    if (world_.sabotage == Sabotage::kStaleAnswer) reply.zxid = old_data_->zxid;
    reply.result = old_data_->result;
  }
  return List(std::move(reply));
}

}  // namespace quorate::simulation
