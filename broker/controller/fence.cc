#include "broker/controller/fence.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "broker/controller/small_file.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "coord/client/fencing_token.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {
namespace {

constexpr absl::string_view kBegin = "quorate-controller 1";

// One line: "quorate-controller 1 TOKEN CONTROLLER_EPOCH BROKER_ID".
std::string Format(const ControllerToken& token) {
  return absl::StrCat(kBegin, " ", ToString(token.token), " ",
                      token.controller_epoch, " ", token.broker_id, "\n");
}

std::optional<ControllerToken> Parse(absl::string_view text) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  ControllerToken token;
  if (words.size() != 5 ||
      !absl::SimpleAtoi(words[3], &token.controller_epoch) ||
      !absl::SimpleAtoi(words[4], &token.broker_id)) {
    return std::nullopt;
  }
  const absl::StatusOr<client::FencingToken> fencing =
      client::ParseFencingToken(words[2]);
  if (!fencing.ok()) return std::nullopt;
  token.token = *fencing;
  if (Format(token) != text) return std::nullopt;
  return token;
}

std::string Describe(const ControllerToken& token) {
  return absl::StrCat("broker ", token.broker_id, " in controller epoch ",
                      token.controller_epoch, " (token ", ToString(token.token),
                      ")");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Fence>> Fence::Open(storage::FileSystem& files,
                                                   FenceOptions options) {
  const absl::StatusOr<std::optional<std::string>> text =
      ReadSmallFile(files, options.directory, kFileName);
  if (!text.ok()) return text.status();
  ControllerToken newest;
  if (*text) {
    const std::optional<ControllerToken> parsed = Parse(**text);
    if (!parsed) {
      return absl::DataLossError(absl::StrCat(
          storage::JoinPath(options.directory, kFileName),
          ": expected the token of a controller; found '",
          absl::CHexEscape(absl::string_view(**text).substr(0, 100)), "'"));
    }
    newest = *parsed;
  }
  return absl::WrapUnique(
      new Fence(files, std::move(options), std::move(newest)));
}

absl::Status Fence::Judge(const ControllerToken& token) {
  if (options_.any_ensemble) return absl::OkStatus();
  if (token.token.ensemble_id != options_.ensemble_id) {
    ++wrong_ensemble_count_;
    return BrokerError(
        ErrorKind::kWrongEnsemble,
        absl::StrCat("this broker belongs to ensemble ",
                     absl::BytesToHexString(options_.ensemble_id),
                     "; the command comes from ", Describe(token)));
  }
  const bool is_older = token.token.ensemble_id == newest_.token.ensemble_id &&
                        (token.controller_epoch < newest_.controller_epoch ||
                         (token.controller_epoch == newest_.controller_epoch &&
                          token != newest_));
  if (!is_older) return absl::OkStatus();
  ++stale_count_;
  return BrokerError(
      ErrorKind::kStaleController,
      absl::StrCat("this broker obeys ", Describe(newest_),
                   "; the command comes from ", Describe(token)));
}

absl::Status Fence::Admit(const ControllerToken& token) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status s = Judge(token); !s.ok()) return s;
  if (token == newest_) return absl::OkStatus();
  absl::Status written =
      WriteSmallFile(files_, options_.directory, kFileName, Format(token));
  if (!written.ok()) return written;
  newest_ = token;
  return absl::OkStatus();
}

ControllerToken Fence::newest() const {
  absl::MutexLock lock(&mutex_);
  return newest_;
}
uint64_t Fence::stale_count() const {
  absl::MutexLock lock(&mutex_);
  return stale_count_;
}
uint64_t Fence::wrong_ensemble_count() const {
  absl::MutexLock lock(&mutex_);
  return wrong_ensemble_count_;
}

}  // namespace quorate::broker
