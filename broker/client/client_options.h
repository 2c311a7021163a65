// ClientOptions: what all clients of a broker cluster have in common.

#ifndef QUORATE_BROKER_CLIENT_CLIENT_OPTIONS_H_
#define QUORATE_BROKER_CLIENT_CLIENT_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace quorate::broker {

struct ClientOptions {
  // "host:port" of some brokers, at least one; the others are found through
  // them.
  std::vector<std::string> bootstrap = {};
  // Who asks, for the brokers' logs. At most 200 bytes.
  std::string client_id = "quorate";
  // The ensemble to which the brokers must belong, 16 bytes (rule 22). Empty:
  // that of the first broker that answers.
  std::string ensemble_id = {};
  // Of one call to one broker, whatever the deadline of the whole: a broker
  // that is paused must leave time for another. 1 to 600,000.
  int64_t call_timeout_ms = 5'000;
  // Between two attempts: chance between zero and a bound that doubles from the
  // first to the second of these.
  int64_t min_backoff_ms = 20;
  int64_t max_backoff_ms = 1'000;
  // Believes whichever broker answers, of whichever ensemble and however old
  // its view is. Exists to show the outage.
  bool unsafe_no_ensemble_pin = false;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_CLIENT_OPTIONS_H_
