// Whom the verbs of the broker ask.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_BROKER_BROKER_CONTACT_H_
#define QUORATE_TOOLS_QUORATE_VERBS_BROKER_BROKER_CONTACT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "broker/client/admin.h"
#include "broker/client/client_options.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/context.h"

namespace quorate::tools {

// What --brokers was given; may be repeated, and each may hold many.
using BrokerLists = std::shared_ptr<std::vector<std::string>>;

// Adds --brokers to a verb.
BrokerLists AddBrokersOption(Verb& verb);

// From --brokers, --dir, QUORATE_BROKERS or QUORATE_DIR, the first that is
// given. Usage: none is, or one is malformed. Local: a directory that holds no
// cluster, or one without brokers.
absl::StatusOr<std::vector<std::string>> BrokerEndpoints(
    const Context& context, const std::vector<std::string>& lists);

// With these endpoints, the ensemble of --pin-file if there is one, and
// --timeout for each call. Errors as above, and Local.
absl::StatusOr<broker::ClientOptions> BrokerClientOptions(
    const Context& context, const std::vector<std::string>& lists);

absl::StatusOr<std::unique_ptr<broker::Admin>> BrokerAdmin(
    const Context& context, const std::vector<std::string>& lists);

// What the controller says, whom some broker names; if that one does not
// answer, what that broker says.
absl::StatusOr<broker::MetadataView> NewestView(
    Context& context, const std::vector<std::string>& lists);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_BROKER_BROKER_CONTACT_H_
