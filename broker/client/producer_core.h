// ProducerCore: all that a producer decides, as a pure state machine.
//
// Messages, images, answers and ticks go in; calls to be made, letters to be
// put into the dead letter queue, and deliveries to be told come out. It has no
// threads, sockets or clock. Times are milliseconds of one monotonic clock, and
// never go back; `wall_ms` is only written down.
//
//   input...;                                    // one or more
//   ProducerOutput output = core.TakeOutput(now);
//   make the calls, put the letters, tell the deliveries
//   call TakeOutput() again at NextTick()
//
// ORDER. A partition's batches stand in one queue. At most `max_in_flight`,
// from its head on, are sent and not settled; each has its place in the
// sequence of a producer id from when it is first sent, and keeps it through
// all retries. So the leader takes each once, and in order, whatever the
// network does.
//
// THE END OF A BATCH. It is acknowledged; or it can never be; or its deadline
// comes, and it may or may not have been taken. The last two leave a gap in the
// sequence: from then on the partition goes by a new producer id. Batches
// behind the gap that were sent under the old one are asked for under it until
// they are settled: they were taken if it was, and else the leader calls them
// out of order, and they are sent anew.
//
// What was given up may stand in the log all the same, and a replay of its dead
// letter makes it stand there twice: both have the same message id.
//
// Not thread-safe.

#ifndef QUORATE_BROKER_CLIENT_PRODUCER_CORE_H_
#define QUORATE_BROKER_CLIENT_PRODUCER_CORE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/circuit_breaker.h"
#include "broker/client/dead_letter_queue.h"
#include "broker/client/delivery.h"
#include "broker/client/topic_partition.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "coord/base/seeded_random.h"

namespace quorate::broker {

struct ProducerLimits {
  // From when a message is taken until it is acknowledged or given up.
  int64_t delivery_timeout_ms = 30'000;
  int64_t request_timeout_ms = 5'000;  // of one attempt
  // How long a batch waits for more messages, and how large it gets. A message
  // that is larger goes alone.
  int64_t linger_ms = 5;
  size_t batch_bytes = 256 << 10;
  // Batches of one partition that are sent and not settled. 1 to 5: a leader
  // remembers as many.
  int max_in_flight = 5;
  // Of all messages that have not ended. What is under way takes twice as much.
  size_t max_buffered_bytes = 64 << 20;
  int64_t min_backoff_ms = 20;
  int64_t max_backoff_ms = 1'000;
  // How long a topic may be unknown; then its messages can never be delivered.
  int64_t unknown_topic_ms = 5'000;
  // Metadata is looked at again after so long, even if all goes well.
  int64_t metadata_max_age_ms = 30'000;
  CircuitBreakerOptions breaker = {};
};

struct Message {
  std::string topic = {};
  std::optional<int32_t> partition = {};  // empty: by the partitioner
  // A timestamp of 0 becomes the present time. A message id that it has stays.
  Record record = {};
};

struct ProduceCall {
  struct Batch {
    TopicPartition partition = {};
    std::shared_ptr<const std::string> bytes = {};
  };
  uint64_t id = 0;  // above 0
  std::string address = {};
  int64_t timeout_ms = 0;
  std::vector<Batch> batches = {};  // at most one of each partition
};
// The answer to one batch of a call.
struct ProduceAnswer {
  absl::Status status = {};
  int64_t base_offset = 0;
  bool duplicate = false;
};

struct Burial {
  uint64_t ticket = 0;
  DeadLetter letter = {};
};
struct ToldDelivery {
  uint64_t ticket = 0;
  Delivery delivery = {};
};

struct ProducerOutput {
  std::vector<ProduceCall> calls = {};
  bool refresh_metadata = false;     // answer: OnImage() or OnMetadataFailed()
  bool init_producer = false;        // OnProducerId() or OnProducerIdFailed()
  std::vector<Burial> burials = {};  // answer: OnBuried()
  std::vector<ToldDelivery> deliveries = {};
};

class ProducerCore {
 public:
  // `name`: 32 hexadecimal digits, this producer's alone: message ids begin
  // with it. `dead_letters`: there is a queue for them.
  ProducerCore(const ProducerLimits& limits, std::string name,
               bool dead_letters, uint64_t seed, int64_t now_ms);
  ProducerCore(const ProducerCore&) = delete;
  ProducerCore& operator=(const ProducerCore&) = delete;

