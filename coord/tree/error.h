// Errors: ZooKeeper's codes, carried by an absl::Status.
//
// Every failure that a client can meet in the tree is a Status whose code is
// canonical and whose payload holds ZooKeeper's code, so that a front end of
// either kind can answer in its own terms.

#ifndef QUORATE_COORD_TREE_ERROR_H_
#define QUORATE_COORD_TREE_ERROR_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quorate::tree {

// Numbers and names as in ZooKeeper; only those that the tree can answer.
enum class ErrorCode : int32_t {
  kOk = 0,
  kSystemError = -1,
  kRuntimeInconsistency = -2,
  kDataInconsistency = -3,
  kMarshallingError = -5,
  kUnimplemented = -6,
  kBadArguments = -8,
  kNoNode = -101,
  kNoAuth = -102,
  kBadVersion = -103,
  kNoChildrenForEphemerals = -108,
  kNodeExists = -110,
  kNotEmpty = -111,
  kSessionExpired = -112,
  kInvalidAcl = -114,
  kSessionMoved = -118,
  kNoWatcher = -121,
  kQuotaExceeded = -125,
};

// "NoNode"; "Unknown" for a number that is none of the above.
absl::string_view ErrorName(ErrorCode code);

// True for the numbers of the enumeration.
bool IsErrorCode(int32_t number);

// The failure `code` at `path`, with what was expected, what was found or what
// to do in `detail` (may be empty). REQUIRES: code != kOk.
absl::Status Error(ErrorCode code, absl::string_view path,
                   absl::string_view detail = "");

// The same with a message word for word, such as one that Error() has made and
// that has come out of a log. REQUIRES: IsErrorCode of `code`, not kOk.
absl::Status ErrorWithMessage(ErrorCode code, absl::string_view path,
                              absl::string_view message);

// The code that Error() was given; kOk for an OK status; kSystemError for a
// status that Error() did not make.
ErrorCode ErrorCodeOf(const absl::Status& status);

// The path that Error() was given; "" if none.
std::string ErrorPathOf(const absl::Status& status);

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_ERROR_H_
