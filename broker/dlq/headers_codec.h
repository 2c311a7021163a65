// A record's headers as one string of bytes: each its name and its value, with
// their sizes (u32, little-endian) before them.

#ifndef QUORATE_BROKER_DLQ_HEADERS_CODEC_H_
#define QUORATE_BROKER_DLQ_HEADERS_CODEC_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "broker/record/record_batch.h"

namespace quorate::broker {

std::string EncodeHeaders(const std::vector<RecordHeader>& headers);
// DataLoss: these are no headers.
absl::StatusOr<std::vector<RecordHeader>> DecodeHeaders(
    absl::string_view bytes);

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_DLQ_HEADERS_CODEC_H_
