// Small texts that `quorate` reads from arguments and files, and how it shows
// bytes of any kind.
//
//   input = which:u8 text

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "google/protobuf/stubs/common.h"
#include "nlohmann/json.hpp"
#include "tests/fuzz/fuzz.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/pin_file.h"
#include "tools/quorate/text.h"

namespace quorate::fuzz {
namespace {

void CheckUsage(const absl::Status& status) {
  QUORATE_CHECK(tools::ExitCodeOf(status) == tools::ExitCode::kUsage);
}

void CheckZxid(absl::string_view text) {
  const std::optional<client::Zxid> zxid = tools::ParseZxid(text);
  if (!zxid) return;
  // One text for each: what differs by blanks or signs is a mistake.
  QUORATE_CHECK(text.find_first_not_of("0123456789:") ==
                absl::string_view::npos);
  QUORATE_CHECK(tools::ParseZxid(tools::FormatZxid(*zxid)) == zxid);
}

void CheckAcl(absl::string_view text) {
  const absl::StatusOr<client::Acl> acl = tools::ParseAcl(text);
  if (!acl.ok()) return CheckUsage(acl.status());
  for (const client::AclEntry& entry : *acl) {
    QUORATE_CHECK(entry.permissions > 0 &&
                  entry.permissions <= client::kAllPermissions);
    QUORATE_CHECK(!entry.scheme.empty());
  }
  const absl::StatusOr<client::Acl> again =
      tools::ParseAcl(tools::FormatAcl(*acl));
  QUORATE_CHECK(again.ok() && *again == *acl);
}

void CheckAuth(absl::string_view text) {
  const absl::StatusOr<tools::Auth> auth = tools::ParseAuth(text);
  if (!auth.ok()) return CheckUsage(auth.status());
  QUORATE_CHECK(auth->scheme + ":" + auth->secret == text);
}

void CheckPin(absl::string_view text) {
  const std::optional<client::Pin> pin = tools::ParsePin(text);
  if (!pin) return;
  QUORATE_CHECK(pin->ensemble_id.size() == 16);
  QUORATE_CHECK(tools::ParsePin(tools::FormatPin(*pin)) == pin);
}

// What a terminal gets: one line of UTF-8 without control characters.
void CheckPrintable(absl::string_view bytes) {
  const std::string shown = tools::Printable(bytes, 100);
  QUORATE_CHECK(tools::IsUtf8(shown) && shown.size() <= 4 * 100 + 3);
  for (const char byte : shown) {
    QUORATE_CHECK(static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7f);
  }
  QUORATE_CHECK(tools::IsUtf8(bytes) ==
                google::protobuf::internal::IsStructurallyValidUTF8(
                    bytes.data(), static_cast<int>(bytes.size())));
  tools::Json json;
  tools::SetDataJson(bytes, json);
  QUORATE_CHECK(json.size() == 1 && tools::IsUtf8(tools::Dump(json)));
}

void CheckPathAndEndpoint(absl::string_view text) {
  const absl::Status path = tools::CheckPath(text, text.size() % 2 == 0);
  if (!path.ok()) CheckUsage(path);
  const absl::Status endpoint = tools::CheckEndpoint(text);
  if (!endpoint.ok()) CheckUsage(endpoint);
}

}  // namespace

std::vector<std::string> Seeds() {
  using std::string_literals::operator""s;
  return {
      "\0"
      "3:17"s,
      "\0"
      "4294967295:4294967295"s,
      "\0+1: 2"s,
      "\1world:anyone:cdrwa,digest:user:HASH:r"s,
      "\1"
      "auth::rw"s,
      "\2"
      "digest:user:password"s,
      "\2scheme:secret"s,
      "\3" + tools::FormatPin({.ensemble_id = "0123456789abcdef",
                               .highest_zxid = 1ull << 33}),
      "\4 a\tb\n\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xff\xed\xa0\x80"s,
      "\5/a/b"s,
      "\5"
      "127.0.0.1:7001"s,
      "\5[::1]:1"s};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  constexpr void (*kChecks[])(absl::string_view) = {
      fuzz::CheckZxid, fuzz::CheckAcl,       fuzz::CheckAuth,
      fuzz::CheckPin,  fuzz::CheckPrintable, fuzz::CheckPathAndEndpoint};
  const auto check = kChecks[choices.Byte() % std::size(kChecks)];
  check(choices.rest());
  return 0;
}
