// UTF-8: what may stand in a proto's string.
//
// A string field that is not UTF-8 is sent, but fails to parse at the other
// end, with everything around it.

#ifndef QUORATE_COORD_RPC_CODEC_UTF8_H_
#define QUORATE_COORD_RPC_CODEC_UTF8_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace quorate::rpc {

// `text`, at most `max_bytes` of it, cut between characters, and with a "?" for
// each byte that is no part of valid UTF-8.
std::string CleanUtf8(absl::string_view text, size_t max_bytes);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_CODEC_UTF8_H_
