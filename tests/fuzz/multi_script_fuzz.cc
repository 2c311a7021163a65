// The text that `quorate multi` reads: an op a line.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/client/types.h"
#include "tests/fuzz/fuzz.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/multi_script.h"

namespace quorate::fuzz {
namespace {

constexpr size_t kMaxOps = 4096;

void CheckOp(const client::MultiOp& op) {
  const std::string& path = std::visit(
      [](const auto& each) -> const std::string& { return each.path; }, op);
  const auto* create = std::get_if<client::Create>(&op);
  const bool sequential =
      create != nullptr &&
      (create->mode == client::CreateMode::kPersistentSequential ||
       create->mode == client::CreateMode::kEphemeralSequential ||
       create->mode == client::CreateMode::kPersistentSequentialWithTtl);
  QUORATE_CHECK(tools::CheckPath(path, sequential).ok());
  if (create != nullptr) QUORATE_CHECK(create->ttl_ms >= 0);
}

}  // namespace

std::vector<std::string> Seeds() {
  return {"create /a data\nset /a 'more data' --version 0\n",
          "check /a --version 3\ndelete /a\n# a comment\n\n",
          "create /a --ephemeral\ncreate /b- --sequential\n",
          "create /c --container\ncreate /t x --ttl 5s\n",
          "create /d --acl world:anyone:cdrwa\n",
          "set /a\n",
          "help\n",
          "create --help\n",
          "multi\n"};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  const absl::string_view text = fuzz::Text(data, size);
  const absl::StatusOr<std::vector<client::MultiOp>> ops =
      tools::ParseMulti(text);
  if (!ops.ok()) {
    QUORATE_CHECK(tools::ExitCodeOf(ops.status()) == tools::ExitCode::kUsage);
    QUORATE_CHECK(!ops.status().message().empty());
    return 0;
  }
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  QUORATE_CHECK(!ops->empty() && ops->size() <= fuzz::kMaxOps);
  QUORATE_CHECK(ops->size() <= static_cast<size_t>(lines));
  for (const client::MultiOp& op : *ops) fuzz::CheckOp(op);
  return 0;
}
