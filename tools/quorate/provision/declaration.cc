#include "tools/quorate/provision/declaration.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "coord/base/json_nesting.h"
#include "coord/consensus/limits.h"
#include "nlohmann/json.hpp"
#include "tools/quorate/failure.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

constexpr int kFormat = 1;
constexpr size_t kEnsembleIdDigits = 32;

// What is wrong with a place in the source, such as "members[2].role".
class Place {
 public:
  Place(absl::string_view source, absl::string_view path)
      : source_(source), path_(path) {}

  absl::Status Error(absl::string_view what) const {
    return UsageError(path_.empty()
                          ? absl::StrCat(source_, ": ", what)
                          : absl::StrCat(source_, ": ", path_, ": ", what));
  }
  absl::Status Expected(absl::string_view what, const Json& found) const {
    return Error(absl::StrCat("expected ", what, ", found ",
                              Printable(Dump(found), 80)));
  }
  Place Field(absl::string_view name) const {
    return Place(source_,
                 path_.empty() ? name : absl::StrCat(path_, ".", name));
  }

 private:
  std::string source_;
  std::string path_;
};

// Keys that stand twice in one object: the parser would keep the last only.
class DuplicateKeys {
 public:
  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    const size_t level = static_cast<size_t>(depth);
    if (event == Json::parse_event_t::object_start) {
      keys_.resize(std::max(keys_.size(), level + 2));
      keys_[level + 1].clear();
    }
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_[level].insert(key).second) found_.push_back(key);
    }
    return true;
  }
  const std::vector<std::string>& found() const { return found_; }

 private:
  std::vector<std::set<std::string>> keys_;  // by depth
  std::vector<std::string> found_;
};

absl::StatusOr<Json> ParseJson(absl::string_view text, const Place& place) {
  if (JsonNesting(text) > kMaxJsonNesting) {
    return place.Error("lists and objects are nested too deeply");
  }
  DuplicateKeys duplicates;
  Json json;
  try {
    json = Json::parse(text.begin(), text.end(),
                       [&](int depth, Json::parse_event_t event, Json& parsed) {
                         return duplicates(depth, event, parsed);
                       });
  } catch (const Json::exception& error) {  // also a number beyond all
    absl::string_view what = error.what();
    // The library's own number of the error tells nothing to a user.
    const size_t bracket = what.find("] ");
    if (bracket != absl::string_view::npos) what.remove_prefix(bracket + 2);
    return place.Error(absl::StrCat("no JSON: ", Printable(what, 200)));
  }
  if (!duplicates.found().empty()) {
    return place.Error(absl::StrCat("the key \"",
                                    Printable(duplicates.found().front(), 80),
                                    "\" stands twice in one object"));
  }
  return json;
}

