// cluster apply and cluster export: an ensemble as a file declares it, and the
// file that declares an ensemble.

#ifndef QUORATE_TOOLS_QUORATE_PROVISION_APPLY_H_
#define QUORATE_TOOLS_QUORATE_PROVISION_APPLY_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/provisioner.h"

namespace quorate::tools {

struct ApplyOptions {
  std::string file;  // "-": standard input
  bool dry_run = false;
  ProvisionOptions provision;
};

// Returns once the ensemble is as declared, or with the reason why not. With
// dry_run prints the steps; an error if they do not lead there.
absl::Status RunApply(Context& context, const ApplyOptions& options);

// The same for a declaration that is known already.
absl::Status ApplyDeclaration(Context& context, const Declaration& declaration,
                              const ProvisionOptions& options);

absl::Status RunExport(Context& context);

// A remark if one voter fewer would survive as many failures.
void RemarkIfEven(const Console& console, size_t voters);

// The ensemble as the leader's answer has it, once a change that is under way
// is done.
Declaration DeclarationOf(const coord::v1::MembersResponse& members);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PROVISION_APPLY_H_
