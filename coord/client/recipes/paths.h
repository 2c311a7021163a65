// Paths of the recipes' znodes.

#ifndef QUORATE_COORD_CLIENT_RECIPES_PATHS_H_
#define QUORATE_COORD_CLIENT_RECIPES_PATHS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/client/session.h"

namespace quorate::client {

// "/a" and "b" make "/a/b", "/" and "b" make "/b".
std::string ChildPath(absl::string_view directory, absl::string_view name);

// "b" for "/a/b".
std::string NameOf(absl::string_view path);

// The number that a sequential create has appended to `name`; nothing if there
// is none. It goes on at the lowest number after the highest.
std::optional<int32_t> SequenceOf(absl::string_view name);

// Creates the persistent znodes on the way to `path`, and `path`, as far as
// they do not exist. Blocks.
absl::Status EnsurePath(Session& session, absl::string_view path);

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_PATHS_H_
