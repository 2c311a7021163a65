#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/snapshot_format.h"
#include "coord/tree/txn.h"
#include "coord/tree/txn_result.h"
#include "coord/tree/wire.h"

namespace quorate::tree {
namespace {

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("malformed snapshot: ", what));
}

}  // namespace

SnapshotLoader::SnapshotLoader() : tree_(std::make_unique<Tree>()) {}

absl::Status SnapshotLoader::Append(absl::string_view piece) {
  if (!status_.ok()) return status_;
  rest_.append(piece.data(), piece.size());
  size_t at = 0;
  while (status_.ok() && rest_.size() - at >= 4) {
    const absl::string_view unread = absl::string_view(rest_).substr(at);
    const uint32_t size = WireReader(unread).U32();
    if (size == 0 || size > kMaxSnapshotRecordBytes) {
      status_ = Malformed(absl::StrCat("a record of ", size, " bytes"));
      break;
    }
    if (unread.size() - 4 < size) break;
    status_ = Read(unread.substr(4, size));
    at += 4 + size;
  }
  rest_.erase(0, at);
  return status_;
}

absl::Status SnapshotLoader::Read(absl::string_view record) {
  const auto kind = static_cast<SnapshotRecord>(record[0]);
  const absl::string_view body = record.substr(1);
  if (has_header_ == (kind == SnapshotRecord::kHeader) || has_end_) {
    return Malformed("a header is not first, or the end is not last");
  }
  if ((results_to_come_ > 0) != (kind == SnapshotRecord::kResult)) {
    return Malformed("results that no session has, or too few");
  }
  switch (kind) {
    case SnapshotRecord::kHeader:
      return ReadHeader(body);
    case SnapshotRecord::kSession:
      return ReadSession(body);
    case SnapshotRecord::kResult:
      return ReadResultRecord(body);
    case SnapshotRecord::kAcl:
      return ReadAclRecord(body);
    case SnapshotRecord::kNode:
      return ReadNode(body);
    case SnapshotRecord::kEnd:
      return ReadEnd(body);
  }
  return absl::UnimplementedError(absl::StrCat(
      "snapshot record of the unknown kind ", static_cast<int>(kind)));
}

absl::Status SnapshotLoader::ReadHeader(absl::string_view body) {
  WireReader reader(body);
  const uint32_t magic = reader.U32();
  const uint32_t version = reader.U32();
  zxid_ = Zxid::FromValue(reader.U64());
  digest_ = reader.U64();
  if (!reader.AtEnd() || magic != kSnapshotMagic) {
    return Malformed("it does not begin like one");
  }
  if (version != kSnapshotVersion) {
    return absl::UnimplementedError(
        absl::StrCat("snapshot of version ", version, "; this release knows ",
                     kSnapshotVersion));
  }
  has_header_ = true;
  return absl::OkStatus();
}

absl::Status SnapshotLoader::ReadSession(absl::string_view body) {
  WireReader reader(body);
  const SessionId id{reader.I64()};
  const int32_t timeout_ms = reader.I32();
  const absl::string_view password = reader.String();
  const int64_t last_request_id = reader.I64();
  const uint32_t results = reader.U32();
  if (!reader.AtEnd() || !IsValidSessionId(id) || timeout_ms <= 0 ||
      password.size() != kSessionPasswordBytes || last_request_id < 0 ||
      results > kMaxRememberedResults || results > last_request_id) {
    return Malformed("a session");
  }
  const bool in_order = sessions_.sessions().empty() || last_session_ < id;
  if (!in_order || nodes_read_ > 0 ||
      !sessions_.Open(id, timeout_ms, std::string(password))) {
    return Malformed("sessions out of order");
  }
  sessions_.RestoreCount(id, last_request_id);
  results_to_come_ = results;
  last_session_ = id;
  return absl::OkStatus();
}

absl::Status SnapshotLoader::ReadResultRecord(absl::string_view body) {
  WireReader reader(body);
  RememberedResult result = ReadResult(reader);
  if (!reader.AtEnd() || result.zxid > zxid_) return Malformed("a result");
  const Session& session = *sessions_.Find(last_session_);
  const int64_t request_id = session.last_request_id - --results_to_come_;
  sessions_.RestoreResult(last_session_, request_id, std::move(result));
  if (session.results.size() > 1 &&
      session.result_bytes > kMaxRememberedBytes) {
    return Malformed("more results than a session remembers");
  }
  return absl::OkStatus();
}

absl::Status SnapshotLoader::ReadAclRecord(absl::string_view body) {
  WireReader reader(body);
  Acl acl = ReadAcl(reader);
  if (!reader.AtEnd()) return Malformed("an ACL");
  acls_.push_back(std::make_shared<const Acl>(std::move(acl)));
  return absl::OkStatus();
}

absl::Status SnapshotLoader::ReadNode(absl::string_view body) {
  WireReader reader(body);
  NodeImage node;
  node.path = std::string(reader.String());
  node.data = std::string(reader.String());
  const uint32_t acl = reader.U32();
  node.czxid = Zxid::FromValue(reader.U64());
  node.mzxid = Zxid::FromValue(reader.U64());
  node.pzxid = Zxid::FromValue(reader.U64());
  node.ctime_ms = reader.I64();
  node.mtime_ms = reader.I64();
  node.version = reader.I32();
  node.aversion = reader.I32();
  node.creations = reader.I32();
  node.ephemeral_owner = reader.I64();
  if (!reader.AtEnd() || !ValidatePath(node.path).ok() ||
      node.data.size() > kMaxDataBytes || acl >= acls_.size() ||
      !IsValidOwner(node.ephemeral_owner) || node.czxid > zxid_ ||
      node.mzxid > zxid_ || node.pzxid > zxid_) {
    return Malformed(absl::StrCat("znode ", nodes_read_));
  }
  node.acl = acls_[acl];
  if (nodes_read_ > 0 && ComparePaths(last_path_, node.path) >= 0) {
    return Malformed("znodes out of order");
  }
  if (KindOf(node.ephemeral_owner) == NodeKind::kEphemeral &&
      !sessions_.Has(SessionId{node.ephemeral_owner})) {
    return Malformed("an ephemeral without session");
  }
  const Znode* parent = tree_->Find(ParentPath(node.path));
  if (parent == nullptr ||
      KindOf(parent->ephemeral_owner()) == NodeKind::kEphemeral ||
      !tree_->Restore(node)) {
    return Malformed("a znode without parent");
  }
  ++nodes_read_;
  last_path_ = std::move(node.path);
  return absl::OkStatus();
}

absl::Status SnapshotLoader::ReadEnd(absl::string_view body) {
  WireReader reader(body);
  const uint64_t sessions = reader.U64();
  const uint64_t nodes = reader.U64();
  // What exists from the beginning must be in the stream too.
  if (!reader.AtEnd() || sessions != sessions_.sessions().size() ||
      nodes != nodes_read_ || nodes != tree_->size()) {
    return Malformed("records are missing");
  }
  has_end_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<StateMachine>> SnapshotLoader::Finish() {
  if (!status_.ok()) return status_;
  if (!has_end_ || !rest_.empty()) return Malformed("it has no end");
  auto state = std::make_unique<StateMachine>(zxid_, std::move(tree_),
                                              std::move(sessions_));
  if (state->digest() != digest_) {
    return absl::DataLossError(absl::StrCat(
        "the snapshot of ", ToString(zxid_), " says digest ", digest_,
        ", its contents have ", state->digest(), "; use another one"));
  }
  return state;
}

}  // namespace quorate::tree
