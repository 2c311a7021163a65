// Membership changes as the verbs below `member` make them: asked for, tried
// again where a rule says when, followed until they are done.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_MEMBERSHIP_CHANGE_H_
#define QUORATE_TOOLS_QUORATE_VERBS_MEMBERSHIP_CHANGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

struct ChangeOptions {
  std::vector<std::string> add;      // addresses of newcomers
  std::vector<std::string> promote;  // ids
  std::vector<std::string> remove;   // ids
  int64_t expected_version = 0;      // 0: whichever is in force
  std::string change_id;             // hexadecimal; empty: drawn at random
  bool dry_run = false;
  bool no_wait = false;
  absl::Duration wait = absl::Seconds(30);
  std::optional<absl::Duration> retry_for;
};

// Declares --expect-version, --change-id, --no-wait, --wait and --retry-for.
void AddChangeOptions(Verb& verb, ChangeOptions& options);

// Usage: the word is no id of a member; or no id of a change, which is 1 to 16
// hexadecimal digits and not 0.
absl::StatusOr<uint64_t> ParseMemberId(const std::string& word);
absl::StatusOr<uint64_t> ParseChangeId(const std::string& word);
std::string FormatChangeId(uint64_t change_id);

// Who runs at `address`: asked there, as an incarnation cannot be guessed.
absl::StatusOr<coord::v1::NewMember> AskNewcomer(client::AdminClient& admin,
                                                 const std::string& address);

// Sends the request, under the id and for the version that `options` give, as
// often as they say, and waits until it is done; of `options` add, promote and
// remove are not looked at. A refusal is an error that carries the rule.
// Timeout: it was accepted and is not done yet. TakenBack: it was accepted by a
// leader that lost its reign with it. What fails after the request was sent
// carries the change id.
absl::StatusOr<coord::v1::ChangeMembershipResponse> CarryOut(
    Context& context, coord::v1::ChangeMembershipRequest request,
    const ChangeOptions& options);

// Tells what came of it: done; accepted, with no_wait; or ACCEPTED, for a plan.
void PrintChange(const Console& console,
                 const coord::v1::ChangeMembershipRequest& request,
                 const coord::v1::ChangeMembershipResponse& response,
                 bool no_wait);

// As `options` say; else drawn at random.
absl::StatusOr<uint64_t> ChangeIdFor(const ChangeOptions& options);

// All of that, or with dry_run asks whether it would be made. Usage: nothing to
// do, or a word is no id.
absl::Status ChangeMembership(Context& context, const ChangeOptions& options);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_MEMBERSHIP_CHANGE_H_
