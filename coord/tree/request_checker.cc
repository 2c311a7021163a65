#include "coord/tree/request_checker.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/tree/acl.h"
#include "coord/tree/due_nodes.h"
#include "coord/tree/error.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/path.h"
#include "coord/tree/quota.h"

namespace quorate::tree {
namespace {

bool IsSequential(CreateMode mode) {
  return mode == CreateMode::kPersistentSequential ||
         mode == CreateMode::kEphemeralSequential ||
         mode == CreateMode::kPersistentSequentialWithTtl;
}

bool IsEphemeral(CreateMode mode) {
  return mode == CreateMode::kEphemeral ||
         mode == CreateMode::kEphemeralSequential;
}

bool HasTtl(CreateMode mode) {
  return mode == CreateMode::kPersistentWithTtl ||
         mode == CreateMode::kPersistentSequentialWithTtl;
}

int32_t Increment(int32_t number) {
  return static_cast<int32_t>(static_cast<uint32_t>(number) + 1);
}

// The version behind `current`, or BadVersion. -1 is left out: a client could
// not expect it, as it means "any".
absl::StatusOr<int32_t> NextVersion(int32_t current, int32_t expected,
                                    absl::string_view path) {
  if (expected != kAnyVersion && expected != current) {
    return Error(
        ErrorCode::kBadVersion, path,
        absl::StrCat("expected version ", expected, ", found ", current));
  }
  const int32_t next = Increment(current);
  return next == -1 ? 0 : next;
}

// ZooKeeper looks no closer at the path of a create or delete than this; what
// else is wrong with it comes out as NoNode or is found later.
absl::Status CheckPathOutline(absl::string_view path) {
  if (path.find('/') == absl::string_view::npos ||
      path.find('\0') != absl::string_view::npos) {
    return Error(ErrorCode::kBadArguments, "",
                 "a path has a slash and no null character");
  }
  return absl::OkStatus();
}

absl::Status CheckDeletable(absl::string_view path) {
  if (absl::Status status = CheckPathOutline(path); !status.ok()) {
    return status;
  }
  if (IsReservedPath(path)) {
    return Error(ErrorCode::kBadArguments, path, "it cannot be deleted");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CreateTxn> RequestChecker::operator()(
    const CreateRequest& create) {
  const bool ttl_fits =
      HasTtl(create.mode) ? IsValidTtl(create.ttl_ms) : create.ttl_ms < 0;
  if (!ttl_fits) {
    return Error(ErrorCode::kBadArguments, create.path,
                 absl::StrCat("a TTL is from 1 to ", kMaxTtlMs,
                              " ms, for the modes with TTL alone; found ",
                              create.ttl_ms));
  }
  if (!session_status_.ok()) return session_status_;
  if (IsEphemeral(create.mode) && request_.session.IsNone()) {
    return Error(ErrorCode::kBadArguments, create.path,
                 "an ephemeral needs a session");
  }
  if (absl::Status status = CheckPathOutline(create.path); !status.ok()) {
    return status;
  }
  absl::StatusOr<Acl> acl =
      ResolveAcl(create.path, create.acl, request_.identities);
  if (!acl.ok()) return acl.status();
  absl::StatusOr<PendingNode> parent = FindNode(ParentPath(create.path));
  if (!parent.ok()) return parent.status();
  if (absl::Status status = CheckPermission(*parent, kCreate, create.path);
      !status.ok()) {
    return status;
  }
  CreateTxn txn{create.path, create.data, *std::move(acl), OwnerFor(create)};
  if (IsSequential(create.mode)) {
    txn.path += SequenceSuffix(parent->creations);
  }
  if (absl::Status status = ValidatePath(txn.path); !status.ok()) {
    return status;
  }
  if (pending_.Find(txn.path)) {
    return Error(ErrorCode::kNodeExists, txn.path);
  }
  if (KindOf(parent->ephemeral_owner) == NodeKind::kEphemeral) {
    return Error(ErrorCode::kNoChildrenForEphemerals, txn.path);
  }
  if (absl::Status status =
          CheckQuotas(txn.path, {1, static_cast<int64_t>(txn.data.size())});
      !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckLimitsData(txn.path, txn.data); !status.ok()) {
    return status;
  }
  PutCreated(txn, *std::move(parent));
  return txn;
}

absl::StatusOr<DeleteTxn> RequestChecker::operator()(const DeleteRequest& del) {
  if (!session_status_.ok()) return session_status_;
  if (absl::Status status = CheckDeletable(del.path); !status.ok()) {
    return status;
  }
  const absl::StatusOr<PendingNode> parent = FindNode(ParentPath(del.path));
  if (!parent.ok()) return parent.status();
  if (absl::Status status = CheckPermission(*parent, kDelete, del.path);
      !status.ok()) {
    return status;
  }
  const absl::StatusOr<PendingNode> node = FindNode(del.path);
  if (!node.ok()) return node.status();
  const auto version = NextVersion(node->version, del.version, del.path);
  if (!version.ok()) return version.status();
  if (node->num_children > 0) {
    return Error(ErrorCode::kNotEmpty, del.path,
                 absl::StrCat("it has ", node->num_children, " children"));
  }
  RemoveNode(del.path);
  return DeleteTxn{del.path};
}

absl::StatusOr<SetDataTxn> RequestChecker::operator()(
    const SetDataRequest& set) {
  if (!session_status_.ok()) return session_status_;
  if (absl::Status status = ValidatePath(set.path); !status.ok()) {
    return status;
  }
  absl::StatusOr<PendingNode> node = FindNode(set.path);
  if (!node.ok()) return node.status();
  if (absl::Status status = CheckPermission(*node, kWrite, set.path);
      !status.ok()) {
    return status;
  }
  const int64_t size = static_cast<int64_t>(set.data.size());
  if (absl::Status status = CheckQuotas(set.path, {0, size - node->data_bytes});
      !status.ok()) {
    return status;
  }
  const auto version = NextVersion(node->version, set.version, set.path);
  if (!version.ok()) return version.status();
  if (absl::Status status = CheckLimitsData(set.path, set.data); !status.ok()) {
    return status;
  }
  node->version = *version;
  node->mtime_ms = request_.time_ms;
  node->data_bytes = size;
  if (!PathOfQuotaLimits(set.path).empty()) {
    node->limits = ParseQuotaLimits(set.data);
  }
  pending_.Put(set.path, *std::move(node));
  return SetDataTxn{set.path, set.data, *version};
}

absl::StatusOr<SetAclTxn> RequestChecker::operator()(const SetAclRequest& set) {
  if (!session_status_.ok()) return session_status_;
  if (absl::Status status = ValidatePath(set.path); !status.ok()) {
    return status;
  }
  absl::StatusOr<Acl> acl = ResolveAcl(set.path, set.acl, request_.identities);
  if (!acl.ok()) return acl.status();
  absl::StatusOr<PendingNode> node = FindNode(set.path);
  if (!node.ok()) return node.status();
  if (absl::Status status = CheckPermission(*node, kAdmin, set.path);
      !status.ok()) {
    return status;
  }
  const auto version = NextVersion(node->aversion, set.version, set.path);
  if (!version.ok()) return version.status();
  node->aversion = *version;
  node->acl = std::make_shared<const Acl>(*acl);
  pending_.Put(set.path, *std::move(node));
  return SetAclTxn{set.path, *std::move(acl), *version};
}

absl::StatusOr<CheckTxn> RequestChecker::operator()(const CheckRequest& check) {
  if (!session_status_.ok()) return session_status_;
  if (absl::Status status = ValidatePath(check.path); !status.ok()) {
    return status;
  }
  const absl::StatusOr<PendingNode> node = FindNode(check.path);
  if (!node.ok()) return node.status();
  if (absl::Status status = CheckPermission(*node, kRead, check.path);
      !status.ok()) {
    return status;
  }
  const auto version = NextVersion(node->version, check.version, check.path);
  if (!version.ok()) return version.status();
  return CheckTxn{check.path};
}

absl::StatusOr<DeleteRecursiveTxn> RequestChecker::operator()(
    const DeleteRecursiveRequest& del) {
  if (!session_status_.ok()) return session_status_;
  if (absl::Status status = CheckDeletable(del.path); !status.ok()) {
    return status;
  }
  const absl::StatusOr<PendingNode> parent = FindNode(ParentPath(del.path));
  if (!parent.ok()) return parent.status();
  if (absl::Status status = CheckPermission(*parent, kDelete, del.path);
      !status.ok()) {
    return status;
  }
  if (const auto top = FindNode(del.path); !top.ok()) return top.status();
  const std::vector<std::string> paths =
      pending_.Subtree(del.path, kMaxRecursiveDelete);
  if (paths.size() > kMaxRecursiveDelete) {
    return Error(ErrorCode::kNotEmpty, del.path,
                 absl::StrCat("a recursive delete takes at most ",
                              kMaxRecursiveDelete, " znodes at once"));
  }
  for (const std::string& path : paths) {
    const std::optional<PendingNode> node = pending_.Find(path);
    if (node->num_children == 0) continue;
    if (absl::Status status = CheckPermission(*node, kDelete, path);
        !status.ok()) {
      return status;
    }
  }
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    RemoveNode(*path);
  }
  return DeleteRecursiveTxn{del.path};
}

absl::StatusOr<DeleteContainerTxn> RequestChecker::operator()(
    const DeleteContainerRequest& del) {
  if (!session_status_.ok()) return session_status_;
  if (absl::Status status = CheckDeletable(del.path); !status.ok()) {
    return status;
  }
  const absl::StatusOr<PendingNode> node = FindNode(del.path);
  if (!node.ok()) return node.status();
  if (node->num_children > 0) {
    return Error(ErrorCode::kNotEmpty, del.path);
  }
  if (!IsDue(node->ephemeral_owner, node->creations, node->mtime_ms,
             request_.time_ms)) {
    return Error(ErrorCode::kBadVersion, del.path,
                 "it is no container or TTL node that is due");
  }
  RemoveNode(del.path);
  return DeleteContainerTxn{del.path};
}

absl::StatusOr<PendingNode> RequestChecker::FindNode(
    absl::string_view path) const {
  std::optional<PendingNode> node = pending_.Find(path);
  if (!node) return Error(ErrorCode::kNoNode, path);
  return *std::move(node);
}

absl::Status RequestChecker::CheckPermission(const PendingNode& node,
                                             uint32_t permission,
                                             absl::string_view path) const {
  if (Permits(*node.acl, permission, request_.identities)) {
    return absl::OkStatus();
  }
  return Error(ErrorCode::kNoAuth, path);
}

absl::Status RequestChecker::CheckLimitsData(absl::string_view path,
                                             absl::string_view data) const {
  if (PathOfQuotaLimits(path).empty() || ParseQuotaLimits(data)) {
    return absl::OkStatus();
  }
  return Error(ErrorCode::kBadArguments, path,
               "the limits of a quota are such as "
               "\"count=5,bytes=100=;byteHardLimit=200\"");
}

absl::Status RequestChecker::CheckQuotas(absl::string_view path,
                                         const QuotaUsage& change) {
  if (!pending_.MayHaveQuotas() || IsAtOrBelow(path, kSystemPath)) {
    return absl::OkStatus();
  }
  absl::Status status;
  ForEachPrefix(path, [&](absl::string_view prefix) {
    if (!status.ok()) return;
    const std::optional<PendingNode> node =
        pending_.Find(QuotaLimitsPath(prefix));
    if (!node || !node->limits) return;
    const QuotaUsage used = pending_.UsageOf(prefix);
    switch (JudgeQuota(*node->limits, used, change)) {
      case QuotaVerdict::kWithin:
        return;
      case QuotaVerdict::kOverSoft:
        over_soft_quota_.emplace_back(prefix);
        return;
      case QuotaVerdict::kOverHard:
        status = Error(
            ErrorCode::kQuotaExceeded, prefix,
            absl::StrCat("it uses ", used.count, " znodes and ", used.bytes,
                         " bytes of ", node->limits->count_hard, " and ",
                         node->limits->bytes_hard, " (-1: no limit)"));
        return;
    }
  });
  return status;
}

int64_t RequestChecker::OwnerFor(const CreateRequest& create) const {
  if (HasTtl(create.mode)) return TtlOwner(create.ttl_ms);
  if (create.mode == CreateMode::kContainer) return kContainerOwner;
  return IsEphemeral(create.mode) ? request_.session.value : 0;
}

void RequestChecker::PutCreated(const CreateTxn& txn, PendingNode parent) {
  ++parent.num_children;
  parent.creations = Increment(parent.creations);
  pending_.Put(ParentPath(txn.path), std::move(parent));
  PendingNode node;
  node.ephemeral_owner = txn.ephemeral_owner;
  node.mtime_ms = request_.time_ms;
  node.data_bytes = static_cast<int64_t>(txn.data.size());
  node.acl = std::make_shared<const Acl>(txn.acl);
  if (!PathOfQuotaLimits(txn.path).empty()) {
    node.limits = ParseQuotaLimits(txn.data);
  }
  pending_.Put(txn.path, std::move(node));
}

void RequestChecker::RemoveNode(absl::string_view path) {
  const absl::string_view parent_path = ParentPath(path);
  std::optional<PendingNode> parent = pending_.Find(parent_path);
  --parent->num_children;
  pending_.Put(parent_path, *std::move(parent));
  pending_.Remove(path);
}

}  // namespace quorate::tree
