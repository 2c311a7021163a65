// The JSON file that declares an ensemble.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "coord/base/check.h"
#include "coord/consensus/limits.h"
#include "tests/fuzz/fuzz.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/text.h"

namespace quorate::fuzz {
namespace {

using tools::Declaration;

constexpr char kSource[] = "file.json";

void CheckDeclaration(const Declaration& declaration) {
  QUORATE_CHECK(declaration.VoterCount() >= 1);
  QUORATE_CHECK(declaration.VoterCount() <= consensus::kMaxVoters);
  QUORATE_CHECK(declaration.members.size() <=
                consensus::kMaxVoters + consensus::kMaxLearners);
  QUORATE_CHECK(declaration.ensemble_id.empty() ||
                declaration.ensemble_id.size() == 16);
  std::set<uint64_t> ids;
  std::set<std::string> addresses;
  for (const tools::DeclaredMember& member : declaration.members) {
    QUORATE_CHECK(member.id == 0 || ids.insert(member.id).second);
    QUORATE_CHECK(addresses.insert(member.address).second);
    QUORATE_CHECK(tools::CheckEndpoint(member.address).ok());
  }
  const absl::StatusOr<Declaration> again =
      tools::ParseDeclaration(tools::FormatDeclaration(declaration), kSource);
  QUORATE_CHECK(again.ok() && *again == declaration);
}

}  // namespace

std::vector<std::string> Seeds() {
  const Declaration declaration = {
      .ensemble_id = "0123456789abcdef",
      .members = {{1, "127.0.0.1:7401", true},
                  {2, "[::1]:7402", true},
                  {0, "host.example:7403", false}}};
  return {tools::FormatDeclaration(declaration),
          tools::FormatDeclaration({.members = {{0, "a:1", true}}}),
          "{\"format\": 2, \"members\": []}",
          "{\"format\": 1, \"format\": 1, \"members\": [[[[{}]]]]}",
          "{\"format\": 1, \"members\": [{\"id\": 1e3, \"address\": \"\\u0000:1"
          "\", \"role\": null}]}"};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  const absl::StatusOr<tools::Declaration> declaration =
      tools::ParseDeclaration(fuzz::Text(data, size), fuzz::kSource);
  if (declaration.ok()) {
    fuzz::CheckDeclaration(*declaration);
    return 0;
  }
  const absl::Status& status = declaration.status();
  QUORATE_CHECK(tools::ExitCodeOf(status) == tools::ExitCode::kUsage);
  QUORATE_CHECK(absl::StartsWith(status.message(), fuzz::kSource));
  // It is shown on a terminal.
  QUORATE_CHECK(status.message().size() < 2000);
  QUORATE_CHECK(tools::IsUtf8(status.message()));
  return 0;
}
