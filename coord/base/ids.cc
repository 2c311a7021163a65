#include "coord/base/ids.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace quorate {

std::string ToString(MemberId id) { return absl::StrCat(id.value); }

std::string ToString(Incarnation incarnation) {
  return absl::StrCat(absl::Hex(incarnation.value, absl::kZeroPad16));
}

std::string ToString(const MemberKey& key) {
  return absl::StrCat(ToString(key.id), "/", ToString(key.incarnation));
}

std::string ToString(const EnsembleId& ensemble) {
  return absl::StrCat(absl::Hex(ensemble.high, absl::kZeroPad16),
                      absl::Hex(ensemble.low, absl::kZeroPad16));
}

}  // namespace quorate
