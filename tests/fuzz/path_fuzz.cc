// Paths of znodes: the rules, written a second time, and what the parts of a
// valid path must be.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/tree/error.h"
#include "coord/tree/path.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using absl::string_view;

// The code points of UTF-8, by trying each length; nothing if it is none.
std::optional<std::vector<uint32_t>> CodePoints(string_view text) {
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  std::vector<uint32_t> points;
  while (!text.empty()) {
    const auto first = static_cast<uint8_t>(text[0]);
    size_t length = 1;
    if (first >= 0x80) {
      for (length = 2; length <= 4; ++length) {
        const int shift = 7 - static_cast<int>(length);
        if (first >> shift == (0xff >> shift) - 1) break;
      }
      if (length > 4) return std::nullopt;
    }
    if (text.size() < length) return std::nullopt;
    uint32_t point = length == 1 ? first : first & (0x7f >> length);
    for (size_t i = 1; i < length; ++i) {
      const auto next = static_cast<uint8_t>(text[i]);
      if (next >> 6 != 2) return std::nullopt;
      point = point << 6 | (next & 0x3f);
    }
    const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < kSmallest[length] || point > 0x10ffff || is_surrogate) {
      return std::nullopt;
    }
    points.push_back(point);
    text.remove_prefix(length);
  }
  return points;
}

bool IsName(string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  const std::optional<std::vector<uint32_t>> points = CodePoints(name);
  if (!points) return false;
  for (const uint32_t point : *points) {
    if (point < 0x20 || (point >= 0x7f && point <= 0x9f) ||
        (point >= 0xd800 && point <= 0xf8ff) || point >= 0xfff0) {
      return false;
    }
  }
  return true;
}

// As the header of path.h has it.
bool IsPath(string_view path) {
  if (path == "/") return true;
  if (path.empty() || path[0] != '/' || path.size() > tree::kMaxPathBytes) {
    return false;
  }
  for (const string_view name : absl::StrSplit(path.substr(1), '/')) {
    if (!IsName(name)) return false;
  }
  return true;
}

void CheckParts(string_view path) {
  if (path == "/") return;
  const string_view parent = tree::ParentPath(path);
  QUORATE_CHECK(tree::JoinPath(parent, tree::BaseName(path)) == path);
  QUORATE_CHECK(tree::ValidatePath(parent).ok());
  QUORATE_CHECK(tree::IsAtOrBelow(path, parent));
  QUORATE_CHECK(!tree::IsAtOrBelow(parent, path));
  QUORATE_CHECK(tree::ComparePaths(parent, path) < 0);
  string_view expected = path;
  tree::ForEachPrefix(path, [&expected](string_view prefix) {
    QUORATE_CHECK(prefix == expected);
    expected = tree::ParentPath(expected);
  });
  QUORATE_CHECK(expected == "/");
}

void CheckPair(string_view a, string_view b) {
  const int order = tree::ComparePaths(a, b);
  QUORATE_CHECK((order == 0) == (a == b));
  QUORATE_CHECK((order < 0) == (tree::ComparePaths(b, a) > 0));
  const bool is_below =
      a == b || b == "/" ||
      (a.size() > b.size() && a.substr(0, b.size()) == b && a[b.size()] == '/');
  QUORATE_CHECK(tree::IsAtOrBelow(a, b) == is_below);
  // All that is below a znode stands before its next sibling.
  if (!is_below && order > 0 && b != "/") {
    QUORATE_CHECK(tree::ComparePaths(a, absl::StrCat(b, "/x")) > 0);
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  return {"/",
          "/a",
          "/a/b/c",
          "/zookeeper/quota/a\n/zookeeper",
          "/a/..",
          "/a/./b",
          "//",
          "/a/",
          "/\xc3\xa4/\xe2\x82\xac",
          "/\xf0\x9f\x98\x80",
          "/a\n/a-",
          "/a/b\n/a-",
          absl::StrCat("/", std::string(tree::kMaxPathBytes - 1, 'x'))};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  const std::pair<absl::string_view, absl::string_view> paths =
      absl::StrSplit(fuzz::Text(data, size), absl::MaxSplits('\n', 1));
  for (const absl::string_view path : {paths.first, paths.second}) {
    const absl::Status status = tree::ValidatePath(path);
    QUORATE_CHECK(status.ok() == fuzz::IsPath(path));
    QUORATE_CHECK(status.ok() ||
                  tree::ErrorCodeOf(status) == tree::ErrorCode::kBadArguments);
    if (status.ok()) {
      fuzz::CheckParts(path);
    } else {
      tree::ParentPath(path);
      tree::BaseName(path);
    }
  }
  if (fuzz::IsPath(paths.first) && fuzz::IsPath(paths.second)) {
    fuzz::CheckPair(paths.first, paths.second);
  }
  return 0;
}
