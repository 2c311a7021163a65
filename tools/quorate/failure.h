// Failures: from a Status to what a user reads, and to the exit code.
//
// Errors that a member has answered are those of coord/client/error.h; the
// tool's own are made here, with a kind of their own in the same ErrorInfo.

#ifndef QUORATE_TOOLS_QUORATE_FAILURE_H_
#define QUORATE_TOOLS_QUORATE_FAILURE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/quorate/console.h"
#include "tools/quorate/exit_code.h"

namespace quorate::tools {

// kUsage. The message says what was expected and what was found.
absl::Status UsageError(absl::string_view message);

// kLocal. The message says what failed, where and why.
absl::Status LocalError(absl::string_view message);
// The same for a call to the system that left `error_number`.
absl::Status SystemError(absl::string_view what, int error_number);

// kUnreachable.
absl::Status TimeoutError(absl::string_view message);

// kRefused, with the kind "Pinned".
absl::Status PinnedError(absl::string_view message);

// kNotObserved. The message names the claims of a drill that were not met.
absl::Status NotObservedError(absl::string_view message);

// An error that was printed already; only its exit code is of use.
absl::Status AlreadyTold(const absl::Status& status);

// The same error, of a change of membership that was sent under this id: where
// it stands can be asked, and it can be sent again without harm.
absl::Status WithChangeId(const absl::Status& status, uint64_t change_id);

// "in 7.2 s": rounded up, so that it is not too early.
std::string FormatRetry(int64_t retry_after_ms);

ExitCode ExitCodeOf(const absl::Status& status);

// "NoNode"; never empty.
std::string KindOf(const absl::Status& status);

// What to do about it; empty: the message says it, or nothing is known.
std::string HintFor(const absl::Status& status);

// Prints kind, message and what to do, or the same as JSON. Nothing for OK and
// AlreadyTold().
void PrintFailure(const Console& console, const absl::Status& status);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_FAILURE_H_
