#include "tools/quorate/context.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/console.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/pin_file.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

// The value of a variable of the environment; "": not set.
std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<std::vector<std::string>> SplitEndpoints(
    const std::vector<std::string>& lists) {
  std::vector<std::string> endpoints;
  for (const std::string& list : lists) {
    for (const absl::string_view endpoint : absl::StrSplit(list, ',')) {
      const absl::Status status = CheckEndpoint(endpoint);
      if (!status.ok()) return status;
      if (std::find(endpoints.begin(), endpoints.end(), endpoint) ==
          endpoints.end()) {
        endpoints.emplace_back(endpoint);
      }
    }
  }
  return endpoints;
}

absl::StatusOr<std::vector<std::string>> EndpointsOf(
    const std::string& directory) {
  const absl::StatusOr<ClusterFile> cluster = LoadCluster(directory);
  if (!cluster.ok()) return cluster.status();
  std::vector<std::string> endpoints;
  for (const ClusterMember& member : cluster->members) {
    if (!member.retired) endpoints.push_back(member.address);
  }
  return endpoints;
}

}  // namespace

int64_t Context::timeout_ms() const {
  return std::max<int64_t>(1, absl::ToInt64Milliseconds(options_.timeout));
}

absl::StatusOr<std::vector<std::string>> Context::Endpoints() {
  if (!endpoints_.empty()) return endpoints_;
  absl::StatusOr<std::vector<std::string>> found = std::vector<std::string>();
  const std::string variable = Environment("QUORATE_ENDPOINTS");
  if (!options_.endpoints.empty()) {
    found = SplitEndpoints(options_.endpoints);
  } else if (!options_.directory.empty()) {
    found = EndpointsOf(options_.directory);
  } else if (!variable.empty()) {
    found = SplitEndpoints({variable});
  } else if (!Environment("QUORATE_DIR").empty()) {
    found = EndpointsOf(Environment("QUORATE_DIR"));
  } else {
    return UsageError(
        "whom to ask? Give --endpoints HOST:PORT,... or --dir DIR of a local "
        "cluster, or set QUORATE_ENDPOINTS or QUORATE_DIR");
  }
  // A member that is added later is not among those of a local cluster's file
  // as it was read before.
  if (found.ok() && !options_.endpoints.empty()) endpoints_ = *found;
  return found;
}

absl::StatusOr<std::string> Context::Directory() const {
  if (!options_.directory.empty()) return options_.directory;
  std::string variable = Environment("QUORATE_DIR");
  if (!variable.empty()) return variable;
  return UsageError(
      "which cluster? Give --dir DIR or set QUORATE_DIR; to make one: "
      "quorate cluster up --dir DIR");
}

absl::StatusOr<client::Pin> Context::StartingPin() const {
  if (session_ != nullptr) return session_->pin();
  if (admin_ != nullptr) return admin_->pin();
  if (options_.pin_file.empty()) return client::Pin();
  return LoadPin(options_.pin_file);
}

absl::StatusOr<std::vector<client::Credential>> Context::Credentials() const {
  std::vector<client::Credential> credentials;
  for (const std::string& text : options_.auth) {
    absl::StatusOr<Auth> auth = ParseAuth(text);
    if (!auth.ok()) return auth.status();
    credentials.push_back(
        {.scheme = std::move(auth->scheme), .secret = std::move(auth->secret)});
  }
  return credentials;
}

absl::StatusOr<client::AdminClient*> Context::Admin() {
  if (admin_ != nullptr) return admin_.get();
  absl::StatusOr<std::vector<std::string>> endpoints = Endpoints();
  if (!endpoints.ok()) return endpoints.status();
  absl::StatusOr<client::Pin> pin = StartingPin();
  if (!pin.ok()) return pin.status();
  absl::StatusOr<std::vector<client::Credential>> credentials = Credentials();
  if (!credentials.ok()) return credentials.status();
  absl::StatusOr<std::unique_ptr<client::AdminClient>> admin =
      client::AdminClient::Create({.endpoints = *std::move(endpoints),
                                   .timeout_ms = timeout_ms(),
                                   .pin = *std::move(pin),
                                   .credentials = *std::move(credentials)});
  if (!admin.ok()) return admin.status();
  admin_ = *std::move(admin);
  return admin_.get();
}

