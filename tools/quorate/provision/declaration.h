// Declaration: the ensemble that an operator wants, as a JSON file tells it.
//
//   {"format": 1,
//    "ensemble_id": "3f0c...",
//    "members": [
//      {"id": 1, "address": "127.0.0.1:7401", "role": "voter"},
//      {"address": "127.0.0.1:7404", "role": "learner"}]}
//
// "ensemble_id" may be left out: any ensemble will do. So may an "id", if
// whoever belongs to the ensemble or runs at the address tells it.

#ifndef QUORATE_TOOLS_QUORATE_PROVISION_DECLARATION_H_
#define QUORATE_TOOLS_QUORATE_PROVISION_DECLARATION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace quorate::tools {

struct DeclaredMember {
  uint64_t id = 0;      // 0: not told
  std::string address;  // "host:port", as the member itself advertises it
  bool voter = true;    // else a learner

  bool operator==(const DeclaredMember&) const = default;
};

struct Declaration {
  std::string ensemble_id = {};  // 16 bytes; empty: any
  std::vector<DeclaredMember> members = {};

  size_t VoterCount() const;
  bool operator==(const Declaration&) const = default;
};

// Usage: what is wrong, and where in `source`, which is for the message. A
// declaration that is returned has at least one voter, no more members than any
// ensemble can have, and no id or address twice.
absl::StatusOr<Declaration> ParseDeclaration(absl::string_view text,
                                             absl::string_view source);

// A text that ParseDeclaration() takes, a member a line.
std::string FormatDeclaration(const Declaration& declaration);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PROVISION_DECLARATION_H_
