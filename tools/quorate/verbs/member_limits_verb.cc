// member limits: the replicated times and bounds of the membership rules.
//
// The names are those of the fields of MembershipLimits, and are found there:
// a limit that is added to the API is shown and set without a change here.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "coord/client/admin.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/member_verbs.h"
#include "tools/quorate/verbs/membership_change.h"

namespace quorate::tools {
namespace {

using coord::v1::ChangeMembershipRequest;
using coord::v1::ChangeMembershipResponse;
using coord::v1::MembershipLimits;
using google::protobuf::FieldDescriptor;

struct LimitsOptions {
  std::vector<std::string> set;
  ChangeOptions change;
};

struct Meaning {
  const char* name;
  const char* text;
};

constexpr Meaning kMeanings[] = {
    {"stabilisation_ms", "how long a member must have been well (13, 14)"},
    {"promotion_distance_ms", "least time between two promotions (14)"},
    {"contact_ms", "not heard for longer: not in contact (12 to 15)"},
    {"dead_ms", "not heard for longer: dead (17)"},
    {"max_lag_records", "most records a learner may lack (12)"},
    {"max_lag_bytes", "most bytes of records a learner may lack (12)"},
    {"max_fsync_ms", "slowest fsync of a learner (12)"},
    {"max_learners", "most learners at once (16)"},
    {"max_snapshot_transfers", "most snapshots on their way at once (16)"},
    {"min_voters", "the floor: no change leaves fewer voters (17)"},
    {"auto_promote", "the leader promotes proven learners by itself"},
    {"auto_remove_dead", "the leader removes dead voters by itself (17)"},
};

std::string MeaningOf(const std::string& name) {
  for (const Meaning& meaning : kMeanings) {
    if (name == meaning.name) return meaning.text;
  }
  return "";
}

std::string ValueOf(const MembershipLimits& limits,
                    const FieldDescriptor& field) {
  const google::protobuf::Reflection& values = *limits.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(values.GetInt64(limits, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(values.GetUInt64(limits, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(values.GetUInt32(limits, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return values.GetBool(limits, &field) ? "true" : "false";
    default:
      return "";
  }
}

// False: the text is no value of this field. Ranges are the leader's to judge.
bool SetValue(MembershipLimits& limits, const FieldDescriptor& field,
              const std::string& text) {
  const google::protobuf::Reflection& values = *limits.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    bool value = false;
    if (!absl::SimpleAtob(text, &value)) return false;
    values.SetBool(&limits, &field, value);
    return true;
  }
  uint64_t value = 0;
  if (text.find_first_not_of("0123456789") != std::string::npos ||
      !absl::SimpleAtoi(text, &value)) {
    return false;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      if (value > uint64_t{std::numeric_limits<int64_t>::max()}) return false;
      values.SetInt64(&limits, &field, static_cast<int64_t>(value));
      return true;
    case FieldDescriptor::CPPTYPE_UINT64:
      values.SetUInt64(&limits, &field, value);
      return true;
    case FieldDescriptor::CPPTYPE_UINT32:
      if (value > std::numeric_limits<uint32_t>::max()) return false;
      values.SetUInt32(&limits, &field, static_cast<uint32_t>(value));
      return true;
    default:
      return false;
  }
}

// Usage: no NAME=VALUE, no such limit, or no value of it.
absl::Status SetOne(const std::string& text, MembershipLimits& limits) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(text, absl::MaxSplits('=', 1));
  const google::protobuf::Descriptor& all = *MembershipLimits::descriptor();
  const FieldDescriptor* field = all.FindFieldByName(parts.first);
  if (field == nullptr) {
    std::string names;
    for (int i = 0; i < all.field_count(); ++i) {
      absl::StrAppend(&names, i == 0 ? "" : ", ", all.field(i)->name());
    }
    return UsageError(absl::StrCat("there is no limit \"",
                                   Printable(parts.first, 100),
                                   "\"; there are ", names));
  }
  if (!SetValue(limits, *field, parts.second)) {
    const bool is_switch = field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL;
    return UsageError(absl::StrCat("expected ", parts.first, "=",
                                   is_switch ? "true or false" : "NUMBER",
                                   "; found \"", Printable(text, 200), "\""));
  }
  return absl::OkStatus();
}

void Print(const Console& console, uint64_t version,
           const MembershipLimits& limits) {
  const google::protobuf::Descriptor& all = *MembershipLimits::descriptor();
  if (console.json) {
    Json values;
    for (int i = 0; i < all.field_count(); ++i) {
      values[all.field(i)->name()] =
          Json::parse(ValueOf(limits, *all.field(i)));
    }
    console.out << Dump(
                       {{"configuration_version", version}, {"limits", values}})
                << std::endl;
    return;
  }
  Table table({"LIMIT", "VALUE", "MEANING (RULE)"});
  for (int i = 0; i < all.field_count(); ++i) {
    const FieldDescriptor& field = *all.field(i);
    table.Add({field.name(), ValueOf(limits, field), MeaningOf(field.name())});
  }
  table.Print(console);
  console.out << "\nin force since configuration v" << version << " or before"
              << std::endl;
}

absl::Status RunLimits(Context& context, const LimitsOptions& options) {
  MembershipLimits tried;
  for (const std::string& text : options.set) {
    const absl::Status status = SetOne(text, tried);
    if (!status.ok()) return status;
  }
  const absl::StatusOr<uint64_t> change_id = ChangeIdFor(options.change);
  if (!change_id.ok()) return change_id.status();
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const absl::StatusOr<coord::v1::MembersResponse> all = (*admin)->Members();
  if (!all.ok()) return all.status();
  if (options.set.empty()) {
    Print(context.console(), all->configuration_version(), all->limits());
    return absl::OkStatus();
  }
  ChangeMembershipRequest request;
  request.set_change_id(*change_id);
  *request.mutable_limits() = all->limits();
  for (const std::string& text : options.set) {
    const absl::Status status = SetOne(text, *request.mutable_limits());
    if (!status.ok()) return status;
  }
  // What others set meanwhile is not to be taken back.
  ChangeOptions change = options.change;
  if (change.expected_version == 0) {
    change.expected_version =
        static_cast<int64_t>(all->configuration_version());
  }
  const absl::StatusOr<ChangeMembershipResponse> response =
      CarryOut(context, request, change);
  if (!response.ok()) return response.status();
  PrintChange(context.console(), request, *response, change.no_wait);
  return absl::OkStatus();
}

}  // namespace

void AddMemberLimitsVerb(Verb& group, Context& context) {
  auto options = std::make_shared<LimitsOptions>();
  Verb verb = group.AddVerb(
      "limits",
      "print the times and bounds of the membership rules, or change some; no "
      "value switches a rule off");
  verb.Option("--set", &options->set, "NAME=VALUE", "may be repeated");
  AddChangeOptions(verb, options->change);
  verb.Example("quorate member limits")
      .Example("quorate member limits --set min_voters=3")
      .Example(
          "quorate member limits --set auto_remove_dead=true --set "
          "dead_ms=600000")
      .Does([options, &context] { return RunLimits(context, *options); });
}

}  // namespace quorate::tools
