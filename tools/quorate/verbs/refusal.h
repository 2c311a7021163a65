// Refusals: what a member has answered, for people, for programs, as an error.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_REFUSAL_H_
#define QUORATE_TOOLS_QUORATE_VERBS_REFUSAL_H_

#include <string>

#include "absl/status/status.h"
#include "proto/coord/v1/error.pb.h"
#include "tools/quorate/text.h"

namespace quorate::tools {

// As an error, with rule, numbers and retry.
absl::Status StatusOfRefusal(const coord::v1::ErrorDetail& refusal);

// "rule 13 (observed stability)"; the kind if no rule refused.
std::string NameOfRefusal(const coord::v1::ErrorDetail& refusal);

// Kind, message, rule, rule_name, numbers, retry_after_ms, as an error has them
// (README.md).
Json RefusalJson(const coord::v1::ErrorDetail& refusal);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_REFUSAL_H_
