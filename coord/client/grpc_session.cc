// Session::Open(), and the Session that it gives: a SessionDriver on streams of
// gRPC.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/client/await.h"
#include "coord/client/endpoint_rotation.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/session_core.h"
#include "coord/client/session_driver.h"
#include "coord/client/stream.h"
#include "coord/client/types.h"

namespace quorate::client {
namespace {

// How long the destructor waits for a member to close the session.
constexpr int64_t kCloseMs = 1'000;

// Hands on the alternative T of an answer.
template <typename T>
AnswerCallback Unpack(Callback<T> done) {
  return [done = std::move(done)](absl::StatusOr<Answer> answer) {
    if (!done) return;
    if (answer.ok()) {
      done(std::get<T>(*std::move(answer)));
    } else {
      done(answer.status());
    }
  };
}

class GrpcSession final : public Session {
 public:
  GrpcSession(std::shared_ptr<SessionDriver> driver, int64_t call_timeout_ms)
      : Session(call_timeout_ms), driver_(std::move(driver)) {}

  ~GrpcSession() override {
    if (!IsOver()) {
      (void)Await<Answer>(kCloseMs, [this](AnswerCallback done) {
        driver_->Close(std::move(done));
      });
    }
    driver_->Stop();
  }

  void AsyncWrite(quorate::client::Write write,
                  Callback<WriteResult> done) override {
    driver_->Write(write, Unpack(std::move(done)));
  }
  void AsyncRead(quorate::client::Read read, Consistency consistency,
                 Callback<ReadResult> done) override {
    driver_->Read(read, consistency, Unpack(std::move(done)));
  }

  absl::StatusOr<uint64_t> AddWatch(std::string path, WatchKind kind,
                                    WatchHandler handler) override {
    if (OnOwnThread()) return OwnThreadError();
    uint64_t id = 0;
    std::optional<absl::StatusOr<uint64_t>> result =
        Await<uint64_t>(call_timeout_ms(), [&](Callback<uint64_t> done) {
          id = driver_->AddWatch(path, kind, std::move(handler),
                                 Unpack(std::move(done)));
        });
    if (result) return *std::move(result);
    driver_->RemoveWatch(id);
    return Late("the watch is not set");
  }
  void AsyncAddWatch(std::string path, WatchKind kind, WatchHandler handler,
                     Callback<uint64_t> done) override {
    driver_->AddWatch(path, kind, std::move(handler), Unpack(std::move(done)));
  }
  absl::Status RemoveWatch(uint64_t watch_id) override {
    if (driver_->RemoveWatch(watch_id)) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat("there is no watch ", watch_id,
                                            "; it was removed or has fired"));
  }

  absl::Status AddCredential(Credential credential) override {
    if (OnOwnThread()) return OwnThreadError();
    std::optional<absl::StatusOr<Answer>> result =
        Await<Answer>(call_timeout_ms(), [&](AnswerCallback done) {
          driver_->AddCredential(credential, std::move(done));
        });
    return result ? result->status() : Late("the credential may be added");
  }

  int64_t id() const override { return driver_->id(); }
  int32_t timeout_ms() const override { return driver_->timeout_ms(); }
  SessionState state() const override { return driver_->state(); }
  Pin pin() const override { return driver_->pin(); }
  std::string endpoint() const override { return driver_->endpoint(); }
  uint64_t AddStateHandler(std::function<void(SessionState)> handler) override {
    return driver_->AddStateHandler(std::move(handler));
  }
  void RemoveStateHandler(uint64_t handler_id) override {
    driver_->RemoveStateHandler(handler_id);
  }

  absl::Status Close() override {
    if (OnOwnThread()) return OwnThreadError();
    if (IsOver()) return absl::OkStatus();
    const std::optional<absl::StatusOr<Answer>> result = Await<Answer>(
        call_timeout_ms(),
        [this](AnswerCallback done) { driver_->Close(std::move(done)); });
    if (!result) {
      const absl::Status late = Late("it expires by itself");
      driver_->Abandon();
      return late;
    }
    // Over is over, whoever has ended it.
    if (result->ok() || IsOver()) return absl::OkStatus();
    return result->status();
  }

  void BreakConnection() override { driver_->Break(); }

 protected:
  bool OnOwnThread() const override { return driver_->OnOwnThread(); }
  std::string Trouble() const override { return driver_->Describe(); }

 private:
  bool IsOver() const {
    const SessionState now = state();
    return now == SessionState::kExpired || now == SessionState::kClosed;
  }
  static absl::Status OwnThreadError() {
    return absl::FailedPreconditionError(
        "a blocking call in a callback of the same session would wait for "
        "itself");
  }
  absl::Status Late(const char* consequence) const {
    return absl::DeadlineExceededError(
        absl::StrCat("no answer within ", call_timeout_ms(), " ms, ",
                     consequence, "; ", Trouble()));
  }

  const std::shared_ptr<SessionDriver> driver_;
};

absl::Status CheckOptions(const SessionOptions& options) {
  const absl::Status endpoints = CheckEndpoints(options.endpoints);
  if (!endpoints.ok()) return endpoints;
  if (options.timeout_ms <= 0 || options.call_timeout_ms <= 0 ||
      options.min_backoff_ms <= 0 ||
      options.max_backoff_ms < options.min_backoff_ms ||
      options.max_outstanding == 0 || options.max_queued == 0) {
    return absl::InvalidArgumentError(
        "timeouts, back-offs and bounds must be above 0, and the longest "
        "back-off not below the shortest");
  }
  if (!options.pin.ensemble_id.empty() &&
      options.pin.ensemble_id.size() != 16) {
    return absl::InvalidArgumentError(
        absl::StrCat("a pin names an ensemble by 16 bytes; found ",
                     options.pin.ensemble_id.size()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Session>> Session::Open(SessionOptions options) {
  const absl::Status valid = CheckOptions(options);
  if (!valid.ok()) return valid;
  auto driver = std::make_shared<SessionDriver>(options, Stream::Open);
  driver->Start();
  const absl::Status opened = driver->WaitUntilOpen();
  if (!opened.ok()) {
    driver->Stop();
    return opened;
  }
  return std::make_unique<GrpcSession>(std::move(driver),
                                       options.call_timeout_ms);
}

}  // namespace quorate::client
