// Txn: a change that has been checked and always applies, identically, on
// every member that has applied all before it.
//
// What a request left open is decided in its txn: the sequential name, the new
// version, the resolved ACL, the owner, the time. txn_codec.h gives the bytes.

#ifndef QUORATE_COORD_TREE_TXN_H_
#define QUORATE_COORD_TREE_TXN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "coord/tree/acl.h"
#include "coord/tree/error.h"
#include "coord/tree/session_id.h"

namespace quorate::tree {

// Most bytes of data that a znode can have.
inline constexpr size_t kMaxDataBytes = 0xfffff;
// Most ops that a multi may have.
inline constexpr size_t kMaxMultiOps = 4096;
// A session's password has exactly so many bytes.
inline constexpr size_t kSessionPasswordBytes = 16;
// Most bytes of the message of an error; more is cut off.
inline constexpr size_t kMaxErrorMessageBytes = 1024;

struct CreateTxn {
  std::string path;  // with the sequence number, if it has one
  std::string data;
  Acl acl;                      // resolved
  int64_t ephemeral_owner = 0;  // see node_kind.h
  bool operator==(const CreateTxn&) const = default;
};

struct DeleteTxn {
  std::string path;
  bool operator==(const DeleteTxn&) const = default;
};

// A container or TTL node whose time has come.
struct DeleteContainerTxn {
  std::string path;
  bool operator==(const DeleteContainerTxn&) const = default;
};

// `path` and all that is below it when the txn is applied.
struct DeleteRecursiveTxn {
  std::string path;
  bool operator==(const DeleteRecursiveTxn&) const = default;
};

struct SetDataTxn {
  std::string path;
  std::string data;
  int32_t version = 0;  // the new one
  bool operator==(const SetDataTxn&) const = default;
};

struct SetAclTxn {
  std::string path;
  Acl acl;              // resolved
  int32_t version = 0;  // the new aversion
  bool operator==(const SetAclTxn&) const = default;
};

// Changes nothing; was found true when the multi was checked.
struct CheckTxn {
  std::string path;
  bool operator==(const CheckTxn&) const = default;
};

using MultiOpTxn = std::variant<CreateTxn, DeleteTxn, SetDataTxn, CheckTxn>;

struct MultiTxn {
  std::vector<MultiOpTxn> ops;
  bool operator==(const MultiTxn&) const = default;
};

// Opens Txn::session.
struct CreateSessionTxn {
  int32_t timeout_ms = 0;  // as negotiated
  std::string password;
  bool operator==(const CreateSessionTxn&) const = default;
};

// Closes Txn::session and deletes its ephemerals, in the order of their paths.
// It does not name them, so that it stays small however many they are.
struct CloseSessionTxn {
  bool operator==(const CloseSessionTxn&) const = default;
};

// Changes nothing: gives a failed request its place among the txns.
struct ErrorTxn {
  ErrorCode code = ErrorCode::kSystemError;
  std::string path;     // where it was met, as asked for; "": nowhere
  std::string message;  // for people
  // Of a multi, one for each op; see Prepared::op_errors.
  std::vector<ErrorCode> op_errors;
  bool operator==(const ErrorTxn&) const = default;
};

using TxnBody =
    std::variant<CreateTxn, DeleteTxn, DeleteContainerTxn, DeleteRecursiveTxn,
                 SetDataTxn, SetAclTxn, CheckTxn, MultiTxn, CreateSessionTxn,
                 CloseSessionTxn, ErrorTxn>;

struct Txn {
  SessionId session;  // who asked; none: the ensemble, or without a session
  int64_t request_id = 0;     // see Request
  int64_t acked_through = 0;  // see Request
  int64_t time_ms = 0;        // since the epoch, by the leader's clock
  TxnBody body;
  bool operator==(const Txn&) const = default;
};

// False for an acked_through that no request with this id can have.
inline bool IsValidAck(int64_t request_id, int64_t acked_through) {
  return acked_through == 0 ||
         (acked_through > 0 && acked_through < request_id);
}

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_TXN_H_
