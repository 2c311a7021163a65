#include "coord/server/host_port.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace quorate::server {
namespace {

TEST(HostPortTest, ReadsNamesAndAddresses) {
  const struct {
    const char* text;
    const char* host;
    int port;
    bool wildcard;
  } kCases[] = {
      {"localhost:7400", "localhost", 7400, false},
      {"member-1.example.org:1", "member-1.example.org", 1, false},
      {"10.0.0.1:65535", "10.0.0.1", 65535, false},
      {"0.0.0.0:7400", "0.0.0.0", 7400, true},
      {"[::]:7400", "::", 7400, true},
      {"[::1]:0", "::1", 0, false},
      {"[fe80::1%eth0]:7", "fe80::1%eth0", 7, false},
  };
  for (const auto& test : kCases) {
    const absl::StatusOr<HostPort> read = ParseHostPort(test.text);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->host, test.host);
    EXPECT_EQ(read->port, test.port);
    EXPECT_EQ(read->IsWildcard(), test.wildcard);
    EXPECT_EQ(read->ToString(), test.text);
  }
}

TEST(HostPortTest, RefusesEverythingElse) {
  const std::string kBad[] = {"",
                              "7400",
                              ":7400",
                              "host",
                              "host:",
                              "host:65536",
                              "host:-1",
                              "host:+1",
                              "host: 1",
                              "ho st:1",
                              "::1:7400",
                              "[::1]",
                              "[::1:7400",
                              "[]:7400",
                              "host:1x",
                              "host:1 ",
                              "host:1\n",
                              "a/b:1",
                              "[::1]x:7400",
                              "a,b=c:7400",
                              "host:99999999999",
                              std::string(300, 'a') + ":1"};
  for (const std::string& text : kBad) {
    const absl::StatusOr<HostPort> read = ParseHostPort(text);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace quorate::server
