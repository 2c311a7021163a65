#include "coord/replica/error.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "coord/base/check.h"
#include "coord/consensus/rule.h"

namespace quorate::replica {
namespace {

using consensus::Refusal;
using consensus::Rule;

constexpr char kKindPayload[] = "quorate.replica.ErrorKind";
constexpr char kRefusalPayload[] = "quorate.consensus.Refusal";

struct Entry {
  ErrorKind kind;
  absl::string_view name;
  absl::StatusCode canonical;
};

constexpr Entry kEntries[] = {
    {ErrorKind::kNone, "None", absl::StatusCode::kOk},
    {ErrorKind::kNoLeader, "NoLeader", absl::StatusCode::kUnavailable},
    {ErrorKind::kOverloaded, "Overloaded",
     absl::StatusCode::kResourceExhausted},
    {ErrorKind::kDiskFull, "DiskFull", absl::StatusCode::kResourceExhausted},
    {ErrorKind::kUnknownOutcome, "UnknownOutcome",
     absl::StatusCode::kUnavailable},
    {ErrorKind::kOutOfOrder, "OutOfOrder", absl::StatusCode::kAborted},
    {ErrorKind::kBadRequest, "BadRequest", absl::StatusCode::kInvalidArgument},
    {ErrorKind::kPinned, "Pinned", absl::StatusCode::kFailedPrecondition},
    {ErrorKind::kWrongPassword, "WrongPassword",
     absl::StatusCode::kPermissionDenied},
    {ErrorKind::kStopped, "Stopped", absl::StatusCode::kUnavailable},
    {ErrorKind::kNotServing, "NotServing", absl::StatusCode::kUnavailable},
};

const Entry* Find(int number) {
  for (const Entry& entry : kEntries) {
    if (static_cast<int>(entry.kind) == number) return &entry;
  }
  return nullptr;
}

// Lines: rule, milliseconds to wait or "-", number of figures, each figure's
// name and value, and the reason, which may have lines itself.
std::string Encode(const Refusal& refusal) {
  std::string text = absl::StrCat(static_cast<int>(refusal.rule), "\n");
  if (refusal.retry_after_ms) {
    absl::StrAppend(&text, *refusal.retry_after_ms, "\n");
  } else {
    absl::StrAppend(&text, "-\n");
  }
  absl::StrAppend(&text, refusal.numbers.size(), "\n");
  for (const auto& [name, value] : refusal.numbers) {
    absl::StrAppend(&text, name, "\n", value, "\n");
  }
  return absl::StrCat(text, refusal.reason);
}

class LineReader {
 public:
  explicit LineReader(absl::string_view text) : rest_(text) {}

  absl::string_view Line() {
    const size_t end = rest_.find('\n');
    if (end == absl::string_view::npos) ok_ = false;
    const absl::string_view line = rest_.substr(0, end);
    rest_ = ok_ ? rest_.substr(end + 1) : absl::string_view();
    return line;
  }
  int64_t Number() {
    int64_t number = 0;
    if (!absl::SimpleAtoi(Line(), &number)) ok_ = false;
    return number;
  }
  absl::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace

absl::string_view ErrorKindName(ErrorKind kind) {
  const Entry* entry = Find(static_cast<int>(kind));
  return entry != nullptr ? entry->name : "Unknown";
}

absl::Status Error(ErrorKind kind, absl::string_view detail) {
  QUORATE_CHECK(kind != ErrorKind::kNone);
  const Entry* entry = Find(static_cast<int>(kind));
  QUORATE_CHECK(entry != nullptr);
  absl::Status status(entry->canonical,
                      detail.empty() ? std::string(entry->name)
                                     : absl::StrCat(entry->name, ": ", detail));
  status.SetPayload(kKindPayload,
                    absl::Cord(absl::StrCat(static_cast<int>(kind))));
  return status;
}

ErrorKind ErrorKindOf(const absl::Status& status) {
  if (status.ok()) return ErrorKind::kNone;
  const absl::optional<absl::Cord> payload = status.GetPayload(kKindPayload);
  int number = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &number)) {
    return ErrorKind::kNone;
  }
  const Entry* entry = Find(number);
  return entry != nullptr ? entry->kind : ErrorKind::kNone;
}

absl::Status RefusalError(const Refusal& refusal) {
  const bool may_help = refusal.retry_after_ms.has_value();
  absl::Status status(may_help ? absl::StatusCode::kUnavailable
                               : absl::StatusCode::kFailedPrecondition,
                      consensus::Describe(refusal));
  status.SetPayload(kRefusalPayload, absl::Cord(Encode(refusal)));
  return status;
}

std::optional<Refusal> RefusalOf(const absl::Status& status) {
  if (status.ok()) return std::nullopt;
  const absl::optional<absl::Cord> payload = status.GetPayload(kRefusalPayload);
  if (!payload) return std::nullopt;
  const std::string text(*payload);
  LineReader reader(text);
  Refusal refusal;
  const int64_t rule = reader.Number();
  if (rule < 0 || rule >= consensus::kRuleCount) return std::nullopt;
  refusal.rule = static_cast<Rule>(rule);
  const absl::string_view retry = reader.Line();
  int64_t retry_ms = 0;
  if (absl::SimpleAtoi(retry, &retry_ms)) refusal.retry_after_ms = retry_ms;
  for (int64_t left = reader.Number(); left > 0 && reader.ok(); --left) {
    std::string name(reader.Line());
    refusal.numbers.emplace_back(std::move(name), reader.Number());
  }
  if (!reader.ok()) return std::nullopt;
  refusal.reason = std::string(reader.rest());
  return refusal;
}

}  // namespace quorate::replica
