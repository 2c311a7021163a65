// TargetMembers: a declaration, as it is to be understood beside the running
// ensemble: which declared member is which.
//
// Pure: what newcomers answered is handed in.

#ifndef QUORATE_TOOLS_QUORATE_PROVISION_TARGET_H_
#define QUORATE_TOOLS_QUORATE_PROVISION_TARGET_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coord/base/ids.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/view.h"

namespace quorate::tools {

struct TargetMember {
  MemberId id;              // none: a newcomer that has not told it yet
  Incarnation incarnation;  // of a newcomer that can be added; else none
  std::string address;
  bool voter = true;
  // Why a newcomer cannot be added at present; empty: it can, or it belongs.
  std::string trouble;
};
using TargetMembers = std::vector<TargetMember>;

// By address, what a member said of itself when it was asked.
using Answers =
    std::map<std::string, absl::StatusOr<coord::v1::StatusResponse>>;

// Addresses of declared members that do not belong to the ensemble: whom to
// ask.
std::vector<std::string> NewcomersOf(const Declaration& declaration,
                                     const EnsembleView& view);

// An error, with the rule if it is one of the membership's: the ensemble can
// never become this one, and why.
absl::StatusOr<TargetMembers> Resolve(const Declaration& declaration,
                                      const EnsembleView& view,
                                      const Answers& answers);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PROVISION_TARGET_H_
