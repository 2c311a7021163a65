// Records as JSON.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_BROKER_RECORD_JSON_H_
#define QUORATE_TOOLS_QUORATE_VERBS_BROKER_RECORD_JSON_H_

#include "absl/strings/string_view.h"
#include "broker/record/record_batch.h"
#include "tools/quorate/text.h"

namespace quorate::tools {

// Sets NAME if the bytes are UTF-8, else NAME_base64.
void SetBytesJson(absl::string_view name, absl::string_view bytes, Json& json);

// Adds timestamp_ms, key (if there is one), value and headers.
void SetRecordJson(const broker::Record& record, Json& json);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_BROKER_RECORD_JSON_H_
