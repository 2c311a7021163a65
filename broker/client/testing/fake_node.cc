#include "broker/client/testing/fake_node.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/client/testing/fake_cluster.h"
#include "broker/client/topic_partition.h"
#include "broker/error/broker_error.h"
#include "broker/error/error_wire.h"
#include "broker/image/cluster_image.h"
#include "broker/image/image_codec.h"
#include "broker/record/record_batch.h"
#include "coord/base/check.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/support/status.h"
#include "proto/broker/v1/broker.pb.h"
#include "proto/broker/v1/types.pb.h"

namespace quorate::broker {
namespace {

constexpr int kMaxMessage = 16 << 20;
// How many batches of a producer are remembered, as brokers do.
constexpr size_t kRemembered = 5;

}  // namespace

FakeCluster::Node::Node(FakeCluster& cluster, BrokerId id)
    : cluster_(cluster), id_(id) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port_);
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  builder.RegisterService(static_cast<v1::Broker::Service*>(this));
  builder.RegisterService(static_cast<v1::Topics::Service*>(this));
  builder.RegisterService(static_cast<v1::Group::Service*>(this));
  server_ = builder.BuildAndStart();
  QUORATE_CHECK(server_ != nullptr && port_ != 0);
}

FakeCluster::Node::~Node() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

grpc::Status FakeCluster::Node::Serve(
    Method method, const v1::RequestHeader& header,
    const std::function<absl::Status(Lock& lock)>& body) {
  FaultHook hook;
  {
    const std::lock_guard<std::mutex> lock(cluster_.mutex_);
    hook = cluster_.hook_;
    ++cluster_.calls_[method];
  }
  const Fault fault = hook ? hook(method, id_) : Fault();
  if (!fault.before.ok()) return ToGrpc(fault.before);
  absl::Status status;
  {
    Lock lock(cluster_.mutex_);
    if (!header.ensemble_id().empty() &&
        header.ensemble_id() != cluster_.ensemble_id_) {
      return ToGrpc(
          BrokerError(ErrorKind::kWrongEnsemble, "not your ensemble"));
    }
    status = body(lock);
    cluster_.changed_.notify_all();
  }
  if (!fault.after.ok()) {
    if (absl::IsUnavailable(fault.after) && fault.after.message() == "lost") {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the reply is lost");
    }
    // As a server that is being ended.
    if (absl::IsCancelled(fault.after)) return grpc::Status::CANCELLED;
    return ToGrpc(fault.after);
  }
  return ToGrpc(status);
}

grpc::Status FakeCluster::Node::ServeAsController(
    Method method, const v1::RequestHeader& header,
    const std::function<absl::Status(Lock& lock)>& body) {
  return Serve(method, header, [&](Lock& lock) {
    const BrokerId controller = cluster_.image_.controller.broker_id;
    if (controller == id_) return body(lock);
    const auto it = cluster_.addresses_.find(controller);
    return BrokerError(ErrorKind::kNotController, "ask another",
                       it == cluster_.addresses_.end() ? "" : it->second);
  });
}

// --- Broker ------------------------------------------------------------------

grpc::Status FakeCluster::Node::Metadata(Context*,
                                         const v1::MetadataRequest* request,
                                         v1::MetadataResponse* response) {
  return Serve(Method::kMetadata, request->header(), [&](Lock&) {
    const auto frozen = cluster_.frozen_.find(id_);
    response->set_ensemble_id(cluster_.ensemble_id_);
    response->set_broker_id(id_);
    *response->mutable_image() = ToProto(
        frozen == cluster_.frozen_.end() ? cluster_.image_ : frozen->second);
    return absl::OkStatus();
  });
}

grpc::Status FakeCluster::Node::InitProducer(
    Context*, const v1::InitProducerRequest* request,
    v1::InitProducerResponse* response) {
  return Serve(Method::kInitProducer, request->header(), [&](Lock&) {
    response->set_producer_id(cluster_.next_producer_id_++);
    return absl::OkStatus();
  });
}

absl::StatusOr<FakeCluster::Partition*> FakeCluster::Node::Led(
    const std::string& topic, int32_t partition) {
  const PartitionState* state = cluster_.image_.Find(topic, partition);
  if (state == nullptr) {
    return BrokerError(ErrorKind::kNoTopic, absl::StrCat("no topic ", topic));
  }
  if (state->leader != id_) {
    return BrokerError(ErrorKind::kNotLeader, "another one leads");
  }
  return cluster_.Find({topic, partition});
}

absl::StatusOr<v1::ProduceResult> FakeCluster::Node::Append(
    const v1::PartitionBatch& sent) {
  absl::StatusOr<Partition*> led = Led(sent.topic(), sent.partition());
  if (!led.ok()) return led.status();
  Partition& partition = **led;
  const absl::StatusOr<BatchHeader> header = VerifyBatch(sent.batch());
  if (!header.ok()) {
    return BrokerError(ErrorKind::kDamagedBatch, header.status().message());
  }
  const TopicConfig& config = cluster_.image_.topics.at(sent.topic()).config;
  if (header->size_bytes > static_cast<uint32_t>(config.max_batch_bytes)) {
    return BrokerError(ErrorKind::kTooLarge, "the batch is too large");
  }
  v1::ProduceResult result;
  if (header->producer_id != 0) {
    auto& taken = partition.producers[header->producer_id];
    int32_t expected = 0;
    for (const auto& [known, offset] : taken) {
      expected = (known.last_sequence() + 1) & 0x7fffffff;
      if (known.base_sequence == header->base_sequence) {
        result.set_base_offset(offset);
        result.set_duplicate(true);
        return result;
      }
    }
    if (header->base_sequence != expected) {
      return BrokerError(ErrorKind::kOutOfOrderSequence,
                         absl::StrCat("expected ", expected, ", found ",
                                      header->base_sequence));
    }
    taken.push_back({*header, partition.end});
    if (taken.size() > kRemembered) taken.erase(taken.begin());
  }
  std::string batch = sent.batch();
  StampBatch(&batch, partition.end, 1);
  result.set_base_offset(partition.end);
  partition.end += header->record_count;
  partition.batches.push_back(std::move(batch));
  return result;
}

