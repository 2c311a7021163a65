#include "broker/group/group_record.h"

#include <cstdint>
#include <exception>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/error/broker_error.h"
#include "broker/group/group_types.h"
#include "broker/image/znodes.h"
#include "coord/base/json_nesting.h"
#include "nlohmann/json.hpp"

namespace quorate::broker {
namespace {

using Json = nlohmann::ordered_json;

absl::Status Malformed(absl::string_view what, absl::string_view text) {
  return absl::DataLossError(
      absl::StrCat("expected ", what, ", found ", text.substr(0, 100)));
}

// Throws Json::exception: no JSON. Null if it is nested too deeply.
Json ParseJson(absl::string_view text) {
  if (JsonNesting(text) > kMaxJsonNesting) return nullptr;
  return Json::parse(text.begin(), text.end());
}

}  // namespace

std::string GroupPath(absl::string_view group) {
  return absl::StrCat(kGroupsPath, "/", group);
}

std::string GroupTopicPath(absl::string_view group, absl::string_view topic) {
  return absl::StrCat(kGroupsPath, "/", group, "/", topic);
}

std::string EncodeGeneration(int32_t generation) {
  return Json{{"generation", generation}}.dump();
}

std::string EncodeOffsets(const TopicOffsets& offsets) {
  Json json = {{"topic_id", offsets.topic_id}, {"offsets", Json::object()}};
  for (const auto& [partition, offset] : offsets.offsets) {
    json["offsets"][absl::StrCat(partition)] = offset;
  }
  return json.dump();
}

absl::StatusOr<int32_t> ParseGeneration(absl::string_view text) {
  try {
    const Json json = ParseJson(text);
    const Json& number = json.at("generation");
    if (!number.is_number_integer()) return Malformed("a generation", text);
    const auto generation = number.get<int64_t>();
    if (generation < 0 || generation > std::numeric_limits<int32_t>::max()) {
      return Malformed("a generation", text);
    }
    return static_cast<int32_t>(generation);
  } catch (const Json::exception&) {
    return Malformed("{\"generation\": N}", text);
  }
}

absl::StatusOr<TopicOffsets> ParseOffsets(absl::string_view text) {
  constexpr char kForm[] = "{\"topic_id\": N, \"offsets\": {\"0\": N, ...}}";
  try {
    const Json json = ParseJson(text);
    TopicOffsets offsets;
    const Json& topic_id = json.at("topic_id");
    if (!topic_id.is_number_unsigned()) return Malformed(kForm, text);
    offsets.topic_id = topic_id.get<uint64_t>();
    for (const auto& [key, value] : json.at("offsets").items()) {
      int32_t partition = 0;
      if (!value.is_number_integer()) return Malformed(kForm, text);
      const auto offset = value.get<int64_t>();
      if (!absl::SimpleAtoi(key, &partition) || partition < 0 || offset < 0) {
        return Malformed(kForm, text);
      }
      offsets.offsets[partition] = offset;
    }
    return offsets;
  } catch (const Json::exception&) {
    return Malformed(kForm, text);
  }
}

absl::Status CheckGroupName(absl::string_view name) {
  bool valid = !name.empty() && name.size() <= kMaxGroupNameBytes &&
               name != "." && name != "..";
  for (const char c : name) {
    valid = valid && (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                      c == '.' || c == '_' || c == '-');
  }
  if (valid) return absl::OkStatus();
  std::string shown;
  for (const char c : name.substr(0, 100)) {
    shown += absl::ascii_isprint(static_cast<unsigned char>(c)) ? c : '?';
  }
  return BrokerError(
      ErrorKind::kBadRequest,
      absl::StrCat("a group's name is 1 to ", kMaxGroupNameBytes,
                   " of letters, digits, '.', '_' and '-'; found \"", shown,
                   "\""));
}

}  // namespace quorate::broker
