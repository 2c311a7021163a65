// Every answer equals the model's at its zxid; see checks.h.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/acl.h"
#include "coord/tree/error.h"
#include "coord/tree/reads.h"
#include "coord/tree/test_plain_model.h"
#include "coord/tree/txn_result.h"
#include "tests/simulation/ensemble/checks/checks.h"

namespace quorate::simulation {

using consensus::Zxid;
using replica::Reply;
using tree::ErrorCode;
using tree::ErrorCodeOf;
using tree::PlainModel;
using tree::Stat;

namespace {

constexpr char kName[] = "answers_match_model";

// A read that was answered, or a write without a session that failed.
struct Question {
  Zxid zxid;
  const OpRecord* op = nullptr;
  const Reply* reply = nullptr;
  int session = -1;
};

// What the model says to a read; an error or a result.
class Reader {
 public:
  Reader(const PlainModel& state, int64_t session)
      : state_(state), session_(session) {}

  ErrorCode error() const { return error_; }

  replica::Result operator()(const replica::GetData& get) {
    if (!Find(get.path)) return {};
    return Data(get.path);
  }
  replica::Result operator()(const replica::Exists& exists) {
    if (!Find(exists.path)) return {};
    return state_.StatOf(exists.path);
  }
  replica::Result operator()(const replica::GetChildren& get) {
    if (!Find(get.path)) return {};
    return Children(get.path);
  }
  replica::Result operator()(const replica::GetAcl& get) {
    if (!Find(get.path)) return {};
    return tree::AclAnswer{state_.nodes().at(get.path).acl,
                           state_.StatOf(get.path)};
  }
  replica::Result operator()(const replica::CountDescendants& count) {
    if (!Find(count.path)) return {};
    const std::string prefix = count.path == "/" ? "/" : count.path + "/";
    uint32_t number = 0;
    for (const auto& [path, node] : state_.nodes()) {
      if (path != "/" && absl::StartsWith(path, prefix)) ++number;
    }
    return number;
  }
  replica::Result operator()(const replica::GetEphemerals& get) {
    std::vector<std::string> paths;
    for (const std::string& path : state_.EphemeralsOf(session_)) {
      if (absl::StartsWith(path, get.prefix)) paths.push_back(path);
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  replica::Result operator()(const replica::MultiRead& multi) {
    std::vector<tree::ReadAnswer> answers;
    for (const tree::ReadOp& op : multi.ops) {
      if (!state_.Has(op.path)) {
        answers.emplace_back(tree::Error(ErrorCode::kNoNode, op.path));
      } else if (op.kind == tree::ReadOp::Kind::kGetData) {
        answers.emplace_back(Data(op.path));
      } else {
        answers.emplace_back(Children(op.path));
      }
    }
    return answers;
  }
  replica::Result operator()(const replica::Sync&) { return {}; }

 private:
  bool Find(const std::string& path) {
    if (state_.Has(path)) return true;
    error_ = ErrorCode::kNoNode;
    return false;
  }
  tree::DataAnswer Data(const std::string& path) const {
    return {state_.nodes().at(path).data, state_.StatOf(path)};
  }
  tree::ChildrenAnswer Children(const std::string& path) const {
    std::vector<std::string> names = state_.ChildrenOf(path);
    std::sort(names.begin(), names.end());
    return {names, state_.StatOf(path)};
  }

  const PlainModel& state_;
  const int64_t session_;
  ErrorCode error_ = ErrorCode::kOk;
};

bool Same(const tree::DataAnswer& a, const tree::DataAnswer& b) {
  return a.data == b.data && a.stat == b.stat;
}
bool Same(const tree::ChildrenAnswer& a, const tree::ChildrenAnswer& b) {
  return a.names == b.names && a.stat == b.stat;
}
bool Same(const tree::AclAnswer& a, const tree::AclAnswer& b) {
  return a.acl == b.acl && a.stat == b.stat;
}
bool Same(const absl::Status& a, const absl::Status& b) {
  return ErrorCodeOf(a) == ErrorCodeOf(b);
}
bool Same(const std::vector<tree::ReadAnswer>& a,
          const std::vector<tree::ReadAnswer>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].index() != b[i].index()) return false;
    const bool same = std::visit(
        [&](const auto& each) {
          return Same(each, std::get<std::decay_t<decltype(each)>>(b[i]));
        },
        a[i]);
    if (!same) return false;
  }
  return true;
}
template <typename T>
bool Same(const T& a, const T& b) {
  return a == b;
}

bool SameResult(const replica::Result& a, const replica::Result& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& each) {
        return Same(each, std::get<std::decay_t<decltype(each)>>(b));
      },
      a);
}

class AnswerCheck : public ReplayObserver {
 public:
  AnswerCheck(const History& history, EnsembleViolations& violations)
      : history_(history), violations_(violations) {
    for (const SubmissionRecord& submission : history.submissions) {
      const Reply* reply = history.ReplyOf(submission);
      if (reply == nullptr || reply->not_taken || reply->zxid.IsNone()) {
        continue;
      }
      const OpRecord& op = history.ops[static_cast<size_t>(submission.op)];
      const bool failed_alone =
          op.write() != nullptr && op.session < 0 && !reply->status.ok();
      if (op.read() == nullptr && !failed_alone) continue;
      questions_.push_back({reply->zxid, &op, reply, op.session});
    }
    std::stable_sort(
        questions_.begin(), questions_.end(),
        [](const Question& a, const Question& b) { return a.zxid < b.zxid; });
  }

