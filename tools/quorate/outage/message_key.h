// The key of a message: which act it belongs to, and its number in it.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_MESSAGE_KEY_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_MESSAGE_KEY_H_

#include <cstdint>
#include <string>

namespace quorate::tools {

std::string KeyOf(int act, int64_t number);  // "2/17"
// False: it is none; `act` and `number` are left as they are, or are zero.
bool ParseKey(const std::string& key, int& act, int64_t& number);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_MESSAGE_KEY_H_
