#include "tools/quorate/outage/message_key.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace quorate::tools {

std::string KeyOf(int act, int64_t number) {
  return absl::StrCat(act, "/", number);
}

bool ParseKey(const std::string& key, int& act, int64_t& number) {
  const std::vector<absl::string_view> parts = absl::StrSplit(key, '/');
  return parts.size() == 2 && absl::SimpleAtoi(parts[0], &act) &&
         absl::SimpleAtoi(parts[1], &number) && act > 0 && number >= 0;
}

}  // namespace quorate::tools
