#include "coord/client/session.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/client/await.h"
#include "coord/client/types.h"

namespace quorate::client {
namespace {

absl::Status OnOwnThreadError() {
  return absl::FailedPreconditionError(
      "a blocking call in a callback of the same session would wait for "
      "itself; use an asynchronous one");
}

// The alternative T of what a read has answered.
template <typename T>
absl::StatusOr<T> Only(absl::StatusOr<ReadResult> result) {
  if (!result.ok()) return result.status();
  T* value = std::get_if<T>(&*result);
  if (value == nullptr) {
    return absl::InternalError("the answer is of another kind than the read");
  }
  return std::move(*value);
}

}  // namespace

absl::StatusOr<WriteResult> Session::Write(quorate::client::Write write) {
  if (OnOwnThread()) return OnOwnThreadError();
  std::optional<absl::StatusOr<WriteResult>> result =
      Await<WriteResult>(call_timeout_ms_, [&](Callback<WriteResult> done) {
        AsyncWrite(std::move(write), std::move(done));
      });
  if (result) return *std::move(result);
  return absl::DeadlineExceededError(
      absl::StrCat("no answer within ", call_timeout_ms_,
                   " ms, and the write may still be applied; ", Trouble()));
}

absl::StatusOr<ReadResult> Session::Read(quorate::client::Read read,
                                         Consistency consistency) {
  if (OnOwnThread()) return OnOwnThreadError();
  std::optional<absl::StatusOr<ReadResult>> result =
      Await<ReadResult>(call_timeout_ms_, [&](Callback<ReadResult> done) {
        AsyncRead(std::move(read), consistency, std::move(done));
      });
  if (result) return *std::move(result);
  return absl::DeadlineExceededError(
      absl::StrCat("no answer within ", call_timeout_ms_, " ms; ", Trouble()));
}

absl::StatusOr<Data> Session::GetData(std::string path,
                                      Consistency consistency) {
  return Only<Data>(
      Read(quorate::client::GetData{std::move(path)}, consistency));
}

absl::StatusOr<Stat> Session::Exists(std::string path,
                                     Consistency consistency) {
  return Only<Stat>(
      Read(quorate::client::Exists{std::move(path)}, consistency));
}

absl::StatusOr<Children> Session::GetChildren(std::string path,
                                              Consistency consistency) {
  return Only<Children>(
      Read(quorate::client::GetChildren{std::move(path)}, consistency));
}

absl::StatusOr<AclAndStat> Session::GetAcl(std::string path) {
  return Only<AclAndStat>(Read(quorate::client::GetAcl{std::move(path)},
                               Consistency::kLinearizable));
}

}  // namespace quorate::client
