#include "coord/tree/path.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "coord/tree/error.h"

namespace quorate::tree {
namespace {

absl::Status BadPath(absl::string_view path, absl::string_view reason,
                     size_t at) {
  // The path may hold anything: show only its length and the place.
  return Error(ErrorCode::kBadArguments, "",
               absl::StrCat("invalid path of ", path.size(), " bytes: ", reason,
                            " at byte ", at));
}

uint8_t ByteAt(absl::string_view text, size_t at) {
  return static_cast<uint8_t>(text[at]);
}

// Decodes the code point at `at` and moves `at` behind it. False if it is not
// well-formed UTF-8 of at most three bytes.
bool Decode(absl::string_view text, size_t& at, uint32_t& code_point) {
  const uint8_t first = ByteAt(text, at);
  size_t length = 1;
  if (first < 0x80) {
    code_point = first;
  } else if (first >= 0xc2 && first < 0xe0) {
    length = 2;
    code_point = first & 0x1f;
  } else if (first >= 0xe0 && first < 0xf0) {
    length = 3;
    code_point = first & 0x0f;
  } else {
    return false;
  }
  if (text.size() - at < length) return false;
  for (size_t i = 1; i < length; ++i) {
    const uint8_t next = ByteAt(text, at + i);
    if ((next & 0xc0) != 0x80) return false;
    code_point = (code_point << 6) | (next & 0x3f);
  }
  at += length;
  return length < 3 || code_point >= 0x800;
}

bool IsForbidden(uint32_t code_point) {
  return code_point <= 0x1f || (code_point >= 0x7f && code_point <= 0x9f) ||
         (code_point >= 0xd800 && code_point <= 0xf8ff) || code_point >= 0xfff0;
}

// A slash ranks below all that may stand in a name.
uint8_t Rank(char c) { return c == '/' ? 0 : static_cast<uint8_t>(c); }

}  // namespace

absl::Status ValidatePath(absl::string_view path) {
  if (path.empty()) return BadPath(path, "it is empty", 0);
  if (path.size() > kMaxPathBytes) {
    return BadPath(path, "it is too long", kMaxPathBytes);
  }
  if (path[0] != '/') return BadPath(path, "it must start with /", 0);
  if (path.size() == 1) return absl::OkStatus();
  if (path.back() == '/') {
    return BadPath(path, "it must not end with /", path.size() - 1);
  }
  for (size_t at = 1, start = 1; at <= path.size();) {
    if (at == path.size() || path[at] == '/') {
      const absl::string_view name = path.substr(start, at - start);
      if (name.empty()) return BadPath(path, "an empty name", at);
      if (name == "." || name == "..") {
        return BadPath(path, "a relative name", start);
      }
      start = ++at;
      continue;
    }
    const size_t begin = at;
    uint32_t code_point = 0;
    if (!Decode(path, at, code_point)) {
      return BadPath(path, "not UTF-8 of at most three bytes", begin);
    }
    if (IsForbidden(code_point)) {
      return BadPath(path, "a forbidden character", begin);
    }
  }
  return absl::OkStatus();
}

bool IsReservedPath(absl::string_view path) {
  return path == kRootPath || path == kSystemPath || path == kQuotaPath ||
         path == kConfigPath;
}

absl::string_view ParentPath(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return "";
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

std::string JoinPath(absl::string_view parent, absl::string_view name) {
  return parent == kRootPath ? absl::StrCat("/", name)
                             : absl::StrCat(parent, "/", name);
}

bool IsAtOrBelow(absl::string_view path, absl::string_view ancestor) {
  if (ancestor == kRootPath) return true;
  return path.substr(0, ancestor.size()) == ancestor &&
         (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

void ForEachPrefix(absl::string_view path,
                   absl::FunctionRef<void(absl::string_view)> visit) {
  while (path.size() > 1) {
    visit(path);
    path = ParentPath(path);
  }
}

std::string SequenceSuffix(int32_t sequence) {
  return absl::StrFormat("%010d", sequence);
}

int ComparePaths(absl::string_view a, absl::string_view b) {
  const size_t common = std::min(a.size(), b.size());
  for (size_t i = 0; i < common; ++i) {
    if (a[i] == b[i]) continue;
    return Rank(a[i]) < Rank(b[i]) ? -1 : 1;
  }
  if (a.size() == b.size()) return 0;
  return a.size() < b.size() ? -1 : 1;
}

}  // namespace quorate::tree
