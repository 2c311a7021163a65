// Mailroom: the clients of the brokers in one scene: producers with a dead
// letter queue, and a consumer that processes what they write, idempotently,
// into a database of its own.
//
// Errors are Local, or the brokers'. Thread-safe, except for Make() and the
// destructor.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_MAILROOM_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_MAILROOM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/outage/feeder.h"

namespace quorate::tools {

struct MailroomOptions {
  std::vector<std::string> brokers = {};  // "host:port"
  std::string directory = {};             // is there; files are made in it
  std::string topic = {};
  // Believe whichever broker answers.
  bool unsafe = false;
  // Asked now and then while the queue is drained; true: stop.
  std::function<bool()> should_stop = {};
};

class Mailroom {
 public:
  // Makes the topic, and starts producers and the consumer.
  static absl::StatusOr<std::unique_ptr<Mailroom>> Make(
      const MailroomOptions& options);
  virtual ~Mailroom() = default;

  // For a Feeder.
  virtual std::vector<
      std::function<absl::Status(broker::Message, FeedOptions::Told)>>
  Senders() = 0;

  // How many letters wait in the queue.
  virtual absl::StatusOr<int64_t> Waiting() = 0;
  // Sends them all once more, as `quorate dlq replay` does.
  virtual absl::StatusOr<QueueFacts> Replay() = 0;

  // The consumer's own database.
  virtual std::string database() const = 0;
  // What has thrown the consumer back last; OK: nothing has.
  virtual absl::Status ConsumerTrouble() const = 0;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_MAILROOM_H_
