#include "coord/rpc/codec/ids_codec.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/rpc/codec/error.h"

namespace quorate::rpc {
namespace {

void AppendBigEndian(uint64_t number, std::string& bytes) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> shift));
  }
}

uint64_t BigEndianAt(absl::string_view bytes, size_t offset) {
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof(number); ++i) {
    number = number << 8 | static_cast<uint8_t>(bytes[offset + i]);
  }
  return number;
}

}  // namespace

std::string EncodeEnsembleId(EnsembleId ensemble) {
  std::string bytes;
  if (ensemble.IsNone()) return bytes;
  bytes.reserve(kEnsembleIdBytes);
  AppendBigEndian(ensemble.high, bytes);
  AppendBigEndian(ensemble.low, bytes);
  return bytes;
}

absl::StatusOr<EnsembleId> DecodeEnsembleId(absl::string_view bytes) {
  if (bytes.empty()) return EnsembleId{};
  if (bytes.size() != kEnsembleIdBytes) {
    return MalformedError(absl::StrCat("an ensemble id has ", kEnsembleIdBytes,
                                       " bytes, or none; found ",
                                       bytes.size()));
  }
  const EnsembleId ensemble = {.high = BigEndianAt(bytes, 0),
                               .low = BigEndianAt(bytes, 8)};
  if (ensemble.IsNone()) {
    return MalformedError("an ensemble id is not all zeros");
  }
  return ensemble;
}

}  // namespace quorate::rpc
