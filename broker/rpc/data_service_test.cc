// Three brokers' data planes in one process, each behind a gRPC server.

#include "broker/rpc/data_service.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/data/data_options.h"
#include "broker/data/data_plane.h"
#include "broker/data/outside.h"
#include "broker/data/testing/test_controller.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "broker/record/record_batch.h"
#include "broker/rpc/ensemble_pin.h"
#include "broker/rpc/fetch_client.h"
#include "broker/rpc/server.h"
#include "coord/storage/file_system.h"
#include "coord/storage/posix_file_system.h"
#include "gtest/gtest.h"
#include "proto/broker/v1/broker.grpc.pb.h"
#include "proto/broker/v1/broker.pb.h"

namespace quorate::broker {
namespace {

std::string Batch(absl::string_view value, uint64_t producer = 0,
                  int32_t sequence = 0) {
  return *EncodeBatch({.producer_id = producer, .base_sequence = sequence},
                      {{.timestamp_ms = 1, .value = std::string(value)}});
}

struct TestBroker {
  std::unique_ptr<FetchClient> fetch;
  std::unique_ptr<DataPlane> plane;
  std::unique_ptr<Server> server;
  std::unique_ptr<v1::Broker::Stub> stub;
};

class DataServiceTest : public testing::Test {
 protected:
  DataServiceTest() : files_(storage::MakePosixFileSystem()) {
    const char* base = std::getenv("TEST_TMPDIR");
    directory_ = std::string(base != nullptr ? base : "/tmp") + "/rpc_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    for (BrokerId id = 1; id <= 3; ++id) Start(id);
    controller_.CreateTopic("t", 2, {3, 2, 0, 0, 1 << 20, 1'000});
  }
  ~DataServiceTest() override {
    for (BrokerId id = 1; id <= 3; ++id) Stop(id);
  }

  void Start(BrokerId id) {
    TestBroker& broker = brokers_[id];
    DataOptions options;
    options.id = id;
    options.directory = absl::StrCat(directory_, "/", id);
    std::filesystem::create_directories(options.directory);
    options.ensemble_id = TestController::kEnsemble;
    options.file_system = files_.get();
    options.isr = &controller_;
    broker.fetch = MakeFetchClient(TestController::kEnsemble);
    options.fetch = broker.fetch.get();
    options.replica_lag_ms = 1'000;
    options.fetch_wait_ms = 50;
    options.fetch_backoff_ms = 5;
    auto plane = DataPlane::Open(std::move(options));
    ASSERT_TRUE(plane.ok()) << plane.status();
    broker.plane = *std::move(plane);
    std::vector<std::unique_ptr<grpc::Service>> services;
    services.push_back(MakeDataService({TestController::kEnsemble}, id,
                                       *broker.plane, controller_));
    auto server = Server::Start("127.0.0.1:0", std::move(services));
    ASSERT_TRUE(server.ok()) << server.status();
    broker.server = *std::move(server);
    const std::string address =
        absl::StrCat("127.0.0.1:", broker.server->port());
    broker.stub = v1::Broker::NewStub(
        grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    controller_.SetBroker(id, address, broker.plane.get());
  }
  void Stop(BrokerId id) {
    TestBroker& broker = brokers_[id];
    if (broker.plane == nullptr) return;
    controller_.SetBroker(id, "", nullptr);
    broker.plane->Stop();
    broker.server->Shutdown();
    broker = {};
  }

  template <typename Request, typename Response>
  absl::Status Call(BrokerId id,
                    grpc::Status (v1::Broker::Stub::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    return FromGrpc(
        (brokers_[id].stub.get()->*method)(&context, request, response));
  }
  v1::ProduceResult Produce(BrokerId id, const std::string& batch,
                            int32_t partition = 0,
                            const std::string& topic = "t") {
    v1::ProduceRequest request;
    v1::PartitionBatch& part = *request.add_batches();
    part.set_topic(topic);
    part.set_partition(partition);
    part.set_batch(batch);
    v1::ProduceResponse response;
    const absl::Status called =
        Call(id, &v1::Broker::Stub::Produce, request, &response);
    EXPECT_TRUE(called.ok()) << called;
    return called.ok() ? response.results(0) : v1::ProduceResult();
  }
  v1::FetchResult Fetch(BrokerId id, int64_t offset, uint32_t wait_ms = 0) {
    v1::FetchRequest request;
    request.set_replica_id(kNoBroker);
    request.set_max_wait_ms(wait_ms);
    v1::FetchPartition& part = *request.add_partitions();
    part.set_topic("t");
    part.set_offset(offset);
    part.set_leader_epoch(-1);
    v1::FetchResponse response;
    const absl::Status called =
        Call(id, &v1::Broker::Stub::Fetch, request, &response);
    EXPECT_TRUE(called.ok()) << called;
    return called.ok() ? response.results(0) : v1::FetchResult();
  }
  // Values from an offset on, as soon as there are any.
  std::string Values(BrokerId id, int64_t offset) {
    const v1::FetchResult result = Fetch(id, offset, 30'000);
    std::string values;
    absl::string_view rest = result.batches();
    while (!rest.empty()) {
      const auto header = ReadBatchHeader(rest);
      const auto records = DecodeBatch(rest.substr(0, header->size_bytes));
      for (const Record& record : *records) values += record.value + " ";
      rest.remove_prefix(header->size_bytes);
    }
    return values;
  }

  std::string directory_;
  std::unique_ptr<storage::FileSystem> files_;
  TestController controller_;
  std::map<BrokerId, TestBroker> brokers_;
};

TEST_F(DataServiceTest, TakesAndGives) {
  v1::InitProducerResponse producer;
  ASSERT_TRUE(Call(3, &v1::Broker::Stub::InitProducer,
                   v1::InitProducerRequest(), &producer)
                  .ok());
  EXPECT_GT(producer.producer_id(), 0u);
  const uint64_t id = producer.producer_id();
  EXPECT_EQ(Produce(1, Batch("a", id, 0)).base_offset(), 0);
  EXPECT_EQ(Produce(1, Batch("b", id, 1)).base_offset(), 1);
  EXPECT_TRUE(Produce(1, Batch("b", id, 1)).duplicate());
  EXPECT_EQ(Values(1, 0), "a b ");

  v1::MetadataResponse metadata;
  ASSERT_TRUE(
      Call(2, &v1::Broker::Stub::Metadata, v1::MetadataRequest(), &metadata)
          .ok());
  EXPECT_EQ(metadata.ensemble_id(), TestController::kEnsemble);
  EXPECT_EQ(metadata.broker_id(), 2);
  EXPECT_EQ(metadata.image().topics(0).partitions(1).leader(), 1);

  v1::ListOffsetsRequest list;
  for (const v1::OffsetAt at :
       {v1::OFFSET_EARLIEST, v1::OFFSET_LATEST, v1::OFFSET_TIMESTAMP}) {
    v1::ListOffsetsPartition& part = *list.add_partitions();
    part.set_topic("t");
    part.set_at(at);
    part.set_timestamp_ms(2);
  }
  v1::ListOffsetsResponse offsets;
  ASSERT_TRUE(Call(1, &v1::Broker::Stub::ListOffsets, list, &offsets).ok());
  EXPECT_EQ(offsets.results(0).offset(), 0);
  EXPECT_EQ(offsets.results(1).offset(), 2);
  EXPECT_EQ(offsets.results(2).offset(), 2);
}

TEST_F(DataServiceTest, LeaderChangesAndFollowersCatchUp) {
  ASSERT_FALSE(Produce(1, Batch("a")).has_error());
  Stop(1);
  const BrokerId leader = controller_.Partition("t", 0).leader;
  EXPECT_EQ(leader, 2);
  ASSERT_FALSE(Produce(2, Batch("b")).has_error());
  Start(1);
  controller_.AwaitIsr("t", 0, {1, 2, 3});
  controller_.SetLeader("t", 0, 1);
  ASSERT_FALSE(Produce(1, Batch("c")).has_error());
  EXPECT_EQ(Values(1, 1), "b c ");
  const v1::FetchResult other = Fetch(2, 0);
  EXPECT_TRUE(Is(FromWire(other.error()), ErrorKind::kNotLeader));
  EXPECT_FALSE(other.error().leader_address().empty());
}

TEST_F(DataServiceTest, RefusesBadBatchesOneByOne) {
  const auto kind_of = [](const v1::ProduceResult& result) {
    return result.error().kind();
  };
  std::string damaged = Batch("a");
  damaged.back() ^= 1;
  EXPECT_EQ(kind_of(Produce(1, damaged)), "DamagedBatch");
  EXPECT_EQ(kind_of(Produce(1, "")), "DamagedBatch");
  EXPECT_EQ(kind_of(Produce(1, Batch("a") + Batch("b"))), "DamagedBatch");
  EXPECT_EQ(kind_of(Produce(1, Batch(std::string(2'000, 'x')))), "TooLarge");
  EXPECT_EQ(kind_of(Produce(1, Batch("a"), 2)), "NoTopic");
  EXPECT_EQ(kind_of(Produce(1, Batch("a"), -1)), "BadRequest");
  EXPECT_EQ(kind_of(Produce(1, Batch("a"), 0, "no/name")), "BadRequest");
  EXPECT_EQ(kind_of(Produce(1, Batch("a"), 0, "..")), "BadRequest");
  EXPECT_EQ(kind_of(Produce(1, Batch("a"), 0, "other")), "NoTopic");
  EXPECT_EQ(kind_of(Produce(2, Batch("a"))), "NotLeader");

  // One that is bad leaves the others alone.
  v1::ProduceRequest request;
  for (const int32_t partition : {1, 0, 7}) {
    v1::PartitionBatch& part = *request.add_batches();
    part.set_topic("t");
    part.set_partition(partition);
    part.set_batch(partition == 0 ? damaged : Batch("a"));
  }
  v1::ProduceResponse response;
  ASSERT_TRUE(Call(1, &v1::Broker::Stub::Produce, request, &response).ok());
  EXPECT_FALSE(response.results(0).has_error());
  EXPECT_EQ(response.results(0).base_offset(), 0);
  EXPECT_EQ(kind_of(response.results(1)), "DamagedBatch");
  EXPECT_EQ(kind_of(response.results(2)), "NoTopic");
  EXPECT_EQ(response.results(2).partition(), 7);
}

TEST_F(DataServiceTest, RefusesBadRequestsAsAWhole) {
  struct Row {
    const char* name;
    ErrorKind kind;
    std::function<void(v1::ProduceRequest&, v1::FetchRequest&)> spoil;
  };
  const std::vector<Row> rows = {
      {"ensemble", ErrorKind::kWrongEnsemble,
       [](auto& produce, auto& fetch) {
         produce.mutable_header()->set_ensemble_id("another ensemble");
         fetch.mutable_header()->set_ensemble_id("short");
       }},
      {"client id", ErrorKind::kBadRequest,
       [](auto& produce, auto& fetch) {
         produce.mutable_header()->set_client_id(std::string(201, 'x'));
         fetch.mutable_header()->set_client_id(std::string(201, 'x'));
       }},
      {"time", ErrorKind::kBadRequest,
       [](auto& produce, auto& fetch) {
         produce.set_timeout_ms(10'000'000);
         fetch.set_max_wait_ms(10'000'000);
       }},
      {"twice", ErrorKind::kBadRequest,
       [](auto& produce, auto& fetch) {
         *produce.add_batches() = produce.batches(0);
         *fetch.add_partitions() = fetch.partitions(0);
       }},
      {"enumeration, offset", ErrorKind::kBadRequest,
       [](auto& produce, auto& fetch) {
         produce.set_acks(static_cast<v1::Acks>(9));
         fetch.mutable_partitions(0)->set_offset(-1);
       }},
      {"too many", ErrorKind::kBadRequest,
       [](auto& produce, auto& fetch) {
         for (int i = 0; i < 4'001; ++i) {
           produce.add_batches()->set_partition(i);
           fetch.add_partitions()->set_partition(i);
         }
       }},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    v1::ProduceRequest produce;
    produce.add_batches()->set_topic("t");
    produce.mutable_batches(0)->set_batch(Batch("a"));
    v1::FetchRequest fetch;
    fetch.set_replica_id(kNoBroker);
    fetch.add_partitions()->set_topic("t");
    row.spoil(produce, fetch);
    v1::ProduceResponse produced;
    v1::FetchResponse fetched;
    const absl::Status first =
        Call(1, &v1::Broker::Stub::Produce, produce, &produced);
    const absl::Status second =
        Call(1, &v1::Broker::Stub::Fetch, fetch, &fetched);
    EXPECT_TRUE(Is(first, row.kind)) << first;
    EXPECT_TRUE(Is(second, row.kind)) << second;
  }
  EXPECT_EQ(Fetch(1, 0).high_watermark(), 0) << "nothing was written";
}

TEST_F(DataServiceTest, NothingIsKnownBeforeTheFirstImage) {
  DataOptions options;
  options.id = 9;
  options.directory = directory_;
  options.file_system = files_.get();
  options.isr = &controller_;
  options.fetch = brokers_[1].fetch.get();
  auto plane = DataPlane::Open(std::move(options));
  ASSERT_TRUE(plane.ok()) << plane.status();
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(
      MakeDataService({TestController::kEnsemble}, 9, **plane, controller_));
  auto server = Server::Start("127.0.0.1:0", std::move(services));
  ASSERT_TRUE(server.ok());
  const auto stub = v1::Broker::NewStub(
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", (*server)->port()),
                          grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::MetadataResponse metadata;
  EXPECT_TRUE(
      Is(FromGrpc(stub->Metadata(&context, v1::MetadataRequest(), &metadata)),
         ErrorKind::kNotReady));
  v1::FetchRequest request;
  request.add_partitions()->set_topic("t");
  request.set_replica_id(kNoBroker);
  v1::FetchResponse response;
  grpc::ClientContext other_context;
  ASSERT_TRUE(stub->Fetch(&other_context, request, &response).ok());
  EXPECT_EQ(response.results(0).error().kind(), "NotReady");
  (*plane)->Stop();
  (*server)->Shutdown();
}

}  // namespace
}  // namespace quorate::broker
