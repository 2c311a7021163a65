// What clients are told: replies, read by the client library for a write or a
// read of each kind.
//
//   input = kind:u8 bytes of a Reply

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/client/codec.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "google/protobuf/text_format.h"
#include "proto/coord/v1/coord.pb.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

namespace v1 = coord::v1;

std::vector<client::Write> Writes() {
  return {client::Create{.path = "/a"},
          client::Delete{.path = "/a"},
          client::DeleteRecursive{.path = "/a"},
          client::SetData{.path = "/a", .data = ""},
          client::SetAcl{.path = "/a", .acl = {}},
          client::Check{.path = "/a"},
          client::Multi{
              {client::Create{.path = "/a"}, client::Delete{.path = "/a"}}}};
}

std::vector<client::Read> Reads() {
  return {client::GetData{"/a"},
          client::Exists{"/a"},
          client::GetChildren{"/a"},
          client::GetAcl{"/a"},
          client::CountDescendants{"/a"},
          client::GetEphemerals{"/"},
          client::Sync{},
          client::MultiRead{{client::GetData{"/a"}, client::GetChildren{"/"}}}};
}

void CheckWrite(const client::Write& write, const v1::Reply& reply) {
  v1::Write wire;
  QUORATE_CHECK(client::EncodeWrite(write, wire).ok());
  const absl::StatusOr<client::WriteResult> result =
      client::DecodeWriteReply(wire, reply);
  if (reply.has_error()) QUORATE_CHECK(!result.ok());
  if (!result.ok()) return;
  QUORATE_CHECK(result->zxid == reply.zxid());
  // The caller may look at the result of each of its ops.
  if (wire.has_multi()) QUORATE_CHECK(result->ops.size() == 2);
}

void CheckRead(const client::Read& read, const v1::Reply& reply) {
  v1::Read wire;
  QUORATE_CHECK(
      client::EncodeRead(read, client::Consistency::kLocal, wire).ok());
  const absl::StatusOr<client::ReadResult> result =
      client::DecodeReadReply(wire, reply);
  if (reply.has_error()) QUORATE_CHECK(!result.ok());
}

std::string Wire(uint8_t kind, const std::string& text) {
  v1::Reply reply;
  QUORATE_CHECK(google::protobuf::TextFormat::ParseFromString(text, &reply));
  return static_cast<char>(kind) + reply.SerializeAsString();
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  const size_t kinds = Writes().size() + Reads().size();
  for (uint8_t kind = 0; kind < kinds; ++kind) {
    for (const char* text :
         {"tag: 1 zxid: 7 write { path: '/a' stat { czxid: 1 version: 2 } }",
          "write { ops { path: '/a' } ops { zookeeper_code: -101 } }",
          "error { kind: 'NoNode' code: 5 zookeeper_code: -101 }",
          "data { data: 'x' stat { mzxid: 9 } }", "stat { czxid: 1 }",
          "children { names: 'a' names: 'b' }", "count: 3",
          "acl { acl { entries { permissions: 1 scheme: 'ip' id: 'x' } } }",
          "paths { paths: '/a' }",
          "multi_read { answers { data { data: 'x' } } answers { error { "
          "code: 5 } } }"}) {
      seeds.push_back(Wire(kind, text));
    }
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  static const auto* const writes =
      new std::vector<client::Write>(fuzz::Writes());
  static const auto* const reads = new std::vector<client::Read>(fuzz::Reads());
  fuzz::Choices choices(fuzz::Text(data, size));
  const size_t kind = choices.Byte() % (writes->size() + reads->size());
  coord::v1::Reply reply;
  if (!reply.ParseFromArray(choices.rest().data(),
                            static_cast<int>(choices.rest().size()))) {
    return 0;
  }
  if (kind < writes->size()) {
    fuzz::CheckWrite((*writes)[kind], reply);
  } else {
    fuzz::CheckRead((*reads)[kind - writes->size()], reply);
  }
  return 0;
}
