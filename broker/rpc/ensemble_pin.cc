#include "broker/rpc/ensemble_pin.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/error/broker_error.h"
#include "proto/broker/v1/types.pb.h"

namespace quorate::broker {
namespace {

constexpr size_t kMaxClientIdBytes = 200;

}  // namespace

absl::Status EnsemblePin::Check(const v1::RequestHeader& header) const {
  if (header.client_id().size() > kMaxClientIdBytes) {
    return BrokerError(
        ErrorKind::kBadRequest,
        absl::StrCat("client_id: expected at most ", kMaxClientIdBytes,
                     " bytes; found ", header.client_id().size()));
  }
  if (header.ensemble_id().empty()) return absl::OkStatus();
  return CheckBroker(header.ensemble_id());
}

absl::Status EnsemblePin::CheckBroker(absl::string_view id) const {
  if (is_unsafe || id == ensemble_id) return absl::OkStatus();
  return BrokerError(ErrorKind::kWrongEnsemble,
                     absl::StrCat("this broker belongs to ensemble ",
                                  absl::BytesToHexString(ensemble_id),
                                  "; the request is meant for ",
                                  absl::BytesToHexString(id.substr(0, 16))));
}

}  // namespace quorate::broker
