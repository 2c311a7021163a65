// What clients send: the first frame of a session, requests, calls.
//
//   input = which:u8 bytes      0: ClientFrame  1: CallRequest

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/replica/client_message.h"
#include "coord/rpc/codec/client_codec.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/identity.h"
#include "coord/rpc/codec/request_codec.h"
#include "coord/tree/acl.h"
#include "coord/tree/request.h"
#include "google/protobuf/text_format.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/peer.pb.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

namespace v1 = coord::v1;

void CheckError(const absl::Status& status) {
  const std::string kind = rpc::TransportErrorOf(status).kind;
  QUORATE_CHECK(!kind.empty() || absl::IsInvalidArgument(status));
  QUORATE_CHECK(status.message().size() < 4096);
}

// A follower forwards it to the leader, who must understand the same.
void CheckForwarded(const tree::RequestBody& body) {
  v1::ForwardedRequest forwarded;
  QUORATE_CHECK(rpc::PutRequestBody(body, forwarded).ok());
  const std::string bytes = forwarded.SerializeAsString();
  v1::ForwardedRequest arrived;
  QUORATE_CHECK(arrived.ParseFromString(bytes));
  const absl::StatusOr<tree::RequestBody> taken = rpc::TakeRequestBody(arrived);
  QUORATE_CHECK(taken.ok() && taken->index() == body.index());
  v1::ForwardedRequest again;
  QUORATE_CHECK(rpc::PutRequestBody(*taken, again).ok());
  QUORATE_CHECK(again.SerializeAsString() == bytes);
}

void CheckRequest(const replica::ClientRequest& request) {
  const auto* write = std::get_if<replica::WriteRequest>(&request.body);
  if (write == nullptr) return;
  QUORATE_CHECK(write->request_id >= 0 && write->acked_through >= 0);
  CheckForwarded(write->body);
}

void CheckFrame(v1::ClientFrame& frame) {
  const tree::Identity address{.scheme = "ip", .id = "10.0.0.7"};
  if (frame.has_hello()) {
    const absl::StatusOr<replica::Hello> hello =
        rpc::TakeHello(*frame.mutable_hello(), address);
    if (!hello.ok()) CheckError(hello.status());
    if (hello.ok()) {
      QUORATE_CHECK(hello->password.size() == replica::kPasswordBytes);
      QUORATE_CHECK(hello->timeout_ms >= 0 && hello->session.value >= 0);
      QUORATE_CHECK(hello->identities.size() <= rpc::kMaxCredentials + 1);
    }
  }
  for (v1::Request& proto : *frame.mutable_requests()) {
    const int64_t tag = proto.tag();
    const absl::StatusOr<replica::ClientRequest> request =
        rpc::TakeRequest(proto);
    if (!request.ok()) {
      CheckError(request.status());
      continue;
    }
    QUORATE_CHECK(request->tag == tag);
    CheckRequest(*request);
  }
}

void CheckCall(v1::CallRequest& proto) {
  const absl::StatusOr<rpc::Call> call = rpc::TakeCall(proto, std::nullopt);
  if (!call.ok()) return CheckError(call.status());
  QUORATE_CHECK(call->identities.size() <= rpc::kMaxCredentials);
  CheckRequest(call->request);
}

template <typename Proto>
std::string Wire(const std::string& text) {
  Proto proto;
  QUORATE_CHECK(google::protobuf::TextFormat::ParseFromString(text, &proto));
  return proto.SerializeAsString();
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  const std::string hello =
      "api_version: 1 password: '0123456789abcdef' timeout_ms: 3000 "
      "credentials { scheme: 'digest' secret: 'a:b' } pin { ensemble_id: "
      "'0123456789abcdef' highest_zxid: 9 } ";
  seeds.push_back('\0' +
                  Wire<v1::ClientFrame>(absl::StrCat("hello {", hello, "}")));
  for (const char* text :
       {"create { path: '/a' data: 'x' mode: 1 ttl_ms: 5 acl { entries { "
        "permissions: 31 scheme: 'world' id: 'anyone' } } }",
        "delete { path: '/a' version: 3 }", "delete_recursive { path: '/a' }",
        "set_data { path: '/a' data: 'y' version: -1 }",
        "set_acl { path: '/a' acl { entries { scheme: 'auth' } } }",
        "check { path: '/a' version: 0 }", "close_session {}",
        "multi { ops { create { path: '/a' } } ops { check { path: '/b' } } "
        "ops { set_data { path: '/a' } } ops { delete { path: '/a' } } }"}) {
    seeds.push_back('\0' + Wire<v1::ClientFrame>(absl::StrCat(
                               "requests { tag: 7 write { request_id: 2 "
                               "acked_through: 1 ",
                               text, " } }")));
    seeds.push_back('\1' +
                    Wire<v1::CallRequest>(absl::StrCat(
                        "api_version: 1 request { write { ", text, " } }")));
  }
  for (const char* text :
       {"read { local: true get_data { path: '/a' watch: true } }",
        "read { exists { path: '/a' } }", "read { sync {} }", "ping {}",
        "read { multi_read { ops { get_data { path: '/a' } } ops { "
        "get_children { path: '/' } } } }",
        "read { get_ephemerals { prefix: '/' } }",
        "add_watch { path: '/a' kind: 8 resume_after: 5 }",
        "remove_watch { path: '/a' }",
        "add_credential { scheme: 'digest' secret: 'a:b' }"}) {
    seeds.push_back(
        '\0' + Wire<v1::ClientFrame>(absl::StrCat("requests { ", text, " }")));
    seeds.push_back('\1' + Wire<v1::CallRequest>(absl::StrCat(
                               "api_version: 1 request { ", text, " }")));
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  const bool is_call = choices.Byte() % 2 == 1;
  const absl::string_view bytes = choices.rest();
  const auto length = static_cast<int>(bytes.size());
  if (is_call) {
    coord::v1::CallRequest call;
    if (call.ParseFromArray(bytes.data(), length)) fuzz::CheckCall(call);
  } else {
    coord::v1::ClientFrame frame;
    if (frame.ParseFromArray(bytes.data(), length)) fuzz::CheckFrame(frame);
  }
  return 0;
}
