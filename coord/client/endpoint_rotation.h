// EndpointRotation: which endpoint is tried next, and when.
//
// Endpoints are tried in an order drawn at random, so that the clients of a
// failed member spread over the others. The pause before an attempt is drawn
// between 0 and a bound ("full jitter") that doubles with every round of
// failures. Pure; not thread-safe.

#ifndef QUORATE_COORD_CLIENT_ENDPOINT_ROTATION_H_
#define QUORATE_COORD_CLIENT_ENDPOINT_ROTATION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/base/seeded_random.h"

namespace quorate::client {

// OK if `endpoint` is "host:port" with a port from 1 to 65535.
absl::Status CheckEndpoint(absl::string_view endpoint);
// The same for a list, which must not be empty.
absl::Status CheckEndpoints(const std::vector<std::string>& endpoints);

// Between 0 and min(max_ms, min_ms * 2^step), uniformly.
int64_t FullJitter(int64_t min_ms, int64_t max_ms, int64_t step,
                   SeededRandom& random);

class EndpointRotation {
 public:
  // REQUIRES: at least one endpoint. `random` must outlive it.
  EndpointRotation(std::vector<std::string> endpoints, int64_t min_backoff_ms,
                   int64_t max_backoff_ms, SeededRandom& random);

  // The endpoint in use.
  const std::string& current() const { return endpoints_[index_]; }
  // The endpoint in use has failed: the next one is. Returns the pause before
  // it may be tried.
  int64_t Failed(const absl::Status& why);
  // The endpoint in use serves.
  void Succeeded();

  size_t size() const { return endpoints_.size(); }
  // Since one has served.
  int64_t failures() const { return failures_; }
  // What each endpoint last failed with; OK: it has not.
  const std::vector<absl::Status>& statuses() const { return statuses_; }
  // For people: "a:1: refused; b:2: not tried".
  std::string Describe() const;

 private:
  std::vector<std::string> endpoints_;
  std::vector<absl::Status> statuses_;
  const int64_t min_backoff_ms_;
  const int64_t max_backoff_ms_;
  SeededRandom& random_;
  size_t index_ = 0;
  int64_t failures_ = 0;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_ENDPOINT_ROTATION_H_
