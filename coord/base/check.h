// QUORATE_CHECK: stops the process when an internal invariant is broken. It is
// on in every build: a crash is a liveness bug, going on could lose data.
// For bad input from outside return a Status instead.
//
// A test may install a handler that records or throws in place of the abort;
// the mutation runs do, because a tripped check counts as a mutation caught.

#ifndef QUORATE_COORD_BASE_CHECK_H_
#define QUORATE_COORD_BASE_CHECK_H_

namespace quorate {

using CheckFailureHandler = void (*)(const char* condition, const char* file,
                                     int line);

// Replaces the handler; nullptr brings the default (print and abort) back.
// If the handler returns, the process is aborted. Call before threads start.
void SetCheckFailureHandler(CheckFailureHandler handler);

[[noreturn]] void CheckFailed(const char* condition, const char* file,
                              int line);

}  // namespace quorate

#define QUORATE_CHECK(condition) \
  (static_cast<bool>(condition)  \
       ? static_cast<void>(0)    \
       : ::quorate::CheckFailed(#condition, __FILE__, __LINE__))

#endif  // QUORATE_COORD_BASE_CHECK_H_
