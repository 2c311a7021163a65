// Flags: from the command line to Settings.

#ifndef QUORATE_BROKER_SERVER_FLAGS_H_
#define QUORATE_BROKER_SERVER_FLAGS_H_

#include <optional>
#include <string>

#include "broker/server/settings.h"

namespace quorate::broker {

// The version of this program, as --version prints it.
extern const char kVersion[];

struct ParsedFlags {
  // Nothing: the program ends, after it has printed `text`.
  std::optional<Settings> settings;
  // Of --help and --version (for stdout), or what is wrong with the flags: one
  // line that says what was expected and what was found (for stderr).
  std::string text;
  bool is_error = false;
};

ParsedFlags ParseFlags(int argc, const char* const* argv);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_SERVER_FLAGS_H_
