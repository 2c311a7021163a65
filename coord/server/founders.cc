#include "coord/server/founders.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/options.h"
#include "coord/server/host_port.h"

namespace quorate::server {
namespace {

using Founder = consensus::Manifest::Founder;

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

// Digits only: SimpleAtoi would allow signs and blanks.
bool ParseNumber(absl::string_view text, uint64_t* number) {
  return !text.empty() &&
         text.find_first_not_of("0123456789") == absl::string_view::npos &&
         absl::SimpleAtoi(text, number);
}

// An address that a peer can dial.
absl::StatusOr<std::string> ParsePeerAddress(absl::string_view text) {
  absl::StatusOr<HostPort> address = ParseHostPort(text);
  if (!address.ok()) return address.status();
  if (address->port == 0 || address->IsWildcard()) {
    return Bad(absl::StrCat("expected an address that others can reach; found ",
                            text));
  }
  return std::string(text);
}

absl::StatusOr<Founder> ParseFounder(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('=', 1));
  uint64_t id = 0;
  if (!ParseNumber(parts.first, &id) || id == 0) {
    return Bad(
        absl::StrCat("expected ID=HOST:PORT with an id of at least 1; "
                     "found \"",
                     text, "\""));
  }
  absl::StatusOr<std::string> address = ParsePeerAddress(parts.second);
  if (!address.ok()) return address.status();
  return Founder{MemberId{id}, *std::move(address)};
}

}  // namespace

absl::StatusOr<std::vector<Founder>> ParseFounders(absl::string_view text) {
  std::vector<Founder> founders;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    absl::StatusOr<Founder> founder = ParseFounder(part);
    if (!founder.ok()) return founder.status();
    founders.push_back(*std::move(founder));
  }
  std::sort(founders.begin(), founders.end(),
            [](const Founder& a, const Founder& b) { return a.id < b.id; });
  for (size_t i = 1; i < founders.size(); ++i) {
    if (founders[i].id == founders[i - 1].id) {
      return Bad(absl::StrCat("expected each id once; found ",
                              ToString(founders[i].id), " twice"));
    }
  }
  return founders;
}

absl::StatusOr<std::vector<std::string>> ParseSeeds(absl::string_view text) {
  std::vector<std::string> seeds;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    absl::StatusOr<std::string> address = ParsePeerAddress(part);
    if (!address.ok()) return address.status();
    if (std::find(seeds.begin(), seeds.end(), *address) != seeds.end()) {
      return Bad(absl::StrCat("expected each address once; found ", *address,
                              " twice"));
    }
    seeds.push_back(*std::move(address));
  }
  return seeds;
}

absl::Status SetLimit(absl::string_view text, consensus::Limits& limits) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('=', 1));
  uint64_t number = 0;
  if (!ParseNumber(parts.second, &number)) {
    return Bad(absl::StrCat("expected NAME=NUMBER; found \"", text, "\""));
  }
  bool found = false;
  bool fits = true;
  consensus::ForEachLimit(limits, [&](absl::string_view name, auto& limit) {
    if (name != parts.first) return;
    using Number = std::remove_reference_t<decltype(limit)>;
    found = true;
    fits = number <= uint64_t{std::numeric_limits<Number>::max()};
    if (fits) limit = static_cast<Number>(number);
  });
  if (!found) {
    return Bad(absl::StrCat("there is no limit \"", parts.first,
                            "\"; there are ", DescribeLimits()));
  }
  if (!fits) return Bad(absl::StrCat("the number is too large: ", text));
  return absl::OkStatus();
}

std::string DescribeLimits() {
  consensus::Limits limits;
  std::string text;
  consensus::ForEachLimit(limits, [&](absl::string_view name, auto limit) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", name, "=", limit);
  });
  return text;
}

}  // namespace quorate::server
