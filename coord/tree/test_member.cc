#include "coord/tree/test_member.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "coord/base/check.h"
#include "coord/tree/snapshot.h"

namespace quorate::tree {

TestMember::TestMember() {
  QUORATE_CHECK(AskFor(kSession, OpenSession(30'000)).status.ok());
}

TestMember::Answer TestMember::Ask(Request request) {
  request.time_ms = time_ms_;
  Prepared prepared = outstanding_.Prepare(zxid_.Next(), request);
  Answer answer;
  answer.status = prepared.status;
  answer.op_errors = std::move(prepared.op_errors);
  answer.over_soft_quota = std::move(prepared.over_soft_quota);
  if (!answer.status.ok()) return answer;
  zxid_ = zxid_.Next();
  absl::StatusOr<Applied> applied = state_.Apply(zxid_, prepared.txn);
  QUORATE_CHECK(applied.ok());
  outstanding_.OnApplied(zxid_);
  QUORATE_CHECK(outstanding_.size() == 0);
  answer.applied = *std::move(applied);
  return answer;
}

TestMember::Answer TestMember::Ask(RequestBody body,
                                   std::vector<Identity> identities) {
  Request request;
  request.session = kSession;
  request.request_id = NextRequestId(kSession);
  request.identities = std::move(identities);
  request.body = std::move(body);
  return Ask(std::move(request));
}

TestMember::Answer TestMember::AskFor(SessionId session, RequestBody body) {
  Request request;
  request.session = session;
  request.request_id = NextRequestId(session);
  request.body = std::move(body);
  return Ask(std::move(request));
}

int64_t TestMember::NextRequestId(SessionId session) const {
  const Session* found = state_.sessions().Find(session);
  return found == nullptr ? 1 : found->last_request_id + 1;
}

TestMember::Answer TestMember::Create(std::string path, std::string data,
                                      CreateMode mode) {
  return Ask(MakeCreate(std::move(path), std::move(data), mode));
}

TestMember::Answer TestMember::Delete(std::string path) {
  return Ask(DeleteRequest{std::move(path)});
}

TestMember::Answer TestMember::Set(std::string path, std::string data) {
  return Ask(SetDataRequest{std::move(path), std::move(data)});
}

CreateSessionRequest OpenSession(int32_t timeout_ms) {
  return {timeout_ms, kTestPassword};
}

CreateRequest MakeCreate(std::string path, std::string data, CreateMode mode) {
  CreateRequest create;
  create.path = std::move(path);
  create.data = std::move(data);
  create.acl = OpenAcl();
  create.mode = mode;
  const bool has_ttl = mode == CreateMode::kPersistentWithTtl ||
                       mode == CreateMode::kPersistentSequentialWithTtl;
  if (has_ttl) create.ttl_ms = 5000;
  return create;
}

std::string SnapshotOf(StateMachine& state) {
  Snapshot snapshot(state);
  std::string stream;
  while (snapshot.Next(1 << 16, stream)) {
  }
  return stream;
}

}  // namespace quorate::tree
