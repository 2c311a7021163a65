// TxnResult: what the asker of a txn is told. RememberedResult: the same, kept
// with the session until the client has it.

#ifndef QUORATE_COORD_TREE_TXN_RESULT_H_
#define QUORATE_COORD_TREE_TXN_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/tree/error.h"
#include "coord/tree/stat.h"

namespace quorate::tree {

class WireReader;
class WireWriter;

// Of one txn, or of one op of a multi.
struct TxnResult {
  ErrorCode error = ErrorCode::kOk;  // another only for an ErrorTxn
  std::string message;               // of an error, for people
  // "" for sessions and multis; of an error, where it was met, if anywhere.
  std::string path;
  std::optional<Stat> stat;  // after creates, set data, set ACL
  // Of a multi, one for each op, in order; if it failed, with the errors alone.
  std::vector<TxnResult> multi;

  bool operator==(const TxnResult&) const = default;
};

struct RememberedResult {
  Zxid zxid;  // of the txn
  TxnResult result;
  // By SessionTable: what it adds to the digest, and its size in snapshots.
  uint64_t hash = 0;
  uint32_t size_bytes = 0;

  bool operator==(const RememberedResult&) const = default;
};

// The result's error as Error() would have made it; OK if there is none.
absl::Status StatusOf(const TxnResult& result);

// The bytes of a result in snapshots and digests; see snapshot.h.
void WriteResult(const RememberedResult& remembered, WireWriter& writer);
// Fails the reader on what no txn can answer.
RememberedResult ReadResult(WireReader& reader);

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_TXN_RESULT_H_
