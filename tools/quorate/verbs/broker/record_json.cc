#include "tools/quorate/verbs/broker/record_json.h"

#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/record/record_batch.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/text.h"

namespace quorate::tools {

void SetBytesJson(absl::string_view name, absl::string_view bytes, Json& json) {
  if (IsUtf8(bytes)) {
    json[std::string(name)] = std::string(bytes);
  } else {
    json[absl::StrCat(name, "_base64")] = absl::Base64Escape(bytes);
  }
}

void SetRecordJson(const broker::Record& record, Json& json) {
  json["timestamp_ms"] = record.timestamp_ms;
  if (record.key.has_value()) SetBytesJson("key", *record.key, json);
  SetBytesJson("value", record.value, json);
  json["headers"] = Json::array();
  for (const broker::RecordHeader& header : record.headers) {
    Json item;
    SetBytesJson("name", header.name, item);
    SetBytesJson("value", header.value, item);
    json["headers"].push_back(std::move(item));
  }
}

}  // namespace quorate::tools
