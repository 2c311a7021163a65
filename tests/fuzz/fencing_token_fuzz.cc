// Fencing tokens as texts: members and clients read the same, and there is one
// text for each token.
//
//   input = text text    between them a line feed

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/client/fencing_token.h"
#include "coord/consensus/fencing_token.h"
#include "coord/consensus/zxid.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using ClientToken = absl::StatusOr<client::FencingToken>;
using MemberToken = absl::StatusOr<consensus::FencingToken>;

struct Tokens {
  ClientToken client;
  MemberToken member;
};

Tokens Parse(absl::string_view text) {
  Tokens tokens = {client::ParseFencingToken(text),
                   consensus::ParseFencingToken(text)};
  QUORATE_CHECK(tokens.client.ok() == tokens.member.ok());
  if (tokens.client.ok()) {
    QUORATE_CHECK(!tokens.client->IsNone() && !tokens.member->IsNone());
    QUORATE_CHECK(client::ToString(*tokens.client) == text);
    QUORATE_CHECK(consensus::ToString(*tokens.member) == text);
  } else {
    QUORATE_CHECK(absl::IsInvalidArgument(tokens.client.status()));
    QUORATE_CHECK(absl::IsInvalidArgument(tokens.member.status()));
  }
  return tokens;
}

// Both sides judge two tokens alike, and never obey both orders of them.
void CheckOrder(const Tokens& a, const Tokens& b) {
  const absl::StatusOr<bool> newer = client::IsNewer(*a.client, *b.client);
  const absl::StatusOr<bool> older = client::IsNewer(*b.client, *a.client);
  QUORATE_CHECK(newer.ok() == older.ok());
  QUORATE_CHECK(!newer.ok() || !(*newer && *older));
  const absl::StatusOr<bool> same = consensus::IsNewer(*a.member, *b.member);
  QUORATE_CHECK(same.ok() == newer.ok() && (!same.ok() || *same == *newer));
  const bool obeyed = !consensus::CheckToken(*a.member, *b.member);
  QUORATE_CHECK(obeyed == (*a.member == *b.member || (newer.ok() && *newer)));
}

}  // namespace

std::vector<std::string> Seeds() {
  using consensus::Zxid;
  const std::string token =
      consensus::ToString({{.high = 1, .low = 2}, Zxid(3, 4)});
  const std::string later =
      consensus::ToString({{.high = 1, .low = 2}, Zxid(3, 5)});
  const std::string other =
      consensus::ToString({{.high = ~0ull, .low = 0}, Zxid(9, 0)});
  return {token,
          token + "\n" + later,
          later + "\n" + other,
          "00000000000000000000000000000000:1:1",
          "0x000000000000010x00000000000002:3:4",
          "0000000000000001000000000000000G:03:+4"};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  const std::pair<absl::string_view, absl::string_view> texts =
      absl::StrSplit(fuzz::Text(data, size), absl::MaxSplits('\n', 1));
  const fuzz::Tokens a = fuzz::Parse(texts.first);
  const fuzz::Tokens b = fuzz::Parse(texts.second);
  if (a.client.ok() && b.client.ok()) fuzz::CheckOrder(a, b);
  return 0;
}
