#include "tests/scenarios/commands.h"

#include <vector>

namespace quorate::scenarios {

std::vector<Command> AllCommands() {
  std::vector<Command> all;
  for (const auto& group :
       {MemberCommands(), DiskCommands(), NetworkCommands(), ForgeCommands(),
        RequestCommands(), ChangeCommands(), TimeCommands(), ViewCommands(),
        ExpectCommands(), ClientCommands()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace quorate::scenarios
