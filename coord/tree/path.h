// Paths of znodes: syntax, order, parts.
//
// A valid path is "/" or "/" and names joined by "/". As in ZooKeeper, no name
// is empty, "." or "..", none holds a control character, a code point of the
// surrogate or private use areas (U+D800 to U+F8FF), U+FFF0 to U+FFFF or one
// above U+FFFF. Beyond ZooKeeper: a path is valid UTF-8.
//
// All functions are pure. Those that REQUIRE a valid path only cut it; they
// never fail on another.

#ifndef QUORATE_COORD_TREE_PATH_H_
#define QUORATE_COORD_TREE_PATH_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quorate::tree {

// Longest path. ZooKeeper bounds only the whole request (1 MiB).
inline constexpr size_t kMaxPathBytes = 4096;

// The znodes that exist from the beginning and can never be deleted.
inline constexpr char kRootPath[] = "/";
inline constexpr char kSystemPath[] = "/zookeeper";
inline constexpr char kQuotaPath[] = "/zookeeper/quota";
inline constexpr char kConfigPath[] = "/zookeeper/config";

// OK, or BadArguments saying which rule is broken at which byte.
absl::Status ValidatePath(absl::string_view path);

// True for the four paths above.
bool IsReservedPath(absl::string_view path);

// "/a" for "/a/b", "/" for "/a". "" for a path without a slash.
absl::string_view ParentPath(absl::string_view path);

// "b" for "/a/b"; "" for "/".
absl::string_view BaseName(absl::string_view path);

// "/a" and "b" make "/a/b", "/" and "b" make "/b".
std::string JoinPath(absl::string_view parent, absl::string_view name);

// True if `path` is `ancestor` or below it. REQUIRES: valid paths.
bool IsAtOrBelow(absl::string_view path, absl::string_view ancestor);

// Calls `visit` with each prefix of `path` that is a path, the longest (path
// itself) first, without "/". REQUIRES: a valid path.
void ForEachPrefix(absl::string_view path,
                   absl::FunctionRef<void(absl::string_view)> visit);

// What a sequential create appends: ten digits, "-" before a negative number.
std::string SequenceSuffix(int32_t sequence);

// The tree's order: a parent stands before its children, and all that is below
// a znode before its next sibling. Names compare as bytes.
int ComparePaths(absl::string_view a, absl::string_view b);

struct PathLess {
  using is_transparent = void;
  bool operator()(absl::string_view a, absl::string_view b) const {
    return ComparePaths(a, b) < 0;
  }
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_PATH_H_
