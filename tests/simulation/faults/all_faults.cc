#include <memory>
#include <vector>

#include "tests/simulation/faults/faults.h"
#include "tests/simulation/scene.h"

namespace quorate::simulation {

std::vector<std::unique_ptr<Actor>> MakeAllFaults(Scene& scene) {
  std::vector<std::unique_ptr<Actor>> faults;
  faults.push_back(MakeNetworkFaults(scene));
  faults.push_back(MakeProcessFaults(scene));
  faults.push_back(MakeClockFaults(scene));
  faults.push_back(MakeDiskFaults(scene));
  faults.push_back(MakeLostDisks(scene));
  faults.push_back(MakeWrongOptions(scene));
  faults.push_back(MakeForeignMembers(scene));
  faults.push_back(MakeJoiners(scene));
  faults.push_back(MakeOperator(scene));
  // In the same turn, before anybody has heard of the change.
  faults.push_back(MakeJointFaults(scene));
  faults.push_back(MakeSupervisor(scene));
  return faults;
}

}  // namespace quorate::simulation