absl::StatusOr<client::SessionOptions> Context::NewSessionOptions() {
  absl::StatusOr<std::vector<std::string>> endpoints = Endpoints();
  if (!endpoints.ok()) return endpoints.status();
  absl::StatusOr<client::Pin> pin = StartingPin();
  if (!pin.ok()) return pin.status();
  absl::StatusOr<std::vector<client::Credential>> credentials = Credentials();
  if (!credentials.ok()) return credentials.status();
  client::SessionOptions options;
  options.endpoints = *std::move(endpoints);
  options.call_timeout_ms = timeout_ms();
  options.pin = *std::move(pin);
  options.credentials = *std::move(credentials);
  return options;
}

absl::StatusOr<client::Session*> Context::Session() {
  if (session_ != nullptr &&
      session_->state() != client::SessionState::kExpired) {
    return session_.get();
  }
  absl::StatusOr<client::SessionOptions> options = NewSessionOptions();
  if (!options.ok()) return options.status();
  if (session_ != nullptr) {
    console_.Remark(
        "the session has expired, its ephemerals are gone; opening another");
  }
  const Progress progress(
      console_,
      absl::StrCat("connecting to ", absl::StrJoin(options->endpoints, ",")));
  absl::StatusOr<std::unique_ptr<client::Session>> session =
      client::Session::Open(*std::move(options));
  if (!session.ok()) return MentionPin(session.status());
  session_ = *std::move(session);
  return session_.get();
}

absl::StatusOr<client::WriteResult> Context::Write(client::Write write) {
  if (shell_) {
    const absl::StatusOr<client::Session*> session = Session();
    if (!session.ok()) return session.status();
    const Progress progress(console_, "waiting for the ensemble");
    absl::StatusOr<client::WriteResult> result =
        (*session)->Write(std::move(write));
    if (!result.ok()) return MentionPin(result.status());
    return result;
  }
  const absl::StatusOr<client::AdminClient*> admin = Admin();
  if (!admin.ok()) return admin.status();
  const Progress progress(console_, "waiting for the ensemble");
  absl::StatusOr<client::WriteResult> result =
      (*admin)->Write(std::move(write));
  if (!result.ok()) return MentionPin(result.status());
  return result;
}

absl::StatusOr<client::ReadResult> Context::Read(
    client::Read read, client::Consistency consistency) {
  if (shell_) {
    const absl::StatusOr<client::Session*> session = Session();
    if (!session.ok()) return session.status();
    const Progress progress(console_, "waiting for the ensemble");
    absl::StatusOr<client::ReadResult> result =
        (*session)->Read(std::move(read), consistency);
    if (!result.ok()) return MentionPin(result.status());
    return result;
  }
  const absl::StatusOr<client::AdminClient*> admin = Admin();
  if (!admin.ok()) return admin.status();
  const Progress progress(console_, "waiting for the ensemble");
  absl::StatusOr<client::ReadResult> result =
      (*admin)->Read(std::move(read), consistency);
  if (!result.ok()) return MentionPin(result.status());
  return result;
}

absl::Status Context::MentionPin(const absl::Status& status) const {
  if (options_.pin_file.empty()) return status;
  if (KindOf(status) == "Pinned") {
    absl::Status told(
        status.code(),
        absl::StrCat(status.message(), "; to follow, if that is meant: rm ",
                     options_.pin_file));
    status.ForEachPayload(
        [&told](absl::string_view url, const absl::Cord& payload) {
          told.SetPayload(url, payload);
        });
    return told;
  }
  if (ExitCodeOf(status) != ExitCode::kUnreachable) return status;
  const absl::StatusOr<client::Pin> pin = LoadPin(options_.pin_file);
  if (!pin.ok() || pin->ensemble_id.empty()) return status;
  return absl::Status(
      status.code(),
      absl::StrCat(status.message(), "; a member that is behind ",
                   FormatZxid(pin->highest_zxid), ", which ", options_.pin_file,
                   " has seen, does not answer"));
}

absl::Status Context::RememberPin() {
  if (options_.pin_file.empty()) return absl::OkStatus();
  absl::Status status;
  if (session_ != nullptr) status = SavePin(options_.pin_file, session_->pin());
  if (status.ok() && admin_ != nullptr) {
    status = SavePin(options_.pin_file, admin_->pin());
  }
  return status;
}

absl::Status Context::Finish() {
  const absl::Status status = RememberPin();
  session_.reset();
  admin_.reset();
  return status;
}

}  // namespace quorate::tools
