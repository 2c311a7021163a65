// ProducerDriver: drives a ProducerCore with threads, a clock and gRPC.
//
// One mutex guards the core. The worker carries out what the core asks for and
// tells deliveries; one thread asks brokers for metadata and producer ids, and
// one writes dead letters, as both may take long. Answers to calls come on
// gRPC's threads.
//
// Thread-safe.

#ifndef QUORATE_BROKER_CLIENT_PRODUCER_DRIVER_H_
#define QUORATE_BROKER_CLIENT_PRODUCER_DRIVER_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "broker/client/cluster.h"
#include "broker/client/producer.h"
#include "broker/client/producer_core.h"

namespace quorate::broker {

class ProducerDriver {
 public:
  // REQUIRES: valid options.
  ProducerDriver(ProducerOptions options, std::shared_ptr<Cluster> cluster);
  ~ProducerDriver();

  absl::Status Send(Message message, Producer::Callback done);
  absl::Status Flush(int64_t timeout_ms);
  absl::Status Close(int64_t timeout_ms);
  ProducerStats stats() const;
  std::string ensemble_id() const { return cluster_->ensemble_id(); }

 private:
  struct Call;
  using Lock = std::unique_lock<std::mutex>;

  void Work();
  void Ask();   // the thread for metadata and producer ids
  void Bury();  // the thread for dead letters

  // Carries out what the core asks for. Releases the lock meanwhile. True:
  // there was something.
  bool Pump(Lock& lock);
  void StartCall(const ProduceCall& order);
  void OnAnswered(Call* call, const absl::Status& status);
  void Count(const Delivery& delivery);
  // False: the time is over before.
  bool WaitUntilEnded(Lock& lock, uint64_t last_ticket, int64_t timeout_ms);

  const ProducerOptions options_;
  const std::shared_ptr<Cluster> cluster_;

  mutable std::mutex mutex_;
  ProducerCore core_;
  std::map<uint64_t, Producer::Callback> callbacks_;
  std::map<uint64_t, std::unique_ptr<Call>> calls_;  // that are under way
  std::vector<Burial> to_bury_;
  ProducerStats stats_;
  uint64_t last_ticket_ = 0;
  int flushing_ = 0;
  bool refresh_ = false;
  bool init_producer_ = false;
  bool closed_ = false;    // no more is taken
  bool stopping_ = false;  // the threads end
  std::condition_variable work_;
  std::condition_variable ask_;
  std::condition_variable bury_;
  std::condition_variable ended_;  // messages have ended, calls too
  std::thread worker_;
  std::thread asker_;
  std::thread burier_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CLIENT_PRODUCER_DRIVER_H_
