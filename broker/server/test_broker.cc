#include "broker/server/test_broker.h"

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "broker/image/image_codec.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"
#include "coord/server/coordd_process.h"
#include "httplib.h"
#include "proto/broker/v1/broker.grpc.pb.h"
#include "proto/broker/v1/broker.pb.h"
#include "proto/broker/v1/control.grpc.pb.h"
#include "proto/broker/v1/control.pb.h"
#include "proto/broker/v1/topics.grpc.pb.h"
#include "proto/broker/v1/topics.pb.h"

namespace quorate::broker {
namespace {

// Only a failing test waits so long.
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::Duration kPause = absl::Milliseconds(20);

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  // A connection of its own: an old one may not know yet that it is broken.
  grpc::ChannelArguments own;
  own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   own);
}

void Limit(grpc::ClientContext& context) {
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
}

absl::Status AppendValues(absl::string_view batches,
                          std::vector<std::string>& values) {
  while (!batches.empty()) {
    const absl::StatusOr<BatchHeader> header = ReadBatchHeader(batches);
    if (!header.ok()) return header.status();
    absl::StatusOr<std::vector<Record>> records =
        DecodeBatch(batches.substr(0, header->size_bytes));
    if (!records.ok()) return records.status();
    for (Record& record : *records) values.push_back(std::move(record.value));
    batches.remove_prefix(header->size_bytes);
  }
  return absl::OkStatus();
}

}  // namespace

bool Eventually(const std::function<bool()>& is_so) {
  const absl::Time until = absl::Now() + kPatience;
  while (absl::Now() < until) {
    if (is_so()) return true;
    absl::SleepFor(kPause);
  }
  return false;
}

std::string BrokerdProgram() {
  const char* sources = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  QUORATE_CHECK(sources != nullptr && workspace != nullptr);
  return absl::StrCat(sources, "/", workspace, "/broker/server/brokerd");
}

TestBroker::TestBroker(BrokerId id, std::vector<std::string> endpoints)
    : id_(id),
      endpoints_(std::move(endpoints)),
      directory_(server::FreshDirectory()),
      port_(server::FreePort()),
      http_port_(server::FreePort()) {}

std::string TestBroker::address() const {
  return absl::StrCat("127.0.0.1:", port_);
}

int TestBroker::Format(const std::vector<std::string>& more) {
  std::vector<std::string> flags = {"--format",
                                    "--dir",
                                    directory_,
                                    "--id",
                                    absl::StrCat(id_),
                                    "--endpoints",
                                    absl::StrJoin(endpoints_, ",")};
  flags.insert(flags.end(), more.begin(), more.end());
  process_ = absl::make_unique<server::CoorddProcess>(BrokerdProgram(), flags);
  return process_->Wait();
}

void TestBroker::Start(const std::vector<std::string>& more) {
  process_.reset();
  std::vector<std::string> flags = {"--dir",
                                    directory_,
                                    "--listen",
                                    address(),
                                    "--metrics",
                                    absl::StrCat("127.0.0.1:", http_port_),
                                    "--endpoints",
                                    absl::StrJoin(endpoints_, ","),
                                    "--session-timeout-ms",
                                    "2000"};
  flags.insert(flags.end(), more.begin(), more.end());
  process_ = absl::make_unique<server::CoorddProcess>(BrokerdProgram(), flags);
}

bool TestBroker::WaitUntilReady() {
  return Eventually([this] { return Metric("quorate_broker_ready") == 1; });
}

int64_t TestBroker::Metric(const std::string& name_and_labels) const {
  httplib::Client client("127.0.0.1", http_port_);
  client.set_read_timeout(1);
  const auto answer = client.Get("/metrics");
  if (!answer || answer->status != 200) return -1;
  const std::string line = absl::StrCat("\n", name_and_labels, " ");
  const size_t at = answer->body.find(line);
  if (at == std::string::npos) return -1;
  const size_t begin = at + line.size();
  int64_t value = -1;
  const std::string text =
      answer->body.substr(begin, answer->body.find('\n', begin) - begin);
  return absl::SimpleAtoi(text, &value) ? value : -1;
}

absl::StatusOr<TopicState> TestBroker::CreateTopic(const std::string& name,
                                                   int32_t partitions) const {
  v1::CreateTopicRequest request;
  request.set_name(name);
  request.set_partitions(partitions);
  v1::CreateTopicResponse response;
  grpc::ClientContext context;
  Limit(context);
  const grpc::Status status = v1::Topics::NewStub(Connect(address()))
                                  ->CreateTopic(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return FromProto(response.topic());
}

absl::Status TestBroker::ApplyImage(const ClusterImage& image) const {
  v1::ApplyImageRequest request;
  *request.mutable_image() = ToProto(image);
  v1::ApplyImageResponse response;
  grpc::ClientContext context;
  Limit(context);
  return FromGrpc(v1::Control::NewStub(Connect(address()))
                      ->ApplyImage(&context, request, &response));
}

absl::StatusOr<uint64_t> TestBroker::InitProducer() const {
  v1::InitProducerResponse response;
  grpc::ClientContext context;
  Limit(context);
  const grpc::Status status = v1::Broker::NewStub(Connect(address()))
                                  ->InitProducer(&context, {}, &response);
  if (!status.ok()) return FromGrpc(status);
  return response.producer_id();
}

absl::StatusOr<int64_t> TestBroker::Produce(const std::string& topic,
                                            int32_t partition,
                                            uint64_t producer_id,
                                            int32_t sequence,
                                            const std::string& value) const {
  BatchHeader header;
  header.producer_id = producer_id;
  header.base_sequence = sequence;
  const absl::StatusOr<std::string> batch =
      EncodeBatch(header, {{.timestamp_ms = 1, .value = value}});
  if (!batch.ok()) return batch.status();
  v1::ProduceRequest request;
  request.set_acks(v1::ACKS_ALL);
  request.set_timeout_ms(5'000);
  v1::PartitionBatch& part = *request.add_batches();
  part.set_topic(topic);
  part.set_partition(partition);
  part.set_batch(*batch);
  v1::ProduceResponse response;
  grpc::ClientContext context;
  Limit(context);
  const grpc::Status status = v1::Broker::NewStub(Connect(address()))
                                  ->Produce(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  QUORATE_CHECK(response.results_size() == 1);
  const v1::ProduceResult& result = response.results(0);
  if (result.has_error()) return FromWire(result.error());
  return result.base_offset();
}

absl::StatusOr<std::vector<std::string>> TestBroker::Fetch(
    const std::string& topic, int32_t partition) const {
  v1::FetchRequest request;
  request.set_replica_id(-1);
  request.set_max_bytes(1 << 20);
  v1::FetchPartition& part = *request.add_partitions();
  part.set_topic(topic);
  part.set_partition(partition);
  part.set_leader_epoch(-1);
  part.set_last_fetched_epoch(-1);
  v1::FetchResponse response;
  grpc::ClientContext context;
  Limit(context);
  const grpc::Status status = v1::Broker::NewStub(Connect(address()))
                                  ->Fetch(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  QUORATE_CHECK(response.results_size() == 1);
  if (response.results(0).has_error()) {
    return FromWire(response.results(0).error());
  }
  std::vector<std::string> values;
  if (absl::Status s = AppendValues(response.results(0).batches(), values);
      !s.ok()) {
    return s;
  }
  return values;
}

}  // namespace quorate::broker
