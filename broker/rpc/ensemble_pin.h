// EnsemblePin: whether a request is meant for this broker's ensemble (rule 22).

#ifndef QUORATE_BROKER_RPC_ENSEMBLE_PIN_H_
#define QUORATE_BROKER_RPC_ENSEMBLE_PIN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quorate::broker::v1 {
class RequestHeader;
}  // namespace quorate::broker::v1

namespace quorate::broker {

struct EnsemblePin {
  std::string ensemble_id = {};  // 16 bytes
  // --unsafe-no-ensemble-pin: it asks nobody.
  bool is_unsafe = false;

  // Of a client: it may have met no ensemble yet. WrongEnsemble; BadRequest:
  // the name of the client is too long.
  absl::Status Check(const v1::RequestHeader& header) const;
  // Of a broker. WrongEnsemble.
  absl::Status CheckBroker(absl::string_view id) const;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RPC_ENSEMBLE_PIN_H_
