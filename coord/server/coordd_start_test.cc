// Whatever keeps coordd from starting is said in one line, with the exit code
// that `coordd --help` promises. The first argument is where coordd is.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/server/coordd_process.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

std::string program;  // where coordd is

using Flags = std::vector<std::string>;

// A single member on a free port.
Flags Single(const std::string& directory, int port, int id = 1) {
  const std::string address = absl::StrCat("127.0.0.1:", port);
  return {"--dir",
          directory,
          "--id",
          absl::StrCat(id),
          "--listen",
          address,
          "--founders",
          absl::StrCat(id, "=", address),
          "--metrics",
          "127.0.0.1:0",
          "--segment-bytes",
          "4194304"};
}

Flags With(Flags flags, const Flags& more) {
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

// Runs coordd to its end and expects this.
void ExpectEnd(const Flags& flags, int code, const std::string& said) {
  CoorddProcess coordd(program, flags);
  EXPECT_EQ(coordd.Wait(), code) << coordd.Stderr();
  EXPECT_TRUE(absl::StartsWith(coordd.LastLine(), "coordd: "))
      << coordd.Stderr();
  EXPECT_TRUE(absl::StrContains(coordd.LastLine(), said)) << coordd.Stderr();
}

TEST(CoorddStartTest, HelpAndVersionGoToStdout) {
  for (const char* flag : {"--help", "--version"}) {
    CoorddProcess coordd(program, {flag});
    EXPECT_EQ(coordd.Wait(), 0);
    EXPECT_TRUE(absl::StartsWith(coordd.Stdout(), "coordd"));
    EXPECT_EQ(coordd.Stderr(), "");
  }
}

TEST(CoorddStartTest, BadFlags) {
  ExpectEnd({}, 2, "--dir");
  ExpectEnd({"--dir=d", "--frobnicate"}, 2, "--frobnicate");
  ExpectEnd({"--dir=d", "--listen=nowhere"}, 2, "--listen");
}

TEST(CoorddStartTest, DirectoriesThatAreNone) {
  const std::string base = FreshDirectory();
  const int port = FreePort();
  ExpectEnd(Single(base + "/not/there", port), 3, "parent");
  std::ofstream(base + "/file") << "text";
  ExpectEnd(Single(base + "/file", port), 3, base + "/file");
  // A directory that is somebody else's is not touched.
  const std::string other = FreshDirectory();
  std::ofstream(other + "/thesis.tex") << "text";
  ExpectEnd(Single(other, port), 3, "thesis.tex");
}

TEST(CoorddStartTest, AnUnwritableDirectory) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const std::string base = FreshDirectory();
  ASSERT_EQ(chmod(base.c_str(), 0500), 0);
  ExpectEnd(Single(base + "/d", FreePort()), 3, "Permission denied");
}

TEST(CoorddStartTest, AnUnusedDirectoryNeedsItsOrders) {
  const std::string directory = FreshDirectory();
  ExpectEnd({"--dir", directory}, 3, "--id");
  ExpectEnd({"--dir", directory, "--id=1"}, 3, "--founders");
  EXPECT_FALSE(std::filesystem::exists(directory + "/state"));
}

class CoorddUsedTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = FreshDirectory();
    port_ = FreePort();
    first_ =
        std::make_unique<CoorddProcess>(program, Single(directory_, port_));
    ASSERT_TRUE(first_->WaitFor("msg=\"serving\"")) << first_->Stderr();
  }
  void End() {
    first_->Kill(SIGTERM);
    EXPECT_EQ(first_->Wait(), 0) << first_->Stderr();
  }

  std::string directory_;
  int port_ = 0;
  std::unique_ptr<CoorddProcess> first_;
};

TEST_F(CoorddUsedTest, ALockedDirectory) {
  ExpectEnd(Single(directory_, FreePort()), 3, "other process");
  End();
}

TEST_F(CoorddUsedTest, APortThatIsTaken) {
  ExpectEnd(Single(FreshDirectory(), port_), 4, absl::StrCat(port_));
  End();
}

TEST_F(CoorddUsedTest, AMetricsPortThatIsTaken) {
  ExpectEnd(With(Single(FreshDirectory(), FreePort()),
                 {absl::StrCat("--metrics=127.0.0.1:", port_)}),
            2, "--metrics");  // given twice
  Flags flags = Single(FreshDirectory(), FreePort());
  flags[9] = absl::StrCat("127.0.0.1:", port_);
  ExpectEnd(flags, 4, absl::StrCat(port_));
  End();
}

TEST_F(CoorddUsedTest, AnotherMembersDirectory) {
  End();
  ExpectEnd(Single(directory_, port_, 2), 3, "member 1");
}

TEST_F(CoorddUsedTest, AnotherManifest) {
  End();
  Flags flags = Single(directory_, port_);
  flags[7] = absl::StrCat(flags[7], ",2=127.0.0.1:1");
  ExpectEnd(flags, 3, "manifest");
}

TEST_F(CoorddUsedTest, ACopiedDirectory) {
  End();
  const std::string copy = FreshDirectory() + "/copy";
  std::filesystem::copy(directory_, copy);
  ExpectEnd(Single(copy, port_), 3, "copied");
}

TEST_F(CoorddUsedTest, ADamagedDirectory) {
  End();
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    if (!absl::StartsWith(entry.path().filename().string(), "log-")) continue;
    std::fstream file(entry.path(),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(700);  // within the first frame
    file.put('\x5a');
    file.put('\xa5');
  }
  ExpectEnd(Single(directory_, port_), 3, "log-");
}

}  // namespace
}  // namespace quorate::server

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  QUORATE_CHECK(argc == 2);
  quorate::server::program = argv[1];
  return RUN_ALL_TESTS();
}
