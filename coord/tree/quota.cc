#include "coord/tree/quota.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/tree/path.h"

namespace quorate::tree {
namespace {

constexpr char kLimitsSuffix[] = "/zookeeper_limits";
constexpr char kStatsSuffix[] = "/zookeeper_stats";

absl::string_view Inner(absl::string_view path, absl::string_view suffix) {
  const size_t quota_size = absl::string_view(kQuotaPath).size();
  if (!absl::StartsWith(path, kQuotaPath) || !absl::EndsWith(path, suffix) ||
      path.size() <= quota_size + suffix.size()) {
    return "";
  }
  path.remove_prefix(quota_size);
  path.remove_suffix(suffix.size());
  if (path[0] != '/' || IsAtOrBelow(path, kSystemPath)) return "";
  return path;
}

QuotaVerdict JudgeOne(int64_t soft, int64_t hard, int64_t used,
                      int64_t change) {
  if (change == 0) return QuotaVerdict::kWithin;
  if (hard > -1) {
    return used + change > hard ? QuotaVerdict::kOverHard
                                : QuotaVerdict::kWithin;
  }
  return soft > -1 && used + change > soft ? QuotaVerdict::kOverSoft
                                           : QuotaVerdict::kWithin;
}

}  // namespace

std::optional<QuotaLimits> ParseQuotaLimits(absl::string_view text) {
  QuotaLimits limits;
  for (absl::string_view pair :
       absl::StrSplit(text, absl::ByAnyChar(",;"), absl::SkipEmpty())) {
    // "bytes=5=" is written so for the sake of old readers.
    const size_t equals = pair.find('=');
    if (equals == absl::string_view::npos) return std::nullopt;
    const absl::string_view key = pair.substr(0, equals);
    absl::string_view number = pair.substr(equals + 1);
    number = number.substr(0, number.find('='));
    int64_t value = -1;
    if (!number.empty() && !absl::SimpleAtoi(number, &value)) {
      return std::nullopt;
    }
    if (key == "count") limits.count = value;
    if (key == "bytes") limits.bytes = value;
    if (key == "countHardLimit") limits.count_hard = value;
    if (key == "byteHardLimit") limits.bytes_hard = value;
  }
  return limits;
}

std::string FormatQuotaStats(const QuotaUsage& usage) {
  return absl::StrCat("count=", usage.count, ",bytes=", usage.bytes);
}

std::string QuotaLimitsPath(absl::string_view path) {
  return absl::StrCat(kQuotaPath, path, kLimitsSuffix);
}

std::string QuotaStatsPath(absl::string_view path) {
  return absl::StrCat(kQuotaPath, path, kStatsSuffix);
}

absl::string_view PathOfQuotaLimits(absl::string_view path) {
  return Inner(path, kLimitsSuffix);
}

absl::string_view PathOfQuotaStats(absl::string_view path) {
  return Inner(path, kStatsSuffix);
}

QuotaVerdict JudgeQuota(const QuotaLimits& limits, const QuotaUsage& used,
                        const QuotaUsage& change) {
  return std::max(
      JudgeOne(limits.count, limits.count_hard, used.count, change.count),
      JudgeOne(limits.bytes, limits.bytes_hard, used.bytes, change.bytes));
}

}  // namespace quorate::tree
