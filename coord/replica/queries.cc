#include "coord/replica/queries.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "coord/replica/client_message.h"
#include "coord/tree/acl.h"
#include "coord/tree/error.h"
#include "coord/tree/reads.h"
#include "coord/tree/session_id.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/watches.h"

namespace quorate::replica {
namespace {

class Answerer {
 public:
  Answerer(const tree::StateMachine& state,
           absl::Span<const tree::Identity> identities, tree::SessionId session)
      : reads_(state, identities), session_(session) {}

  Answer operator()(const GetData& get) const {
    Answer answer = From(reads_.GetData(get.path));
    if (get.watch && answer.status.ok()) {
      answer.watch = {get.path, tree::WatchKind::kData};
    }
    return answer;
  }
  Answer operator()(const Exists& exists) const {
    Answer answer = From(reads_.Exists(exists.path));
    const bool left = answer.status.ok() || tree::ErrorCodeOf(answer.status) ==
                                                tree::ErrorCode::kNoNode;
    if (exists.watch && left) {
      answer.watch = {exists.path, tree::WatchKind::kData};
    }
    return answer;
  }
  Answer operator()(const GetChildren& get) const {
    Answer answer = From(reads_.GetChildren(get.path));
    if (get.watch && answer.status.ok()) {
      answer.watch = {get.path, tree::WatchKind::kChild};
    }
    return answer;
  }
  Answer operator()(const GetAcl& get) const {
    return From(reads_.GetAcl(get.path));
  }
  Answer operator()(const CountDescendants& count) const {
    return From(reads_.GetAllChildrenNumber(count.path));
  }
  Answer operator()(const GetEphemerals& get) const {
    return {absl::OkStatus(), reads_.GetEphemerals(session_, get.prefix), {}};
  }
  Answer operator()(const MultiRead& multi) const {
    return {absl::OkStatus(), tree::MultiRead(reads_, multi.ops), {}};
  }
  Answer operator()(const Sync&) const { return {}; }

 private:
  template <typename T>
  static Answer From(absl::StatusOr<T> found) {
    if (!found.ok()) return {found.status(), {}, {}};
    return {absl::OkStatus(), *std::move(found), {}};
  }

  const tree::Reads reads_;
  const tree::SessionId session_;
};

}  // namespace

Answer AnswerQuery(const tree::StateMachine& state,
                   absl::Span<const tree::Identity> identities,
                   tree::SessionId session, const Query& query) {
  return std::visit(Answerer(state, identities, session), query);
}

bool IsLinearizable(const ReadRequest& read) {
  return !read.local || std::holds_alternative<Sync>(read.query);
}

bool WantsWatch(const Query& query) {
  if (const auto* get = std::get_if<GetData>(&query)) return get->watch;
  if (const auto* exists = std::get_if<Exists>(&query)) return exists->watch;
  if (const auto* get = std::get_if<GetChildren>(&query)) return get->watch;
  return false;
}

bool NeedsSession(const Query& query) {
  return WantsWatch(query) || std::holds_alternative<GetEphemerals>(query);
}

}  // namespace quorate::replica
