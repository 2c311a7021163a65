// StopAdvice: what an operator does about a member that does not start, or has
// stopped for good, with commands as they are typed. Pure functions.

#ifndef QUORATE_COORD_SERVER_STOP_ADVICE_H_
#define QUORATE_COORD_SERVER_STOP_ADVICE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "coord/server/settings.h"

namespace quorate::server {

// What the commands name.
struct AdviceFacts {
  MemberId member;
  std::string directory;
  std::string listen_address;
  std::vector<std::string> peers;  // addresses of others; may be empty
};

// The facts of a member that is started with these settings, when `members` are
// the addresses in its configuration.
AdviceFacts FactsForAdvice(const Settings& settings, MemberId member,
                           const std::vector<std::string>& members);

// "" if `why` is no refusal by a rule for which a command helps.
std::string StopAdvice(const absl::Status& why, const AdviceFacts& facts);

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_STOP_ADVICE_H_
