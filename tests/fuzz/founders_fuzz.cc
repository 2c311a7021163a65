// coordd's flags that list members, addresses and limits.
//
//   input = which:u8 text

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/options.h"
#include "coord/server/founders.h"
#include "coord/server/host_port.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using Founders = std::vector<consensus::Manifest::Founder>;
using server::HostPort;

void CheckError(const absl::Status& status) {
  QUORATE_CHECK(absl::IsInvalidArgument(status));
}

// What was taken is what stands there, and nothing else: no blank, no sign.
void CheckHostPort(absl::string_view text) {
  const absl::StatusOr<HostPort> parsed = server::ParseHostPort(text);
  if (!parsed.ok()) return CheckError(parsed.status());
  for (const char byte : text) QUORATE_CHECK(byte > ' ' && byte < 0x7f);
  const absl::StatusOr<HostPort> again =
      server::ParseHostPort(parsed->ToString());
  QUORATE_CHECK(again.ok());
  QUORATE_CHECK(again->host == parsed->host && again->port == parsed->port);
  QUORATE_CHECK(again->ToString() == parsed->ToString());
}

void CheckReachable(absl::string_view address) {
  const absl::StatusOr<HostPort> parsed = server::ParseHostPort(address);
  QUORATE_CHECK(parsed.ok() && parsed->port != 0 && !parsed->IsWildcard());
}

void CheckFounders(absl::string_view text) {
  const absl::StatusOr<Founders> founders = server::ParseFounders(text);
  if (!founders.ok()) return CheckError(founders.status());
  QUORATE_CHECK(!founders->empty());
  std::vector<std::string> parts;
  uint64_t before = 0;
  for (const consensus::Manifest::Founder& founder : *founders) {
    QUORATE_CHECK(founder.id.value > before);
    before = founder.id.value;
    CheckReachable(founder.address);
    parts.push_back(absl::StrCat(founder.id.value, "=", founder.address));
  }
  const absl::StatusOr<Founders> again =
      server::ParseFounders(absl::StrJoin(parts, ","));
  QUORATE_CHECK(again.ok() && *again == *founders);
}

void CheckSeeds(absl::string_view text) {
  const absl::StatusOr<std::vector<std::string>> seeds =
      server::ParseSeeds(text);
  if (!seeds.ok()) return CheckError(seeds.status());
  for (const std::string& seed : *seeds) CheckReachable(seed);
  QUORATE_CHECK(absl::StrJoin(*seeds, ",") == text);
}

void CheckLimit(absl::string_view text) {
  consensus::Limits limits;
  const absl::Status status = server::SetLimit(text, limits);
  if (status.ok()) return;
  CheckError(status);
  QUORATE_CHECK(limits == consensus::Limits());
}

}  // namespace

std::vector<std::string> Seeds() {
  using std::string_literals::operator""s;
  return {"\0localhost:7400"s,
          "\0[::1]:0"s,
          "\0[fe80::1%25eth0]:7400"s,
          "\0a_b.example:65535"s,
          "\0"
          "1.2.3.4:80 "s,
          "\1"
          "1=10.0.0.1:7400,2=10.0.0.2:7400,3=[::1]:7400"s,
          "\1"
          "18446744073709551615=a:1"s,
          "\2"
          "10.0.0.1:7400,host:7401"s,
          "\3stabilisation_ms=1"s,
          "\3max_learners=4294967296"s,
          "\3auto_promote=1"s};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  switch (choices.Byte() % 4) {
    case 0:
      fuzz::CheckHostPort(choices.rest());
      break;
    case 1:
      fuzz::CheckFounders(choices.rest());
      break;
    case 2:
      fuzz::CheckSeeds(choices.rest());
      break;
    default:
      fuzz::CheckLimit(choices.rest());
      break;
  }
  return 0;
}
