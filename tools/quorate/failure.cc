#include "tools/quorate/failure.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "coord/client/error.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/console.h"
#include "tools/quorate/exit_code.h"

namespace quorate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kUsageKind[] = "Usage";
constexpr char kLocalKind[] = "Local";
constexpr char kTimeoutKind[] = "Timeout";
constexpr char kUnreachableKind[] = "Unreachable";
constexpr char kPinnedKind[] = "Pinned";
constexpr char kNotObservedKind[] = "NotObserved";
constexpr char kToldPayload[] = "quorate.tools/already-told";
constexpr char kChangePayload[] = "quorate.tools/change-id";

absl::Status Own(absl::StatusCode code, absl::string_view kind,
                 absl::string_view message) {
  client::ErrorInfo info;
  info.kind = std::string(kind);
  return client::MakeError(code, message, info);
}

struct KindFacts {
  const char* kind;
  ExitCode exit_code;
  const char* hint;  // may be empty
};

// Kinds that are not simply the ensemble's answer, or that need a hint.
constexpr KindFacts kKinds[] = {
    {kUsageKind, ExitCode::kUsage, ""},
    {kLocalKind, ExitCode::kLocal, ""},
    {kTimeoutKind, ExitCode::kUnreachable,
     "look at quorate status; --timeout waits longer"},
    {kUnreachableKind, ExitCode::kUnreachable,
     "check --endpoints or --brokers, and whether they run: quorate status, "
     "quorate cluster status"},
    {kPinnedKind, ExitCode::kRefused,
     "these are not the members you spoke to before, or one that is behind; "
     "if that is meant, remove the pin file"},
    {kNotObservedKind, ExitCode::kNotObserved,
     "run it again with the same --seed, and with --keep, for the logs"},
    {"NoLeader", ExitCode::kUnreachable,
     "a majority of the voters must run; look at quorate status"},
    {"NotLeader", ExitCode::kUnreachable,
     "a majority of the voters must run; look at quorate status"},
    {"NotServing", ExitCode::kUnreachable,
     "the member is joining or starting; look at quorate status"},
    {"Stopped", ExitCode::kUnreachable,
     "this member has stopped for good; name others with --endpoints"},
    {"UnknownOutcome", ExitCode::kUnreachable,
     "the write may or may not have been applied: look before trying again"},
    {"Overloaded", ExitCode::kAnswered, "try again after a pause"},
    {"DiskFull", ExitCode::kAnswered,
     "make room on the members' disks; they recover by themselves"},
    {"NoNode", ExitCode::kAnswered, "quorate ls shows what there is"},
    {"NodeExists", ExitCode::kAnswered,
     "quorate set changes the data of a znode that is there"},
    {"BadVersion", ExitCode::kAnswered,
     "it has been changed meanwhile: read it again with quorate get --stat"},
    {"NotEmpty", ExitCode::kAnswered,
     "delete its children first, or use --recursive"},
    {"NoAuth", ExitCode::kAnswered,
     "quorate acl get shows who may; --auth digest:USER:PASSWORD proves it"},
    {"InvalidAcl", ExitCode::kAnswered,
     "an ACL reads SCHEME:ID:PERMISSIONS, such as world:anyone:cdrwa"},
    {"SessionExpired", ExitCode::kAnswered,
     "its ephemerals and watches are gone; open a new session"},
    {"QuotaExceeded", ExitCode::kAnswered,
     "quorate quota get shows the limit and what is used"},
    {"UNIMPLEMENTED", ExitCode::kUnreachable,
     "who listens there offers no such service: --brokers names brokers, "
     "--endpoints members of the ensemble"},
    {"NoTopic", ExitCode::kAnswered, "quorate topic list shows what there is"},
    {"TopicExists", ExitCode::kAnswered,
     "quorate topic describe shows it; its settings stay as they are"},
    {"NotEnoughBrokers", ExitCode::kAnswered,
     "quorate broker list shows those that are registered"},
    {"NoGroup", ExitCode::kAnswered, "quorate group list shows what there is"},
    {"GroupNotEmpty", ExitCode::kAnswered,
     "quorate group describe shows its members; stop them first"},
    {"NotController", ExitCode::kUnreachable,
     "a controller is being elected; look at quorate controller show"},
    {"NotReady", ExitCode::kUnreachable,
     "it is starting, or has lost the ensemble; look at quorate status"},
    {"Stopping", ExitCode::kUnreachable, "name others with --brokers"},
    {"RequestTimedOut", ExitCode::kUnreachable,
     "it may or may not have been done: look before trying again"},
    {"WrongEnsemble", ExitCode::kRefused,
     "these are not the brokers you spoke to before, or one has strayed; "
     "quorate controller show tells"},
    {"NoLetter", ExitCode::kAnswered, "quorate dlq list shows what there is"},
    {"SpoolFull", ExitCode::kLocal,
     "quorate dlq replay sends what waits; quorate dlq drop removes it"},
    {"LocalFile", ExitCode::kLocal, ""},
    {"Damaged", ExitCode::kLocal, ""},
    {"WrongSchema", ExitCode::kLocal, ""},
    {"NoChildrenForEphemerals", ExitCode::kAnswered,
     "create it below a persistent znode"},
};

const KindFacts* FactsOf(absl::string_view kind) {
  for (const KindFacts& facts : kKinds) {
    if (kind == facts.kind) return &facts;
  }
  return nullptr;
}

// For a status that nobody has answered: what its code says.
absl::string_view KindOfCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return kUsageKind;
    case absl::StatusCode::kDeadlineExceeded:
      return kTimeoutKind;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kCancelled:
      return kUnreachableKind;
    case absl::StatusCode::kFailedPrecondition:
      return kPinnedKind;
    default:
      return "";
  }
}

