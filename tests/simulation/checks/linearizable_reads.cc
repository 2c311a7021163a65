#include "tests/simulation/checks/linearizable_reads.h"

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/zxid.h"

namespace quorate::simulation {

void LinearizableReads::OnRead(const MemberView& member, consensus::Zxid began,
                               consensus::Zxid answered) {
  if (answered >= began) return;
  Report(absl::StrCat(ToString(member.core->key()), " answers a read from ",
                      ToString(answered), "; ", ToString(began),
                      " had been acknowledged when it began"));
}

}  // namespace quorate::simulation
