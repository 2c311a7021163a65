#include "tests/simulation/ensemble/checks/history_builder.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/base/bytes.h"
#include "coord/consensus/record.h"
#include "coord/tree/acl.h"
#include "coord/tree/txn_codec.h"

namespace quorate::simulation {

using consensus::Zxid;

// --- The log ----------------------------------------------------------------

Zxid HistoryBuilder::Commit(tree::Txn txn) {
  now_ += kStep;
  if (txn.time_ms == 0) txn.time_ms = 5;
  const Zxid zxid = Z(++counter_);
  history_.log.push_back({zxid, consensus::RecordKind::kTxn,
                          MakeBytes(tree::EncodeTxn(txn)), now_});
  return zxid;
}

Zxid HistoryBuilder::CommitSession(int record) {
  SessionRecord& session = history_.sessions[static_cast<size_t>(record)];
  tree::Txn txn;
  txn.session.value = static_cast<int64_t>(Z(counter_ + 1).value());
  txn.body = tree::CreateSessionTxn{session.timeout_ms, session.password};
  session.id = txn.session;
  return Commit(std::move(txn));
}

Zxid HistoryBuilder::CommitClose(int record, int64_t request_id) {
  tree::Txn txn;
  txn.session = SessionOf(record);
  txn.request_id = request_id;
  txn.body = tree::CloseSessionTxn();
  return Commit(std::move(txn));
}

Zxid HistoryBuilder::CommitCreate(int record, int64_t request_id,
                                  const std::string& path,
                                  const std::string& data, bool ephemeral) {
  tree::Txn txn;
  txn.session = SessionOf(record);
  txn.request_id = request_id;
  txn.body = tree::CreateTxn{path, data, tree::OpenAcl(),
                             ephemeral ? txn.session.value : 0};
  return Commit(std::move(txn));
}

Zxid HistoryBuilder::CommitSet(int record, int64_t request_id,
                               const std::string& path, const std::string& data,
                               int32_t version) {
  tree::Txn txn;
  txn.session = SessionOf(record);
  txn.request_id = request_id;
  txn.body = tree::SetDataTxn{path, data, version};
  return Commit(std::move(txn));
}

Zxid HistoryBuilder::CommitError(int record, int64_t request_id,
                                 tree::ErrorCode code) {
  tree::Txn txn;
  txn.session = SessionOf(record);
  txn.request_id = request_id;
  txn.body = tree::ErrorTxn{code, "", "", {}};
  return Commit(std::move(txn));
}

// --- Clients ----------------------------------------------------------------

HistoryBuilder::Opened HistoryBuilder::Open(int client) {
  Opened opened;
  opened.session = static_cast<int>(history_.sessions.size());
  history_.sessions.push_back(
      {.client = client,
       .password = absl::StrCat("password-", 1'000'000 + opened.session),
       .timeout_ms = kTimeoutMs});
  opened.connection = Connect(client, opened.session, /*resumes=*/false);
  const Zxid zxid = CommitSession(opened.session);
  Welcome(opened.connection, zxid, 0);
  return opened;
}

int HistoryBuilder::Connect(int client, int session, bool resumes) {
  return history_.AddConnection(
      {.client = client, .member = 0, .session = session, .resumes = resumes});
}

void HistoryBuilder::Welcome(int connection, Zxid zxid,
                             int64_t last_request_id) {
  now_ += kStep;
  replica::Welcome welcome;
  welcome.session =
      SessionOf(history_.connections[static_cast<size_t>(connection)].session);
  welcome.zxid = zxid;
  welcome.last_request_id = last_request_id;
  history_.Hear(connection, welcome, now_);
}

int HistoryBuilder::Record(OpRecord op, int connection) {
  const ConnectionRecord& record =
      history_.connections[static_cast<size_t>(connection)];
  op.client = record.client;
  op.session = record.session;
  const int index = history_.AddOp(std::move(op));
  AskAgain(index, connection);
  return index;
}

int HistoryBuilder::Ask(int connection, replica::ReadRequest read) {
  return AskOther(connection, std::move(read));
}

int HistoryBuilder::AskOther(int connection,
                             decltype(replica::ClientRequest::body) body) {
  OpRecord op;
  op.request.body = std::move(body);
  return Record(std::move(op), connection);
}

int HistoryBuilder::AskWrite(int connection, int64_t request_id,
                             tree::RequestBody body) {
  replica::WriteRequest write;
  write.request_id = request_id;
  write.body = std::move(body);
  return AskOther(connection, std::move(write));
}

void HistoryBuilder::AskAgain(int op, int connection) {
  now_ += kStep;
  const auto tag = static_cast<int64_t>(history_.submissions.size());
  history_.Submit(op, connection, tag, now_);
}

void HistoryBuilder::Hear(int connection, size_t question,
                          replica::Reply reply) {
  now_ += kStep;
  const int submission = history_.connections[static_cast<size_t>(connection)]
                             .submissions[question];
  reply.tag = history_.submissions[static_cast<size_t>(submission)].tag;
  history_.Answer(submission,
                  history_.Hear(connection, std::move(reply), now_));
}

void HistoryBuilder::Answer(int connection, Zxid zxid, replica::Result result,
                            absl::Status status, bool not_taken) {
  const ConnectionRecord& record =
      history_.connections[static_cast<size_t>(connection)];
  size_t question = 0;
  while (history_.submissions[static_cast<size_t>(record.submissions[question])]
             .answer >= 0) {
    ++question;
  }
  replica::Reply reply;
  reply.zxid = zxid;
  reply.result = std::move(result);
  reply.status = std::move(status);
  reply.not_taken = not_taken;
  Hear(connection, question, std::move(reply));
}

void HistoryBuilder::AnswerCreated(int connection, Zxid zxid,
                                   const std::string& path, int32_t data_length,
                                   int64_t owner) {
  tree::TxnResult result;
  result.path = path;
  tree::Stat stat;
  stat.czxid = stat.mzxid = stat.pzxid = zxid;
  stat.ctime_ms = stat.mtime_ms = 5;
  stat.ephemeral_owner = owner;
  stat.data_length = data_length;
  result.stat = stat;
  Answer(connection, zxid, std::move(result));
}

void HistoryBuilder::AnswerNumber(int connection, size_t index, Zxid zxid) {
  replica::Reply reply;
  reply.zxid = zxid;
  Hear(connection, index, std::move(reply));
}

void HistoryBuilder::Event(int connection, tree::EventType type,
                           const std::string& path, Zxid zxid) {
  now_ += kStep;
  history_.Hear(connection,
                replica::WatchEvent{.type = type, .path = path, .zxid = zxid},
                now_);
}

void HistoryBuilder::Gap(int connection, const std::string& path,
                         tree::WatchKind kind, Zxid zxid) {
  now_ += kStep;
  replica::WatchEvent event;
  event.path = path;
  event.kind = kind;
  event.zxid = zxid;
  event.gap = true;
  history_.Hear(connection, std::move(event), now_);
}

void HistoryBuilder::Goodbye(int connection, absl::Status status) {
  now_ += kStep;
  history_.Hear(connection, replica::Goodbye{std::move(status)}, now_);
}

tree::CreateRequest HistoryBuilder::Create(const std::string& path,
                                           const std::string& data,
                                           tree::CreateMode mode) {
  tree::CreateRequest create;
  create.path = path;
  create.data = data;
  create.acl = tree::OpenAcl();
  create.mode = mode;
  return create;
}

std::vector<std::string> NamesOf(const EnsembleViolations& violations) {
  std::vector<std::string> names;
  for (const EnsembleViolation& violation : violations) {
    if (names.empty() || names.back() != violation.check) {
      names.push_back(violation.check);
    }
  }
  return names;
}

}  // namespace quorate::simulation
