#include "coord/rpc/testing/test_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/stub_options.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "coord/base/check.h"
#include "coord/rpc/byte_buffer.h"
#include "coord/rpc/testing/call_end.h"
#include "proto/coord/v1/coord.grpc.pb.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

// Fits gRPC's callbacks to a blocking interface: one write and one read at a
// time.
class TestStream::Impl final
    : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Impl(const std::string& address, const std::string& method)
      : channel_(MakeTestChannel(address)), stub_(channel_) {
    stub_.PrepareBidiStreamingCall(&context_, method, grpc::StubOptions(),
                                   this);
    AddHold();
    StartCall();
  }
  ~Impl() override {
    context_.TryCancel();
    RemoveHoldOnce();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&done_));
  }

  bool Write(grpc::ByteBuffer buffer) ABSL_LOCKS_EXCLUDED(mutex_) {
    out_ = std::move(buffer);
    {
      absl::MutexLock lock(&mutex_);
      wrote_.reset();
    }
    StartWrite(&out_);
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](std::optional<bool>* w) { return w->has_value(); }, &wrote_));
    return *wrote_;
  }

  bool Read(grpc::ByteBuffer& buffer) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      read_.reset();
    }
    StartRead(&in_);
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](std::optional<bool>* r) { return r->has_value(); }, &read_));
      if (!*read_) return false;
    }
    buffer = std::move(in_);
    return true;
  }

  grpc::Status AwaitEnd() ABSL_LOCKS_EXCLUDED(mutex_) {
    RemoveHoldOnce();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&done_));
    return status_;
  }

  void Cancel() { context_.TryCancel(); }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    wrote_ = ok;
  }
  void OnReadDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    read_ = ok;
  }
  void OnDone(const grpc::Status& status) override {
    absl::MutexLock lock(&mutex_);
    status_ = status;
    done_ = true;
  }

  std::deque<v1::ServerMessage> messages;
  int frames = 0;

 private:
  void RemoveHoldOnce() {
    if (held_) RemoveHold();
    held_ = false;
  }

  grpc::ClientContext context_;
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::ByteBuffer in_;
  grpc::ByteBuffer out_;
  bool held_ = true;
  absl::Mutex mutex_;
  std::optional<bool> wrote_ ABSL_GUARDED_BY(mutex_);
  std::optional<bool> read_ ABSL_GUARDED_BY(mutex_);
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
};

TestStream::TestStream(const std::string& address, const std::string& method)
    : impl_(std::make_unique<Impl>(address, method)) {}

TestStream::~TestStream() = default;

bool TestStream::Send(const v1::ClientFrame& frame) {
  return SendBytes(frame.SerializeAsString());
}

bool TestStream::SendBytes(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return impl_->Write(grpc::ByteBuffer(&slice, 1));
}

std::optional<v1::ServerMessage> TestStream::Next() {
  while (impl_->messages.empty()) {
    grpc::ByteBuffer buffer;
    if (!impl_->Read(buffer)) return std::nullopt;
    v1::ServerFrame frame;
    QUORATE_CHECK(ParseBuffer(buffer, frame).ok());
    impl_->frames += 1;
    for (v1::ServerMessage& message : *frame.mutable_messages()) {
      impl_->messages.push_back(std::move(message));
    }
  }
  v1::ServerMessage message = std::move(impl_->messages.front());
  impl_->messages.pop_front();
  return message;
}

std::optional<std::string> TestStream::NextBytes() {
  grpc::ByteBuffer buffer;
  if (!impl_->Read(buffer)) return std::nullopt;
  grpc::Slice slice;
  QUORATE_CHECK(buffer.DumpToSingleSlice(&slice).ok());
  return std::string(slice.begin(), slice.end());
}

CallEnd TestStream::End() {
  while (Next()) {
  }
  return ToCallEnd(impl_->AwaitEnd());
}

void TestStream::HalfClose() { impl_->StartWritesDone(); }
void TestStream::Cancel() { impl_->Cancel(); }
int TestStream::frames() const { return impl_->frames; }

v1::ClientFrame TestStream::Hello() {
  static std::atomic<int> opened{0};
  v1::ClientFrame frame;
  frame.mutable_hello()->set_api_version(1);
  // Sessions are told apart by it while they are opened.
  frame.mutable_hello()->set_password(
      absl::StrFormat("password%08d", opened.fetch_add(1)));
  frame.mutable_hello()->set_timeout_ms(10'000);
  return frame;
}

v1::Welcome TestStream::Open() {
  QUORATE_CHECK(Send(Hello()));
  const std::optional<v1::ServerMessage> first = Next();
  QUORATE_CHECK(first && first->has_welcome());
  return first->welcome();
}

v1::Reply TestStream::Do(const v1::Request& request) {
  v1::ClientFrame frame;
  *frame.add_requests() = request;
  QUORATE_CHECK(Send(frame));
  for (;;) {
    const std::optional<v1::ServerMessage> next = Next();
    QUORATE_CHECK(next);
    if (next->has_reply()) return next->reply();
  }
}

CallEnd Call(const std::string& address, const v1::CallRequest& request,
             v1::CallResponse* response) {
  const auto stub = v1::Coord::NewStub(MakeTestChannel(address));
  grpc::ClientContext context;
  return ToCallEnd(stub->Call(&context, request, response));
}

v1::Request CreateRequest(int64_t tag, int64_t request_id,
                          const std::string& path, const std::string& data) {
  v1::Request request;
  request.set_tag(tag);
  request.mutable_write()->set_request_id(request_id);
  request.mutable_write()->mutable_create()->set_path(path);
  request.mutable_write()->mutable_create()->set_data(data);
  return request;
}

v1::Request GetDataRequest(int64_t tag, const std::string& path, bool watch) {
  v1::Request request;
  request.set_tag(tag);
  request.mutable_read()->mutable_get_data()->set_path(path);
  request.mutable_read()->mutable_get_data()->set_watch(watch);
  return request;
}

}  // namespace quorate::rpc
