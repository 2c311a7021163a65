#include "coord/server/http_server.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/server/host_port.h"
#include "gtest/gtest.h"
#include "httplib.h"

namespace quorate::server {
namespace {

absl::StatusOr<std::unique_ptr<HttpServer>> StartOn(int port) {
  HttpServer::Handlers handlers;
  handlers["/good"] = [] { return HttpAnswer{200, "yes\n"}; };
  handlers["/bad"] = [] { return HttpAnswer{503, "because\n"}; };
  return HttpServer::Start(HostPort{"127.0.0.1", static_cast<uint16_t>(port)},
                           std::move(handlers));
}

TEST(HttpServerTest, AnswersWhatItHas) {
  const auto server = StartOn(0);
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", (*server)->port());
  const auto good = client.Get("/good");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->status, 200);
  EXPECT_EQ(good->body, "yes\n");
  const auto bad = client.Get("/bad");
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->status, 503);
  EXPECT_EQ(bad->body, "because\n");
  const auto none = client.Get("/none");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->status, 404);
}

TEST(HttpServerTest, APortIsForOne) {
  const auto first = StartOn(0);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = StartOn((*first)->port());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(std::string(second.status().message())
                .find(std::to_string((*first)->port())),
            std::string::npos)
      << second.status();
}

}  // namespace
}  // namespace quorate::server