  // Takes a message; its ticket comes back with its Delivery. Overloaded: no
  // memory for it now. BadRequest: a topic name that is none. TooLarge: more
  // than all memory. TooManyDeadLetters: see CircuitBreaker. If it is refused,
  // `message` is still there, and can be sent later.
  absl::StatusOr<uint64_t> Send(Message&& message, int64_t now_ms,
                                int64_t wall_ms);
  // While it is on, no batch waits for more messages.
  void SetFlushing(bool flushing) { flushing_ = flushing; }
  // All that is not settled is given up: for the end.
  void GiveUpAll(const absl::Status& why, int64_t now_ms, int64_t wall_ms);

  void OnImage(std::shared_ptr<const ClusterImage> image, int64_t now_ms);
  void OnMetadataFailed(const absl::Status& why, int64_t now_ms,
                        int64_t wall_ms);
  void OnProducerId(uint64_t id, int32_t epoch, int64_t now_ms);
  void OnProducerIdFailed(const absl::Status& why, int64_t now_ms,
                          int64_t wall_ms);
  // `answers` in the order of the call's batches; if there are not as many, or
  // `status` is not OK, that is the answer to all.
  void OnProduced(uint64_t call, const absl::Status& status,
                  const std::vector<ProduceAnswer>& answers, int64_t now_ms,
                  int64_t wall_ms);
  void OnBuried(const std::vector<uint64_t>& tickets,
                const absl::Status& status, int64_t now_ms);

  // Whatever is due now.
  ProducerOutput TakeOutput(int64_t now_ms, int64_t wall_ms);
  // When TakeOutput() is due; INT64_MAX: never, unless there is other input.
  int64_t NextTick() const { return next_tick_ms_; }

  // Messages that have not ended, and what they take.
  size_t unsettled() const { return unsettled_; }
  size_t buffered_bytes() const { return buffered_bytes_; }
  CircuitBreaker::State breaker(int64_t now_ms) const {
    return breaker_.state(now_ms);
  }
  int64_t breaker_trips() const { return breaker_.trips(); }

 private:
  struct Pending {
    uint64_t ticket = 0;
    Record record = {};
    int64_t taken_ms = 0;
    int64_t taken_wall_ms = 0;
    size_t bytes = 0;
    std::optional<int32_t> partition = {};  // that was asked for
  };
  struct Identity {
    uint64_t generation = 0;  // 0: none yet
    uint64_t producer_id = 0;
    int32_t epoch = 0;
  };
  struct Batch {
    std::vector<Pending> messages = {};
    size_t bytes = 0;
    int64_t opened_ms = 0;
    bool full = false;

    Identity identity = {};  // generation 0: it has no place in a sequence
    int32_t base_sequence = 0;
    std::shared_ptr<const std::string> encoded = {};

    uint64_t call = 0;  // 0: not under way
    bool settled = false;
    int64_t retry_at_ms = 0;
    int32_t attempts = 0;
    int32_t failures = 0;
    absl::Status last_error = {};

    // More messages may come into it.
    bool IsOpen() const {
      return !settled && !full && failures == 0 && identity.generation == 0;
    }
  };
  struct Partition {
    std::deque<Batch> batches = {};  // in order
    Identity identity = {};
    int32_t next_sequence = 0;
    // The sequence has a gap: nothing more goes by this identity.
    bool spoiled = false;
    // Something failed: one batch at a time until one succeeds.
    bool careful = false;
  };
  struct Topic {
    std::deque<Pending> waiting = {};  // for the topic to be known
    std::map<int32_t, Partition> partitions = {};
    int32_t sticky = -1;  // for messages without a key; -1: none
    int32_t last_sticky = -1;
    int64_t missing_ms = -1;  // since when it is not in the image; -1: it is
  };