  void OnState(const PlainModel& state, Zxid from, Zxid to) override {
    while (next_ < questions_.size() && questions_[next_].zxid < to) {
      const Question& question = questions_[next_++];
      if (question.zxid < from) continue;  // reported by others
      if (question.op->read() != nullptr) {
        JudgeRead(state, question);
      } else {
        JudgeFailure(state, question);
      }
    }
  }

  // Of sessions' writes: the log has them.
  void JudgeWrites(const Replay& replay) {
    for (size_t i = 0; i < history_.ops.size(); ++i) {
      const OpRecord& op = history_.ops[i];
      if (op.write() == nullptr) continue;
      const auto logged = replay.of_op.find(static_cast<int>(i));
      for (const int submission : op.submissions) {
        const Reply* reply = history_.ReplyOf(
            history_.submissions[static_cast<size_t>(submission)]);
        if (reply == nullptr || reply->not_taken) continue;
        if (op.session < 0 && !reply->status.ok()) continue;
        // No place in the log: the session has ended, or never was.
        if (reply->zxid.IsNone() && !reply->status.ok()) continue;
        if (logged == replay.of_op.end()) {
          Violation(op, *reply, "is not in the log");
        } else {
          JudgeWrite(op, *reply,
                     replay.txns[static_cast<size_t>(logged->second.front())]);
        }
      }
    }
  }

 private:
  void Violation(const OpRecord& op, const Reply& reply,
                 const std::string& text) {
    violations_.push_back(
        {kName,
         absl::StrCat("client ", op.client, " asked ", Describe(op.request),
                      ", heard ", Describe(replica::ServerMessage(reply)), ": ",
                      text)});
  }

  void JudgeRead(const PlainModel& state, const Question& question) {
    int64_t session = 0;
    if (question.session >= 0) {
      session =
          history_.sessions[static_cast<size_t>(question.session)].id.value;
    }
    Reader reader(state, session);
    const replica::Result expected =
        std::visit(reader, question.op->read()->query);
    if (reader.error() != ErrorCodeOf(question.reply->status)) {
      Violation(
          *question.op, *question.reply,
          absl::StrCat("expected ", std::string(ErrorName(reader.error()))));
    } else if (!SameResult(expected, question.reply->result)) {
      Violation(*question.op, *question.reply,
                "the state at that zxid gives another result");
    }
  }

  // A failed write changed nothing: the model must refuse it, too.
  void JudgeFailure(const PlainModel& state, const Question& question) {
    PlainModel copy = state;
    tree::Request request;
    request.body = question.op->write()->body;
    const ErrorCode expected = copy.Ask(request, question.zxid).error;
    if (expected != ErrorCodeOf(question.reply->status)) {
      Violation(*question.op, *question.reply,
                absl::StrCat("expected ", std::string(ErrorName(expected))));
    }
  }

  void JudgeWrite(const OpRecord& op, const Reply& reply,
                  const ReplayedTxn& txn) {
    const PlainModel::Outcome& outcome = txn.outcome;
    if (reply.zxid != txn.zxid) {
      return Violation(op, reply,
                       absl::StrCat("it was applied at ", ToString(txn.zxid)));
    }
    if (ErrorCodeOf(reply.status) != outcome.error) {
      return Violation(
          op, reply,
          absl::StrCat("expected ", std::string(ErrorName(outcome.error))));
    }
    const auto* result = std::get_if<tree::TxnResult>(&reply.result);
    if (result == nullptr) {
      if (outcome.error != ErrorCode::kOk && outcome.op_errors.empty()) return;
      return Violation(op, reply, "the result is missing");
    }
    std::vector<std::pair<std::string, Stat>> flat;
    std::vector<ErrorCode> errors;
    for (const tree::TxnResult& each : result->multi) {
      flat.emplace_back(each.path, each.stat.value_or(Stat()));
      errors.push_back(each.error);
    }
    if (result->multi.empty() && !result->path.empty()) {
      flat.emplace_back(result->path, result->stat.value_or(Stat()));
    }
    if (outcome.error != ErrorCode::kOk) {
      if (!outcome.op_errors.empty() && errors != outcome.op_errors) {
        Violation(op, reply, "other errors of its ops");
      }
    } else if (flat != outcome.results) {
      Violation(op, reply, "another path or Stat than expected");
    }
  }

  const History& history_;
  EnsembleViolations& violations_;
  std::vector<Question> questions_;  // by zxid
  size_t next_ = 0;
};

}  // namespace

Replay CheckAnswers(const History& history, EnsembleViolations& violations) {
  AnswerCheck check(history, violations);
  Replay replay = ReplayHistory(history, &check);
  violations.insert(violations.end(), replay.violations.begin(),
                    replay.violations.end());
  if (replay.violations.empty()) check.JudgeWrites(replay);
  return replay;
}

}  // namespace quorate::simulation
