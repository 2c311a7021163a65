#include "tools/quorate/verbs/refusal.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coord/client/error.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/error.pb.h"
#include "tools/quorate/text.h"

namespace quorate::tools {

absl::Status StatusOfRefusal(const coord::v1::ErrorDetail& refusal) {
  client::ErrorInfo info;
  info.kind = refusal.kind().empty() ? "Refused" : refusal.kind();
  info.rule = refusal.rule();
  info.rule_name = refusal.rule_name();
  for (const coord::v1::Number& number : refusal.numbers()) {
    info.numbers.emplace_back(number.name(), number.value());
  }
  if (refusal.has_retry_after_ms()) {
    info.retry_after_ms = refusal.retry_after_ms();
  }
  info.leader_address = refusal.leader_address();
  const absl::StatusCode code =
      refusal.code() == 0 ? absl::StatusCode::kFailedPrecondition
                          : static_cast<absl::StatusCode>(refusal.code());
  return client::MakeError(code, refusal.message(), info);
}

std::string NameOfRefusal(const coord::v1::ErrorDetail& refusal) {
  if (refusal.rule() == 0) return refusal.kind();
  return absl::StrCat("rule ", refusal.rule(), " (", refusal.rule_name(), ")");
}

Json RefusalJson(const coord::v1::ErrorDetail& refusal) {
  Json json = {{"kind", refusal.kind()}, {"message", refusal.message()}};
  if (refusal.rule() != 0) {
    json["rule"] = refusal.rule();
    json["rule_name"] = refusal.rule_name();
  }
  for (const coord::v1::Number& number : refusal.numbers()) {
    json["numbers"][number.name()] = number.value();
  }
  if (refusal.has_retry_after_ms()) {
    json["retry_after_ms"] = refusal.retry_after_ms();
  }
  return json;
}

}  // namespace quorate::tools
