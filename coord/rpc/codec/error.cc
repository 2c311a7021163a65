#include "coord/rpc/codec/error.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "coord/replica/error.h"

namespace quorate::rpc {
namespace {

constexpr char kKindType[] = "quorate.rpc.Kind";
constexpr char kLeaderType[] = "quorate.rpc.LeaderAddress";

absl::Status WithKind(absl::Status status, absl::string_view kind) {
  status.SetPayload(kKindType, absl::Cord(kind));
  return status;
}

std::string Payload(const absl::Status& status, absl::string_view type) {
  const absl::optional<absl::Cord> payload = status.GetPayload(type);
  return payload ? std::string(*payload) : std::string();
}

}  // namespace

absl::Status MalformedError(absl::string_view detail) {
  return replica::Error(replica::ErrorKind::kBadRequest, detail);
}

absl::Status MalformedWithin(absl::string_view where,
                             const absl::Status& malformed) {
  absl::string_view detail = malformed.message();
  absl::ConsumePrefix(&detail, "BadRequest: ");
  return MalformedError(absl::StrCat(where, ": ", detail));
}

absl::Status NotLeaderError(absl::string_view leader_address) {
  absl::Status status = WithKind(
      absl::FailedPreconditionError(
          leader_address.empty()
              ? std::string("only the leader can do that, and this member "
                            "knows of none; try again")
              : absl::StrCat("only the leader can do that; ask ",
                             leader_address)),
      "NotLeader");
  if (!leader_address.empty()) {
    status.SetPayload(kLeaderType, absl::Cord(leader_address));
  }
  return status;
}

absl::Status IncompatibleError(absl::string_view what, uint32_t expected,
                               uint32_t found) {
  return WithKind(absl::FailedPreconditionError(absl::StrCat(
                      "this member speaks version ", expected, " of the ", what,
                      ", the message is of version ", found,
                      "; use a program of the same version")),
                  "Incompatible");
}

TransportError TransportErrorOf(const absl::Status& status) {
  return {.kind = Payload(status, kKindType),
          .leader_address = Payload(status, kLeaderType)};
}

}  // namespace quorate::rpc
