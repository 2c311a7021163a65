#include "tests/simulation/trace.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace quorate::simulation {

const char* TraceKindName(TraceKind kind) {
  switch (kind) {
    case TraceKind::kSend:
      return "send";
    case TraceKind::kDeliver:
      return "deliver";
    case TraceKind::kDrop:
      return "drop";
    case TraceKind::kEvent:
      return "event";
    case TraceKind::kDisk:
      return "disk";
    case TraceKind::kFault:
      return "fault";
    case TraceKind::kClient:
      return "client";
    case TraceKind::kOperator:
      return "operator";
    case TraceKind::kViolation:
      return "VIOLATION";
  }
  return "unknown";
}

std::string ToString(const TraceLine& line) {
  std::string text =
      absl::StrFormat("%d.%06d %s", line.at / kSecond, line.at % kSecond,
                      TraceKindName(line.kind));
  if (line.member >= 0) absl::StrAppend(&text, " ", line.member);
  absl::StrAppend(&text, ": ", line.text);
  return text;
}

}  // namespace quorate::simulation