  // producer_core.cc: what comes in.
  void Place(const std::string& name, Topic& topic, Pending pending,
             int64_t now_ms, int64_t wall_ms);
  void PlaceWaiting(int64_t now_ms, int64_t wall_ms);
  int32_t Choose(Topic& topic, const TopicState& state, const Record& record);
  int64_t DeadlineOf(const Batch& batch) const;
  void Wake(int64_t at_ms);

  // producer_core_send.cc: what is due.
  void ExpireWaiting(const std::string& name, Topic& topic, int64_t now_ms,
                     int64_t wall_ms);
  void Expire(const TopicPartition& where, Partition& partition, int64_t now_ms,
              int64_t wall_ms);
  bool IsClosed(const Batch& batch, int64_t now_ms);
  bool GiveIdentity(Partition& partition, Batch& batch);
  void FindDue(const TopicPartition& where, Topic& topic, Partition& partition,
               int64_t now_ms, int64_t wall_ms);
  void Dispatch(const TopicPartition& where, const std::string& address,
                Batch& batch, int64_t now_ms);
  void AskForMetadata(int64_t now_ms);
  void AskForIdentity(int64_t now_ms);

  // producer_core_settle.cc: how things end.
  void OnAnswer(const TopicPartition& where, Partition& partition, size_t index,
                const ProduceAnswer& answer, int64_t now_ms, int64_t wall_ms);
  void Fail(Batch& batch, Partition& partition, const absl::Status& why,
            int64_t now_ms);
  void OnOutOfOrder(Partition& partition, size_t index, const absl::Status& why,
                    int64_t now_ms);
  void Acknowledge(const TopicPartition& where, Batch& batch,
                   const ProduceAnswer& answer, int64_t now_ms);
  void GiveUp(const TopicPartition& where, Partition& partition, Batch& batch,
              const absl::Status& why, int64_t now_ms, int64_t wall_ms);
  void GiveUpPending(const TopicPartition& where, Pending pending,
                     const Batch* batch, int32_t sequence,
                     const absl::Status& why, int64_t now_ms, int64_t wall_ms);
  // Nobody can be found for what waits: `why` is for good.
  void FailStuck(const absl::Status& why, int64_t now_ms, int64_t wall_ms);
  void Tell(uint64_t ticket, size_t bytes, Delivery delivery);
  static void DropSettled(Partition& partition);

  struct Buried {
    size_t bytes = 0;
    Delivery delivery = {};
  };

  const ProducerLimits limits_;
  const std::string name_;
  const bool dead_letters_;
  SeededRandom random_;
  CircuitBreaker breaker_;
  ProducerOutput output_;

  std::shared_ptr<const ClusterImage> image_;
  std::map<std::string, Topic> topics_;
  // Where the batches of each call are.
  std::map<uint64_t, std::vector<TopicPartition>> calls_;
  std::map<uint64_t, Buried> buried_;
  uint64_t last_ticket_ = 0;
  uint64_t last_message_ = 0;
  uint64_t last_call_ = 0;
  size_t unsettled_ = 0;
  size_t buffered_bytes_ = 0;
  bool flushing_ = false;

  Identity identity_;  // the newest
  // What was forgotten of partitions may have used those before.
  uint64_t first_generation_ = 1;
  bool identity_wanted_ = false;
  bool identity_asked_ = false;
  int64_t identity_at_ms_ = 0;
  int identity_failures_ = 0;

  bool metadata_wanted_ = true;
  bool metadata_asked_ = false;
  int64_t metadata_at_ms_ = 0;  // not before
  int64_t metadata_taken_ms_ = 0;
  int metadata_failures_ = 0;

  int64_t next_tick_ms_ = 0;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_PRODUCER_CORE_H_
