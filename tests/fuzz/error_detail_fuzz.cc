// Errors on the wire: the details that a call's trailers carry, as members and
// as clients read them.
//
//   input = code:u8 bytes of an RpcStatus

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/client/error.h"
#include "coord/client/error_detail.h"
#include "coord/consensus/rule.h"
#include "coord/replica/error.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/error_codec.h"
#include "coord/tree/error.h"
#include "google/protobuf/any.pb.h"
#include "proto/coord/v1/error.pb.h"
#include "proto/coord/v1/rpc_status.pb.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using coord::v1::ErrorDetail;
using coord::v1::RpcStatus;

void CheckClient(uint8_t code, absl::string_view bytes) {
  const absl::Status status = client::StatusOfCall(code, "plain", bytes);
  QUORATE_CHECK(status.ok() == (code == 0));
  if (status.ok()) return;
  const auto expected = code <= 16 ? static_cast<absl::StatusCode>(code)
                                   : absl::StatusCode::kUnknown;
  QUORATE_CHECK(status.code() == expected);
  const std::optional<client::ErrorInfo> info = client::ErrorInfoOf(status);
  if (!info) return;
  QUORATE_CHECK(client::IsError(status, info->kind));
  QUORATE_CHECK(info->numbers.size() <= bytes.size());
}

// A member that passes an error on says the same again, and no more.
void CheckMember(const ErrorDetail& detail) {
  const absl::Status status = rpc::FromErrorDetail(detail);
  QUORATE_CHECK(!status.ok());
  const ErrorDetail once = rpc::ToErrorDetail(status);
  QUORATE_CHECK(!once.kind().empty() && once.code() > 0 && once.code() <= 16);
  QUORATE_CHECK(once.message().size() <= rpc::kMaxErrorMessageBytes);
  QUORATE_CHECK(once.path().size() <= rpc::kMaxErrorPathBytes);
  QUORATE_CHECK(once.numbers_size() <= rpc::kMaxErrorNumbers);
  std::string bytes;
  QUORATE_CHECK(once.SerializeToString(&bytes));
  QUORATE_CHECK(ErrorDetail().ParseFromString(bytes));
  const ErrorDetail twice = rpc::ToErrorDetail(rpc::FromErrorDetail(once));
  QUORATE_CHECK(twice.SerializeAsString() == bytes);
}

std::string Wire(const absl::Status& status) {
  RpcStatus proto;
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(std::string(status.message()));
  proto.add_details()->PackFrom(rpc::ToErrorDetail(status));
  return static_cast<char>(status.code()) + proto.SerializeAsString();
}

}  // namespace

std::vector<std::string> Seeds() {
  consensus::Refusal refusal;
  refusal.rule = consensus::Rule::kClientsRemember;
  refusal.reason = "older";
  refusal.numbers = {{"lag_bytes", 7}, {"lag_records", -1}};
  refusal.retry_after_ms = 100;
  return {Wire(replica::RefusalError(refusal)),
          Wire(replica::Error(replica::ErrorKind::kNotServing, "no leader")),
          Wire(tree::Error(tree::ErrorCode::kNoNode, "/a")),
          Wire(rpc::NotLeaderError("10.0.0.1:7400")),
          Wire(rpc::MalformedError("what")),
          Wire(rpc::IncompatibleError("API", 1, 2)),
          Wire(absl::UnavailableError("plain"))};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  const uint8_t code = choices.Byte();
  fuzz::CheckClient(code, choices.rest());
  coord::v1::RpcStatus proto;
  if (!proto.ParseFromArray(choices.rest().data(),
                            static_cast<int>(choices.rest().size()))) {
    return 0;
  }
  for (const google::protobuf::Any& any : proto.details()) {
    coord::v1::ErrorDetail detail;
    if (detail.ParseFromString(any.value())) fuzz::CheckMember(detail);
  }
  return 0;
}
