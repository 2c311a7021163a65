// Sequential names are unique and grow in real time; see checks.h.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/replica/client_message.h"
#include "coord/tree/request.h"
#include "coord/tree/txn_result.h"
#include "tests/simulation/ensemble/checks/checks.h"

namespace quorate::simulation {

namespace {

constexpr size_t kDigits = 10;

struct Name {
  uint64_t asked = 0;  // sequence numbers
  uint64_t heard = 0;
  int64_t number = 0;
  std::string path;
};

bool IsSequential(const tree::CreateRequest& create) {
  return create.mode == tree::CreateMode::kPersistentSequential ||
         create.mode == tree::CreateMode::kEphemeralSequential ||
         create.mode == tree::CreateMode::kPersistentSequentialWithTtl;
}

class Collector {
 public:
  explicit Collector(const History& history) : history_(history) {}

  // By the path as asked for.
  std::map<std::string, std::vector<Name>> names;

  void Take(const OpRecord& op) {
    const replica::WriteRequest* write = op.write();
    const replica::Reply* reply = history_.OutcomeOf(op);
    if (write == nullptr || reply == nullptr || !reply->status.ok()) return;
    const auto* result = std::get_if<tree::TxnResult>(&reply->result);
    if (result == nullptr) return;
    asked_ = history_.submissions[static_cast<size_t>(op.submissions.front())]
                 .sequence;
    heard_ = HeardAt(op);
    if (const auto* create = std::get_if<tree::CreateRequest>(&write->body)) {
      Take(*create, *result);
    } else if (const auto* multi =
                   std::get_if<tree::MultiRequest>(&write->body)) {
      for (size_t i = 0; i < multi->ops.size() && i < result->multi.size();
           ++i) {
        const auto* each = std::get_if<tree::CreateRequest>(&multi->ops[i]);
        if (each != nullptr) Take(*each, result->multi[i]);
      }
    }
  }

 private:
  uint64_t HeardAt(const OpRecord& op) const {
    uint64_t sequence = 0;
    for (const int index : op.submissions) {
      const SubmissionRecord& submission =
          history_.submissions[static_cast<size_t>(index)];
      const replica::Reply* reply = history_.ReplyOf(submission);
      if (reply == nullptr || reply->not_taken) continue;
      sequence =
          history_.connections[static_cast<size_t>(submission.connection)]
              .heard[static_cast<size_t>(submission.answer)]
              .sequence;
    }
    return sequence;
  }

  void Take(const tree::CreateRequest& create, const tree::TxnResult& result) {
    if (!IsSequential(create) || result.path.size() < kDigits) return;
    const std::string digits = result.path.substr(result.path.size() - kDigits);
    names[create.path].push_back(
        {asked_, heard_, std::atoll(digits.c_str()), result.path});
  }

  const History& history_;
  uint64_t asked_ = 0;
  uint64_t heard_ = 0;
};

}  // namespace

void CheckSequentials(const History& history, EnsembleViolations& violations) {
  Collector collector(history);
  for (const OpRecord& op : history.ops) collector.Take(op);
  for (auto& [path, names] : collector.names) {
    std::sort(names.begin(), names.end(),
              [](const Name& a, const Name& b) { return a.number < b.number; });
    // Of all with a higher number, the first to be known.
    uint64_t heard = UINT64_MAX;
    for (size_t i = names.size(); i > 0; --i) {
      const Name& name = names[i - 1];
      if (i < names.size() && names[i].number == name.number) {
        violations.push_back(
            {"sequentials", absl::StrCat(name.path, " was given twice")});
      }
      if (name.asked > heard) {
        violations.push_back(
            {"sequentials",
             absl::StrCat(name.path,
                          " was asked for after a higher one was known")});
      }
      heard = std::min(heard, name.heard);
    }
  }
}

}  // namespace quorate::simulation
