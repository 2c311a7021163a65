// Membership changes as the verbs below `member` make them: asked for, tried
// again where a rule says when, followed until they are done.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_MEMBERSHIP_CHANGE_H_
#define QUORATE_TOOLS_QUORATE_VERBS_MEMBERSHIP_CHANGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "proto/coord/v1/error.pb.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

struct ChangeOptions {
  std::vector<std::string> add;      // addresses of newcomers
  std::vector<std::string> promote;  // ids
  std::vector<std::string> remove;   // ids
  int64_t version = 0;               // 0: whichever is in force
  bool dry_run = false;
  bool no_wait = false;
  absl::Duration wait = absl::Seconds(30);
  std::optional<absl::Duration> retry_for;
};

// Declares --version, --no-wait, --wait and --retry-for.
void AddChangeOptions(Verb& verb, ChangeOptions& options);

// Makes the change, or with dry_run asks whether it would be made, and prints
// what came of it. Usage: nothing to do, or a word is no id. A refusal is an
// error that carries the rule. Timeout: it was accepted and is not done yet.
absl::Status ChangeMembership(Context& context, const ChangeOptions& options);

// A refusal as an error.
absl::Status StatusOfRefusal(const coord::v1::ErrorDetail& refusal);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_MEMBERSHIP_CHANGE_H_
