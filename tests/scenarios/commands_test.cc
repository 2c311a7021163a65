#include "tests/scenarios/commands.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quorate::scenarios {
namespace {

using testing::HasSubstr;

TEST(Commands, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const Command& command : AllCommands()) {
    EXPECT_TRUE(names.insert(std::string(command.name)).second) << command.name;
  }
}

TEST(Commands, AreAllInTheReadme) {
  std::ifstream file("tests/scenarios/README.md");
  std::stringstream readme;
  readme << file.rdbuf();
  for (const Command& command : AllCommands()) {
    EXPECT_THAT(readme.str(), HasSubstr("`" + std::string(command.name)));
  }
}

}  // namespace
}  // namespace quorate::scenarios
