#include "broker/dlq/headers_codec.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {
namespace {

void Append(absl::string_view text, std::string& bytes) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>(text.size() >> shift & 0xff));
  }
  bytes.append(text.data(), text.size());
}

bool Take(absl::string_view& bytes, std::string& text) {
  if (bytes.size() < 4) return false;
  uint32_t size = 0;
  for (size_t i = 0; i < 4; ++i) {
    size |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[i]))
            << (8 * i);
  }
  bytes.remove_prefix(4);
  if (bytes.size() < size) return false;
  text = std::string(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return true;
}

}  // namespace

std::string EncodeHeaders(const std::vector<RecordHeader>& headers) {
  std::string bytes;
  for (const RecordHeader& header : headers) {
    Append(header.name, bytes);
    Append(header.value, bytes);
  }
  return bytes;
}

absl::StatusOr<std::vector<RecordHeader>> DecodeHeaders(
    absl::string_view bytes) {
  std::vector<RecordHeader> headers;
  while (!bytes.empty()) {
    RecordHeader header;
    if (!Take(bytes, header.name) || !Take(bytes, header.value)) {
      return absl::DataLossError("these bytes are no headers of a record");
    }
    headers.push_back(std::move(header));
  }
  return headers;
}

}  // namespace quorate::broker
