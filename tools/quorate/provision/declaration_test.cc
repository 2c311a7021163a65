#include "tools/quorate/provision/declaration.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr char kId[] = "00112233445566778899aabbccddeeff";

std::string WithMembers(absl::string_view members) {
  return absl::StrCat(R"({"format": 1, "members": [)", members, "]}");
}

TEST(Declaration, IsReadBackAsWritten) {
  const absl::StatusOr<Declaration> declared = ParseDeclaration(
      absl::StrCat(R"({"format": 1, "ensemble_id": ")", kId, R"(", "members": [
        {"id": 1, "address": "127.0.0.1:7401", "role": "voter"},
        {"address": "[::1]:7402", "role": "learner"}]})"),
      "file");
  ASSERT_TRUE(declared.ok()) << declared.status();
  EXPECT_EQ(declared->ensemble_id.size(), 16u);
  EXPECT_EQ(declared->VoterCount(), 1u);
  ASSERT_EQ(declared->members.size(), 2u);
  EXPECT_EQ(declared->members[0], (DeclaredMember{1, "127.0.0.1:7401", true}));
  EXPECT_EQ(declared->members[1], (DeclaredMember{0, "[::1]:7402", false}));
  const absl::StatusOr<Declaration> again =
      ParseDeclaration(FormatDeclaration(*declared), "again");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *declared);
}

struct Bad {
  std::string text;
  const char* message;  // a part of it
};

// A declaration of `count` members with this role, after `first`.
std::string Many(const std::string& first, int count, absl::string_view role) {
  std::string members = first;
  for (int i = 1; i <= count; ++i) {
    absl::StrAppend(&members, members.empty() ? "" : ",", R"({"address": "b:)",
                    i, R"(", "role": ")", role, R"("})");
  }
  return WithMembers(members);
}

constexpr char kVoter[] = R"({"id": 1, "address": "a:1", "role": "voter"})";

void ExpectRefused(const Bad& bad) {
  const absl::StatusOr<Declaration> declared =
      ParseDeclaration(bad.text, "file");
  ASSERT_FALSE(declared.ok()) << bad.text;
  EXPECT_EQ(ExitCodeOf(declared.status()), ExitCode::kUsage) << bad.text;
  EXPECT_THAT(std::string(declared.status().message()),
              testing::HasSubstr(bad.message))
      << bad.text;
}

TEST(Declaration, TellsWhatIsWrongWithTheWhole) {
  const Bad bads[] = {
      {"", "file: no JSON"},
      {"{\n\"format\" 1}", "line 2"},
      {"[]", "expected an object, found []"},
      {"{}", "the key \"format\" is missing"},
      {"{\"format\": 1e3000}", "number overflow"},
      {"{\"format\": " + std::string(300'000, '[') + std::string(300'000, ']') +
           ", \"members\": []}",
       "nested too deeply"},
      {R"({"format": 1})", "the key \"members\" is missing"},
      {R"({"format": 2, "members": []})", "format: expected 1, found 2"},
      {R"({"format": 1, "members": [], "member": 1})",
       "unknown key \"member\""},
      {R"({"format": 1, "members": [], "members": []})",
       "\"members\" stands twice"},
      {R"({"format": 1, "members": 3})", "members: expected a list, found 3"},
      {R"({"format": 1, "ensemble_id": "12", "members": []})",
       "ensemble_id: expected 32 hexadecimal digits"},
  };
  for (const Bad& bad : bads) ExpectRefused(bad);
}

TEST(Declaration, TellsWhatIsWrongWithWhichMember) {
  const Bad bads[] = {
      {WithMembers(""), "members: no voter"},
      {WithMembers(R"({"address": "a:1", "role": "learner"})"), "no voter"},
      {WithMembers("7"), "members[0]: expected an object, found 7"},
      {WithMembers(R"({"address": "a:1"})"),
       "members[0]: the key \"role\" is missing"},
      {WithMembers(R"({"role": "voter"})"), "\"address\" is missing"},
      {WithMembers(absl::StrCat(kVoter, R"(,{"address": "b:1", "rôle": 1})")),
       "members[1]: unknown key"},
      {WithMembers(R"({"address": "a:1", "address": "a:2", "role": "voter"})"),
       "\"address\" stands twice"},
      {WithMembers(R"({"address": "a:1", "role": "leader"})"),
       "members[0].role: expected \"voter\" or \"learner\", found \"leader\""},
      {WithMembers(R"({"address": "nowhere", "role": "voter"})"),
       "members[0].address: "},
      {WithMembers(R"({"address": 7, "role": "voter"})"),
       "members[0].address: expected \"HOST:PORT\", found 7"},
      {WithMembers(absl::StrCat(R"({"address": ")", std::string(600, 'a'),
                                R"(:1", "role": "voter"})")),
       "longer than 512 bytes"},
      {WithMembers(R"({"id": 0, "address": "a:1", "role": "voter"})"),
       "members[0].id: expected a whole number from 1 on, found 0"},
      {WithMembers(R"({"id": -1, "address": "a:1", "role": "voter"})"),
       "found -1"},
      {WithMembers(R"({"id": 1.5, "address": "a:1", "role": "voter"})"),
       "found 1.5"},
      {WithMembers(
           R"({"id": 9223372036854775808, "address": "a:1", "role": "voter"})"),
       "members[0].id: expected"},
      {WithMembers(R"({"id": "1", "address": "a:1", "role": "voter"})"),
       "found \"1\""},
      {WithMembers(absl::StrCat(kVoter, ",", kVoter)),
       "members[1].id: another member has the id 1"},
      {WithMembers(
           absl::StrCat(kVoter, R"(,{"address": "a:1", "role": "learner"})")),
       "members[1].address: another member has the address a:1"},
      {Many("", 32, "voter"), "members: 32 voters; at most 31"},
      {Many(kVoter, 65, "learner"), "members: 65 learners; at most 64"},
  };
  for (const Bad& bad : bads) ExpectRefused(bad);
}

// The same key in different objects is none that stands twice.
TEST(Declaration, TakesTheSameKeysInEachMember) {
  EXPECT_TRUE(
      ParseDeclaration(WithMembers(R"({"address": "a:1", "role": "voter"},
                                      {"address": "a:2", "role": "voter"})"),
                       "file")
          .ok());
}

}  // namespace
}  // namespace quorate::tools
