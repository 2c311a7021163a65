// Pin file: what a client must not forget between two calls of the program
// (rule 22): the ensemble id and the highest zxid it has seen.
//
// One line of text: "quorate-pin 1 ENSEMBLE_ID HIGHEST_ZXID", the id as 32
// hexadecimal digits, the zxid as "epoch:counter".

#ifndef QUORATE_TOOLS_QUORATE_PIN_FILE_H_
#define QUORATE_TOOLS_QUORATE_PIN_FILE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/client/session.h"

namespace quorate::tools {

std::string FormatPin(const client::Pin& pin);
std::optional<client::Pin> ParsePin(absl::string_view text);

// The pin of a file; an empty one if there is no file yet. Local: it cannot be
// read, or is no pin file (it is never overwritten then).
absl::StatusOr<client::Pin> LoadPin(const std::string& path);

// Raises the file to `pin`; safe beside other processes that do the same.
// Nothing happens if `pin` has met no ensemble. Pinned: the file names another
// ensemble by now. Local: it cannot be written.
absl::Status SavePin(const std::string& path, const client::Pin& pin);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_PIN_FILE_H_
