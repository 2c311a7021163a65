#include "coord/client/endpoint_rotation.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/base/seeded_random.h"

namespace quorate::client {

absl::Status CheckEndpoint(absl::string_view endpoint) {
  const size_t colon = endpoint.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(endpoint.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("an endpoint is host:port with a port from 1 to 65535; "
                     "found '",
                     endpoint.substr(0, 200), "'"));
  }
  return absl::OkStatus();
}

absl::Status CheckEndpoints(const std::vector<std::string>& endpoints) {
  if (endpoints.empty()) {
    return absl::InvalidArgumentError(
        "at least one endpoint (host:port) is needed; found none");
  }
  for (const std::string& endpoint : endpoints) {
    const absl::Status status = CheckEndpoint(endpoint);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

int64_t FullJitter(int64_t min_ms, int64_t max_ms, int64_t step,
                   SeededRandom& random) {
  int64_t bound = std::max<int64_t>(min_ms, 1);
  for (int64_t i = 0; i < step && bound < max_ms; ++i) bound *= 2;
  return random.Between(0, std::max<int64_t>(std::min(bound, max_ms), 0));
}

EndpointRotation::EndpointRotation(std::vector<std::string> endpoints,
                                   int64_t min_backoff_ms,
                                   int64_t max_backoff_ms, SeededRandom& random)
    : endpoints_(std::move(endpoints)),
      statuses_(endpoints_.size()),
      min_backoff_ms_(min_backoff_ms),
      max_backoff_ms_(max_backoff_ms),
      random_(random) {
  QUORATE_CHECK(!endpoints_.empty());
  for (size_t i = endpoints_.size() - 1; i > 0; --i) {
    std::swap(endpoints_[i], endpoints_[random_.Below(i + 1)]);
  }
}

int64_t EndpointRotation::Failed(const absl::Status& why) {
  statuses_[index_] = why;
  index_ = (index_ + 1) % endpoints_.size();
  // All are tried before the pause grows: one dead member is no reason to wait.
  const int64_t round = failures_ / static_cast<int64_t>(endpoints_.size());
  ++failures_;
  return FullJitter(min_backoff_ms_, max_backoff_ms_, round, random_);
}

void EndpointRotation::Succeeded() {
  statuses_[index_] = absl::OkStatus();
  failures_ = 0;
}

std::string EndpointRotation::Describe() const {
  std::string text;
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    absl::StrAppend(
        &text, i > 0 ? "; " : "", endpoints_[i], ": ",
        statuses_[i].ok() ? "no failure known" : statuses_[i].message());
  }
  return text;
}

}  // namespace quorate::client
