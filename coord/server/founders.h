// Founders: the values of --founders, --join and --limit.

#ifndef QUORATE_COORD_SERVER_FOUNDERS_H_
#define QUORATE_COORD_SERVER_FOUNDERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/consensus/limits.h"
#include "coord/consensus/options.h"

namespace quorate::server {

// "1=host:port,2=host:port", in any order, as a manifest. InvalidArgument.
absl::StatusOr<std::vector<consensus::Manifest::Founder>> ParseFounders(
    absl::string_view text);

// "host:port,host:port": at least one, none twice. InvalidArgument.
absl::StatusOr<std::vector<std::string>> ParseSeeds(absl::string_view text);

// Sets the limit that "NAME=VALUE" names. InvalidArgument: there is none of
// that name, or the value is no number. Ranges are not checked here.
absl::Status SetLimit(absl::string_view text, consensus::Limits& limits);

// The names of all limits with their defaults, for help.
std::string DescribeLimits();

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_FOUNDERS_H_