absl::Status CheckKeys(const Json& object,
                       const std::vector<absl::string_view>& needed,
                       const std::vector<absl::string_view>& optional,
                       const Place& place) {
  if (!object.is_object()) return place.Expected("an object", object);
  std::vector<absl::string_view> known = needed;
  known.insert(known.end(), optional.begin(), optional.end());
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return place.Error(absl::StrCat("unknown key \"", Printable(key, 80),
                                      "\"; there are ",
                                      absl::StrJoin(known, ", ")));
    }
  }
  for (const absl::string_view key : needed) {
    if (!object.contains(std::string(key))) {
      return place.Error(absl::StrCat("the key \"", key, "\" is missing"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<DeclaredMember> ParseMember(const Json& json,
                                           const Place& place) {
  const absl::Status keys = CheckKeys(json, {"address", "role"}, {"id"}, place);
  if (!keys.ok()) return keys;
  DeclaredMember member;
  if (json.contains("id")) {
    const Json& id = json["id"];
    constexpr uint64_t kMaxId = std::numeric_limits<int64_t>::max();
    if (!id.is_number_unsigned() || id.get<uint64_t>() == 0 ||
        id.get<uint64_t>() > kMaxId) {
      return place.Field("id").Expected("a whole number from 1 on", id);
    }
    member.id = id.get<uint64_t>();
  }
  const Json& address = json["address"];
  if (!address.is_string()) {
    return place.Field("address").Expected("\"HOST:PORT\"", address);
  }
  member.address = address.get<std::string>();
  const absl::Status valid = CheckEndpoint(member.address);
  if (!valid.ok()) return place.Field("address").Error(valid.message());
  if (member.address.size() > consensus::kMaxAddressBytes) {
    return place.Field("address").Error(
        absl::StrCat("longer than ", consensus::kMaxAddressBytes, " bytes"));
  }
  const Json& role = json["role"];
  if (role != "voter" && role != "learner") {
    return place.Field("role").Expected("\"voter\" or \"learner\"", role);
  }
  member.voter = role == "voter";
  return member;
}

absl::Status CheckWhole(const Declaration& declaration, const Place& place) {
  std::set<uint64_t> ids;
  std::set<std::string> addresses;
  for (size_t i = 0; i < declaration.members.size(); ++i) {
    const DeclaredMember& member = declaration.members[i];
    const Place here = place.Field(absl::StrCat("members[", i, "]"));
    if (member.id != 0 && !ids.insert(member.id).second) {
      return here.Field("id").Error(
          absl::StrCat("another member has the id ", member.id));
    }
    if (!addresses.insert(member.address).second) {
      return here.Field("address").Error(
          absl::StrCat("another member has the address ", member.address));
    }
  }
  const size_t voters = declaration.VoterCount();
  const size_t learners = declaration.members.size() - voters;
  const Place members = place.Field("members");
  if (voters == 0) {
    return members.Error("no voter; an ensemble has at least one");
  }
  if (voters > consensus::kMaxVoters) {
    return members.Error(absl::StrCat(voters, " voters; at most ",
                                      consensus::kMaxVoters, " are possible"));
  }
  if (learners > consensus::kMaxLearners) {
    return members.Error(absl::StrCat(learners, " learners; at most ",
                                      consensus::kMaxLearners,
                                      " are possible"));
  }
  return absl::OkStatus();
}

}  // namespace

size_t Declaration::VoterCount() const {
  return static_cast<size_t>(
      std::count_if(members.begin(), members.end(),
                    [](const DeclaredMember& member) { return member.voter; }));
}

absl::StatusOr<Declaration> ParseDeclaration(absl::string_view text,
                                             absl::string_view source) {
  const Place place(source, "");
  const absl::StatusOr<Json> json = ParseJson(text, place);
  if (!json.ok()) return json.status();
  absl::Status status =
      CheckKeys(*json, {"format", "members"}, {"ensemble_id"}, place);
  if (!status.ok()) return status;
  if ((*json)["format"] != kFormat) {
    return place.Field("format").Expected(absl::StrCat(kFormat),
                                          (*json)["format"]);
  }
  Declaration declaration;
  if (json->contains("ensemble_id")) {
    const Json& id = (*json)["ensemble_id"];
    const std::string hex = id.is_string() ? id.get<std::string>() : "";
    if (hex.size() != kEnsembleIdDigits ||
        !std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit)) {
      return place.Field("ensemble_id")
          .Expected("32 hexadecimal digits, as quorate member list shows them",
                    id);
    }
    declaration.ensemble_id = absl::HexStringToBytes(hex);
  }
  const Json& members = (*json)["members"];
  if (!members.is_array()) {
    return place.Field("members").Expected("a list", members);
  }
  for (size_t i = 0; i < members.size(); ++i) {
    absl::StatusOr<DeclaredMember> member =
        ParseMember(members[i], place.Field(absl::StrCat("members[", i, "]")));
    if (!member.ok()) return member.status();
    declaration.members.push_back(*std::move(member));
  }
  status = CheckWhole(declaration, place);
  if (!status.ok()) return status;
  return declaration;
}

std::string FormatDeclaration(const Declaration& declaration) {
  std::string text = absl::StrCat("{\"format\": ", kFormat, ",\n");
  if (!declaration.ensemble_id.empty()) {
    absl::StrAppend(&text, " \"ensemble_id\": \"",
                    absl::BytesToHexString(declaration.ensemble_id), "\",\n");
  }
  absl::StrAppend(&text, " \"members\": [");
  const char* separator = "\n";
  for (const DeclaredMember& member : declaration.members) {
    absl::StrAppend(&text, separator, "   {");
    if (member.id != 0) absl::StrAppend(&text, "\"id\": ", member.id, ", ");
    absl::StrAppend(&text, "\"address\": ", Dump(Json(member.address)),
                    ", \"role\": \"", member.voter ? "voter" : "learner",
                    "\"}");
    separator = ",\n";
  }
  absl::StrAppend(&text, "]}\n");
  return text;
}

}  // namespace quorate::tools
