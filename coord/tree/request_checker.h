// RequestChecker: turns the body of one request into the body of a txn.
//
// Part of Outstanding. One method a kind of request; each checks in ZooKeeper's
// order, then writes the txn's effects into the pending state, so that the next
// op of a multi sees them. Whoever calls rolls back after a failure.

#ifndef QUORATE_COORD_TREE_REQUEST_CHECKER_H_
#define QUORATE_COORD_TREE_REQUEST_CHECKER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/tree/pending_state.h"
#include "coord/tree/request.h"
#include "coord/tree/txn.h"

namespace quorate::tree {

class RequestChecker {
 public:
  // All arguments must outlive the checker. `session_status` is what
  // Outstanding::CheckSession() says of the request's session.
  RequestChecker(const Request& request, const absl::Status& session_status,
                 PendingState& pending,
                 std::vector<std::string>& over_soft_quota)
      : request_(request),
        session_status_(session_status),
        pending_(pending),
        over_soft_quota_(over_soft_quota) {}

  absl::StatusOr<CreateTxn> operator()(const CreateRequest& create);
  absl::StatusOr<DeleteTxn> operator()(const DeleteRequest& del);
  absl::StatusOr<SetDataTxn> operator()(const SetDataRequest& set);
  absl::StatusOr<SetAclTxn> operator()(const SetAclRequest& set);
  absl::StatusOr<CheckTxn> operator()(const CheckRequest& check);
  absl::StatusOr<DeleteRecursiveTxn> operator()(
      const DeleteRecursiveRequest& del);
  absl::StatusOr<DeleteContainerTxn> operator()(
      const DeleteContainerRequest& del);

 private:
  absl::StatusOr<PendingNode> FindNode(absl::string_view path) const;
  absl::Status CheckPermission(const PendingNode& node, uint32_t permission,
                               absl::string_view path) const;
  absl::Status CheckLimitsData(absl::string_view path,
                               absl::string_view data) const;
  absl::Status CheckQuotas(absl::string_view path, const QuotaUsage& change);
  int64_t OwnerFor(const CreateRequest& create) const;
  void PutCreated(const CreateTxn& txn, PendingNode parent);
  void RemoveNode(absl::string_view path);

  const Request& request_;
  const absl::Status& session_status_;
  PendingState& pending_;
  std::vector<std::string>& over_soft_quota_;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_REQUEST_CHECKER_H_