// Of the change that `status` is about, as text; empty: it is about none.
std::string ChangeIdOf(const absl::Status& status) {
  const auto id = status.GetPayload(kChangePayload);
  return id ? std::string(*id) : "";
}

void PrintJson(const Console& console, const absl::Status& status,
               const client::ErrorInfo& info) {
  Json error;
  error["kind"] = KindOf(status);
  error["message"] = std::string(status.message());
  error["exit_code"] = static_cast<int>(ExitCodeOf(status));
  if (!info.path.empty()) error["path"] = info.path;
  if (info.zookeeper_code != 0) error["zookeeper_code"] = info.zookeeper_code;
  if (info.rule != 0) {
    error["rule"] = info.rule;
    error["rule_name"] = info.rule_name;
  }
  for (const auto& [name, value] : info.numbers) {
    error["numbers"][name] = value;
  }
  if (info.retry_after_ms) error["retry_after_ms"] = *info.retry_after_ms;
  if (!info.leader_address.empty()) {
    error["leader_address"] = info.leader_address;
  }
  if (!info.op_codes.empty()) error["op_codes"] = info.op_codes;
  const std::string change_id = ChangeIdOf(status);
  if (!change_id.empty()) error["change_id"] = change_id;
  const std::string hint = HintFor(status);
  if (!hint.empty()) error["hint"] = hint;
  console.err << Json{{"error", error}}.dump(-1, ' ', false,
                                             Json::error_handler_t::replace)
              << std::endl;
}

}  // namespace

absl::Status UsageError(absl::string_view message) {
  return Own(absl::StatusCode::kInvalidArgument, kUsageKind, message);
}

absl::Status LocalError(absl::string_view message) {
  return Own(absl::StatusCode::kInternal, kLocalKind, message);
}

absl::Status SystemError(absl::string_view what, int error_number) {
  return LocalError(
      absl::StrCat(what, ": ", std::generic_category().message(error_number)));
}

absl::Status TimeoutError(absl::string_view message) {
  return Own(absl::StatusCode::kDeadlineExceeded, kTimeoutKind, message);
}

absl::Status PinnedError(absl::string_view message) {
  return Own(absl::StatusCode::kFailedPrecondition, kPinnedKind, message);
}

absl::Status NotObservedError(absl::string_view message) {
  return Own(absl::StatusCode::kAborted, kNotObservedKind, message);
}

absl::Status AlreadyTold(const absl::Status& status) {
  absl::Status told = status;
  told.SetPayload(kToldPayload, absl::Cord("1"));
  return told;
}

absl::Status WithChangeId(const absl::Status& status, uint64_t change_id) {
  absl::Status changed = status;
  changed.SetPayload(kChangePayload,
                     absl::Cord(absl::StrFormat("%016x", change_id)));
  return changed;
}

std::string FormatRetry(int64_t retry_after_ms) {
  return absl::StrFormat("in %d.%d s", (retry_after_ms + 99) / 1000,
                         (retry_after_ms + 99) / 100 % 10);
}

std::string KindOf(const absl::Status& status) {
  const std::optional<client::ErrorInfo> info = client::ErrorInfoOf(status);
  if (info && !info->kind.empty()) return info->kind;
  const absl::string_view kind = KindOfCode(status.code());
  return kind.empty() ? absl::StatusCodeToString(status.code())
                      : std::string(kind);
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return ExitCode::kOk;
  const std::optional<client::ErrorInfo> info = client::ErrorInfoOf(status);
  if (info && info->rule != 0) return ExitCode::kRefused;
  const KindFacts* facts = FactsOf(KindOf(status));
  return facts != nullptr ? facts->exit_code : ExitCode::kAnswered;
}

std::string HintFor(const absl::Status& status) {
  const KindFacts* facts = FactsOf(KindOf(status));
  return facts != nullptr ? facts->hint : "";
}

void PrintFailure(const Console& console, const absl::Status& status) {
  if (status.ok() || status.GetPayload(kToldPayload)) return;
  const client::ErrorInfo info =
      client::ErrorInfoOf(status).value_or(client::ErrorInfo());
  if (console.json) return PrintJson(console, status, info);
  const std::string kind = KindOf(status);
  absl::string_view message = status.message();
  if (info.rule != 0) {
    // What the message says of rule and numbers has lines of its own.
    absl::ConsumePrefix(&message, absl::StrCat(kind, ": "));
    absl::ConsumePrefix(&message, absl::StrCat("rule ", info.rule, " (",
                                               info.rule_name, "): "));
    if (!info.numbers.empty()) message = message.substr(0, message.find(" ["));
    console.err << "quorate: " << kind << ": rule " << info.rule << " ("
                << info.rule_name << "): " << message << "\n";
  } else if (absl::StartsWith(message, kind)) {
    console.err << "quorate: " << message << "\n";
  } else {
    console.err << "quorate: " << kind << ": " << message << "\n";
  }
  for (const auto& [name, value] : info.numbers) {
    console.err << "  number:  " << name << " = " << value << "\n";
  }
  if (info.retry_after_ms) {
    console.err << "  retry:   " << FormatRetry(*info.retry_after_ms)
                << " at the earliest\n";
  }
  if (!info.leader_address.empty()) {
    console.err << "  leader:  " << info.leader_address << "\n";
  }
  const std::string change_id = ChangeIdOf(status);
  if (!change_id.empty()) {
    console.err << "  change:  " << change_id << "; where it stands: quorate "
                << "member change-state " << change_id << "; to send it again: "
                << "--change-id " << change_id << "\n";
  }
  const std::string hint = HintFor(status);
  if (!hint.empty()) console.err << "  hint:    " << hint << "\n";
  console.err << std::flush;
}

}  // namespace quorate::tools