grpc::Status FakeCluster::Node::Produce(Context*,
                                        const v1::ProduceRequest* request,
                                        v1::ProduceResponse* response) {
  return Serve(Method::kProduce, request->header(), [&](Lock&) {
    for (const v1::PartitionBatch& batch : request->batches()) {
      absl::StatusOr<v1::ProduceResult> taken = Append(batch);
      v1::ProduceResult& result = *response->add_results();
      if (taken.ok()) {
        result = *std::move(taken);
      } else {
        *result.mutable_error() = ToWire(taken.status());
      }
      result.set_topic(batch.topic());
      result.set_partition(batch.partition());
    }
    return absl::OkStatus();
  });
}

bool FakeCluster::Node::FillFetch(const v1::FetchRequest& request,
                                  v1::FetchResponse& response) {
  bool found = false;
  response.Clear();
  for (const v1::FetchPartition& wanted : request.partitions()) {
    v1::FetchResult& result = *response.add_results();
    result.set_topic(wanted.topic());
    result.set_partition(wanted.partition());
    const absl::StatusOr<Partition*> led =
        Led(wanted.topic(), wanted.partition());
    absl::Status status = led.status();
    if (led.ok() &&
        (wanted.offset() < (*led)->start || wanted.offset() > (*led)->end)) {
      status = BrokerError(ErrorKind::kOffsetOutOfRange, "no such offset");
    }
    if (!status.ok()) {
      *result.mutable_error() = ToWire(status);
      if (led.ok()) result.set_log_start_offset((*led)->start);
      found = true;
      continue;
    }
    const Partition& partition = **led;
    result.set_high_watermark(partition.end);
    result.set_log_start_offset(partition.start);
    for (const std::string& batch : partition.batches) {
      const BatchHeader header = *ReadBatchHeader(batch);
      if (header.next_offset() <= wanted.offset()) continue;
      if (!result.batches().empty() &&
          result.batches().size() + batch.size() > request.max_bytes()) {
        break;
      }
      result.mutable_batches()->append(batch);
      found = true;
    }
  }
  return found;
}

grpc::Status FakeCluster::Node::Fetch(Context* context,
                                      const v1::FetchRequest* request,
                                      v1::FetchResponse* response) {
  return Serve(Method::kFetch, request->header(), [&](Lock& lock) {
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::milliseconds(request->max_wait_ms());
    while (!FillFetch(*request, *response) && !cluster_.stopping_ &&
           !context->IsCancelled() &&
           std::chrono::steady_clock::now() < until) {
      cluster_.changed_.wait_for(lock, std::chrono::milliseconds(10));
    }
    return absl::OkStatus();
  });
}

grpc::Status FakeCluster::Node::ListOffsets(
    Context*, const v1::ListOffsetsRequest* request,
    v1::ListOffsetsResponse* response) {
  return Serve(Method::kListOffsets, request->header(), [&](Lock&) {
    for (const v1::ListOffsetsPartition& wanted : request->partitions()) {
      v1::ListOffsetsResult& result = *response->add_results();
      result.set_topic(wanted.topic());
      result.set_partition(wanted.partition());
      const absl::StatusOr<Partition*> led =
          Led(wanted.topic(), wanted.partition());
      if (!led.ok()) {
        *result.mutable_error() = ToWire(led.status());
      } else {
        result.set_offset(wanted.at() == v1::OFFSET_LATEST ? (*led)->end
                                                           : (*led)->start);
      }
    }
    return absl::OkStatus();
  });
}

// --- Topics ------------------------------------------------------------------

grpc::Status FakeCluster::Node::CreateTopic(
    Context*, const v1::CreateTopicRequest* request,
    v1::CreateTopicResponse* response) {
  return ServeAsController(
      Method::kCreateTopic, request->header(), [&](Lock& lock) {
        if (cluster_.image_.topics.count(request->name()) != 0) {
          return BrokerError(ErrorKind::kTopicExists, "it is there");
        }
        if (request->partitions() < 1) {
          return BrokerError(ErrorKind::kBadRequest, "too few partitions");
        }
        lock.unlock();
        cluster_.AddTopic(request->name(), request->partitions(),
                          FromProto(request->config()));
        lock.lock();
        *response->mutable_topic() = ToProto(
            request->name(), cluster_.image_.topics.at(request->name()));
        return absl::OkStatus();
      });
}

grpc::Status FakeCluster::Node::DeleteTopic(
    Context*, const v1::DeleteTopicRequest* request, v1::DeleteTopicResponse*) {
  return ServeAsController(
      Method::kDeleteTopic, request->header(), [&](Lock& lock) {
        if (cluster_.image_.topics.count(request->name()) == 0) {
          return BrokerError(ErrorKind::kNoTopic, "there is none");
        }
        lock.unlock();
        cluster_.RemoveTopic(request->name());
        lock.lock();
        return absl::OkStatus();
      });
}

grpc::Status FakeCluster::Node::ElectPreferred(
    Context*, const v1::ElectPreferredRequest* request,
    v1::ElectPreferredResponse* response) {
  return ServeAsController(Method::kElectPreferred, request->header(),
                           [&](Lock&) {
                             response->set_moved(3);
                             return absl::OkStatus();
                           });
}

}  // namespace quorate::broker
