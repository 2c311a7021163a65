#include "broker/client/testing/producer_history.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/delivery.h"
#include "broker/client/message_id.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {
namespace {

std::string CheckLogs(const ProducerHistory& history) {
  std::map<std::string, uint64_t> tickets;
  for (const auto& [ticket, sent] : history.sent) tickets[sent.value] = ticket;
  std::set<std::string> seen;
  for (const auto& [partition, log] : history.logs) {
    std::map<std::string, uint64_t> last;
    for (const Record& record : log) {
      const auto it = tickets.find(record.value);
      if (it == tickets.end()) {
        return absl::StrCat("nobody has sent ", record.value);
      }
      if (!seen.insert(record.value).second) {
        return absl::StrCat("twice in the logs: ", record.value);
      }
      if (!record.key.has_value()) continue;
      uint64_t& before = last[*record.key];
      if (it->second < before) {
        return absl::StrCat("out of order: ", record.value, " of key ",
                            *record.key);
      }
      before = it->second;
    }
  }
  return "";
}

std::string CheckAcknowledged(const ProducerHistory& history,
                              const Delivery& delivery,
                              const std::string& value) {
  const auto log = history.logs.find(delivery.partition);
  if (log == history.logs.end() || delivery.offset < 0 ||
      delivery.offset >= static_cast<int64_t>(log->second.size())) {
    return absl::StrCat("acknowledged and lost: ", value);
  }
  const Record& record = log->second[static_cast<size_t>(delivery.offset)];
  if (record.value != value || MessageIdOf(record) != delivery.message_id) {
    return absl::StrCat("acknowledged, and another stands there: ", value);
  }
  return "";
}

}  // namespace

std::string FindFault(const ProducerHistory& history) {
  std::map<std::string, const DeadLetter*> letters;
  for (const DeadLetter& letter : history.letters) {
    if (!letters.emplace(letter.message_id, &letter).second) {
      return absl::StrCat("two dead letters: ", letter.message_id);
    }
    if (letter.cause.empty()) {
      return absl::StrCat("a dead letter without cause: ", letter.message_id);
    }
  }
  size_t dead = 0;
  for (const auto& [ticket, sent] : history.sent) {
    if (history.told.count(ticket) != 1) {
      return absl::StrCat("has ended ", history.told.count(ticket),
                          " times: ", sent.value);
    }
    const Delivery& delivery = history.told.find(ticket)->second;
    if (delivery.outcome == DeliveryOutcome::kAcknowledged) {
      const std::string fault =
          CheckAcknowledged(history, delivery, sent.value);
      if (!fault.empty()) return fault;
      if (letters.count(delivery.message_id) != 0) {
        return absl::StrCat("acknowledged and a dead letter: ", sent.value);
      }
      continue;
    }
    ++dead;
    const auto letter = letters.find(delivery.message_id);
    if (letter == letters.end() || letter->second->record.value != sent.value ||
        letter->second->record.key.value_or("") != sent.key) {
      return absl::StrCat("neither acknowledged nor a dead letter: ",
                          sent.value);
    }
  }
  if (dead != letters.size()) return "a dead letter that nobody was told of";
  return CheckLogs(history);
}

}  // namespace quorate::broker
