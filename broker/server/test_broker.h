// TestBroker: a brokerd process of a test, with a directory and ports of its
// own, and how to ask it.

#ifndef QUORATE_BROKER_SERVER_TEST_BROKER_H_
#define QUORATE_BROKER_SERVER_TEST_BROKER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/image/cluster_image.h"
#include "coord/server/coordd_process.h"

namespace quorate::broker {

// Waits until `is_so` says so, for half a minute at most.
bool Eventually(const std::function<bool()>& is_so);

// Where brokerd is.
std::string BrokerdProgram();

class TestBroker {
 public:
  TestBroker(BrokerId id, std::vector<std::string> endpoints);

  BrokerId id() const { return id_; }
  const std::string& directory() const { return directory_; }
  std::string address() const;
  server::CoorddProcess& process() { return *process_; }

  // Runs brokerd --format to its end: its exit code.
  int Format(const std::vector<std::string>& more = {});
  // Starts brokerd; another one of this object's is killed.
  void Start(const std::vector<std::string>& more = {});
  // Other members from the next start on.
  void SetEndpoints(std::vector<std::string> endpoints) {
    endpoints_ = std::move(endpoints);
  }
  void Kill() { process_.reset(); }
  bool WaitUntilReady();

  // Of its metrics page; -1: it does not answer, or has no such line.
  int64_t Metric(const std::string& name_and_labels) const;

  // One call to this broker.
  absl::StatusOr<TopicState> CreateTopic(const std::string& name,
                                         int32_t partitions) const;
  absl::Status ApplyImage(const ClusterImage& image) const;
  // A record with acks=all by an idempotent producer: its offset.
  absl::StatusOr<int64_t> Produce(const std::string& topic, int32_t partition,
                                  uint64_t producer_id, int32_t sequence,
                                  const std::string& value) const;
  // The values of all records below the high watermark, in order.
  absl::StatusOr<std::vector<std::string>> Fetch(const std::string& topic,
                                                 int32_t partition) const;
  absl::StatusOr<uint64_t> InitProducer() const;

 private:
  const BrokerId id_;
  std::vector<std::string> endpoints_;
  const std::string directory_;
  const int port_;
  const int http_port_;
  std::unique_ptr<server::CoorddProcess> process_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_SERVER_TEST_BROKER_H_
