#include "coord/rpc/codec/client_codec.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/ids.h"
#include "coord/consensus/client_pin.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/identity.h"
#include "coord/rpc/codec/ids_codec.h"
#include "coord/rpc/codec/request_codec.h"
#include "coord/tree/acl.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/reads.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"
#include "coord/tree/watches.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

using Body = decltype(replica::ClientRequest::body);

absl::Status CheckApiVersion(uint32_t version) {
  if (version == kApiVersion) return absl::OkStatus();
  return IncompatibleError("client API", kApiVersion, version);
}

absl::StatusOr<consensus::ClientPin> TakePin(const v1::Pin& pin) {
  const absl::StatusOr<EnsembleId> ensemble =
      DecodeEnsembleId(pin.ensemble_id());
  if (!ensemble.ok()) return ensemble.status();
  return consensus::ClientPin{
      .ensemble = *ensemble,
      .highest_seen = consensus::Zxid::FromValue(pin.highest_zxid())};
}

absl::StatusOr<std::vector<tree::Identity>> TakeIdentities(
    const google::protobuf::RepeatedPtrField<v1::Credential>& credentials,
    const std::optional<tree::Identity>& address) {
  if (credentials.size() > kMaxCredentials) {
    return MalformedError(absl::StrCat("at most ", kMaxCredentials,
                                       " credentials at once; found ",
                                       credentials.size()));
  }
  std::vector<tree::Identity> identities;
  if (address) identities.push_back(*address);
  for (const v1::Credential& credential : credentials) {
    absl::StatusOr<tree::Identity> identity = CredentialIdentity(credential);
    if (!identity.ok()) return identity.status();
    identities.push_back(*std::move(identity));
  }
  return identities;
}

absl::Status CheckNotNegative(absl::string_view what, int64_t number) {
  if (number >= 0) return absl::OkStatus();
  return MalformedError(absl::StrCat(what, " is not negative; found ", number));
}

absl::StatusOr<Body> Take(v1::Write& write) {
  absl::Status sane = CheckNotNegative("request_id", write.request_id());
  sane.Update(CheckNotNegative("acked_through", write.acked_through()));
  if (!sane.ok()) return sane;
  absl::StatusOr<tree::RequestBody> body = TakeRequestBody(write);
  if (!body.ok()) return body.status();
  return Body(replica::WriteRequest{.request_id = write.request_id(),
                                    .acked_through = write.acked_through(),
                                    .body = *std::move(body)});
}

absl::StatusOr<replica::MultiRead> Take(v1::MultiRead& proto) {
  if (proto.ops_size() > kMaxMultiOps) {
    return MalformedError(absl::StrCat("a multi_read has at most ",
                                       kMaxMultiOps, " ops; found ",
                                       proto.ops_size()));
  }
  replica::MultiRead multi;
  for (v1::ReadOp& op : *proto.mutable_ops()) {
    if (op.has_get_data() && !op.get_data().watch()) {
      multi.ops.push_back(
          {.kind = tree::ReadOp::Kind::kGetData,
           .path = std::move(*op.mutable_get_data()->mutable_path())});
    } else if (op.has_get_children() && !op.get_children().watch()) {
      multi.ops.push_back(
          {.kind = tree::ReadOp::Kind::kGetChildren,
           .path = std::move(*op.mutable_get_children()->mutable_path())});
    } else {
      return MalformedError(
          "an op of a multi_read is one of get_data, get_children, without a "
          "watch; found none of them");
    }
  }
  return multi;
}

absl::StatusOr<replica::Query> TakeQuery(v1::Read& read) {
  using replica::Query;
  switch (read.query_case()) {
    case v1::Read::kGetData:
      return Query(replica::GetData{
          .path = std::move(*read.mutable_get_data()->mutable_path()),
          .watch = read.get_data().watch()});
    case v1::Read::kExists:
      return Query(replica::Exists{
          .path = std::move(*read.mutable_exists()->mutable_path()),
          .watch = read.exists().watch()});
    case v1::Read::kGetChildren:
      return Query(replica::GetChildren{
          .path = std::move(*read.mutable_get_children()->mutable_path()),
          .watch = read.get_children().watch()});
    case v1::Read::kGetAcl:
      return Query(replica::GetAcl{
          .path = std::move(*read.mutable_get_acl()->mutable_path())});
    case v1::Read::kCountDescendants:
      return Query(replica::CountDescendants{
          .path =
              std::move(*read.mutable_count_descendants()->mutable_path())});
    case v1::Read::kGetEphemerals:
      return Query(replica::GetEphemerals{
          .prefix =
              std::move(*read.mutable_get_ephemerals()->mutable_prefix())});
    case v1::Read::kMultiRead: {
      absl::StatusOr<replica::MultiRead> multi =
          Take(*read.mutable_multi_read());
      if (!multi.ok()) return multi.status();
      return Query(*std::move(multi));
    }
    case v1::Read::kSync:
      return Query(replica::Sync{});
    case v1::Read::QUERY_NOT_SET:
      break;
  }
  return MalformedError(
      "a read is one of get_data, exists, get_children, get_acl, "
      "count_descendants, get_ephemerals, multi_read, sync; found none of "
      "them");
}

absl::StatusOr<Body> Take(v1::Read& read) {
  absl::StatusOr<replica::Query> query = TakeQuery(read);
  if (!query.ok()) return query.status();
  return Body(
      replica::ReadRequest{.local = read.local(), .query = *std::move(query)});
}

absl::StatusOr<tree::WatchKind> TakeKind(v1::WatchKind kind) {
  if (kind == v1::WATCH_KIND_UNSPECIFIED || !v1::WatchKind_IsValid(kind)) {
    return MalformedError(
        absl::StrCat("a watch kind is one of 1 (data), 2 (child), 4 "
                     "(persistent), 8 (recursive); found ",
                     static_cast<int>(kind)));
  }
  return static_cast<tree::WatchKind>(kind);
}

absl::StatusOr<Body> Take(v1::AddWatch& proto) {
  const absl::StatusOr<tree::WatchKind> kind = TakeKind(proto.kind());
  if (!kind.ok()) return kind.status();
  replica::AddWatch watch;
  watch.path = std::move(*proto.mutable_path());
  watch.kind = *kind;
  if (proto.has_resume_after()) {
    watch.resume_after = consensus::Zxid::FromValue(proto.resume_after());
  }
  return Body(std::move(watch));
}

absl::StatusOr<Body> Take(v1::RemoveWatch& proto) {
  replica::RemoveWatch watch;
  watch.path = std::move(*proto.mutable_path());
  if (proto.kind() != v1::WATCH_KIND_UNSPECIFIED) {
    const absl::StatusOr<tree::WatchKind> kind = TakeKind(proto.kind());
    if (!kind.ok()) return kind.status();
    watch.kind = *kind;
  }
  return Body(std::move(watch));
}

absl::StatusOr<Body> Take(const v1::Credential& credential) {
  absl::StatusOr<tree::Identity> identity = CredentialIdentity(credential);
  if (!identity.ok()) return identity.status();
  return Body(replica::AddIdentity{.identity = *std::move(identity)});
}

absl::StatusOr<Body> TakeBody(v1::Request& request) {
  switch (request.body_case()) {
    case v1::Request::kWrite:
      return Take(*request.mutable_write());
    case v1::Request::kRead:
      return Take(*request.mutable_read());
    case v1::Request::kAddWatch:
      return Take(*request.mutable_add_watch());
    case v1::Request::kRemoveWatch:
      return Take(*request.mutable_remove_watch());
    case v1::Request::kAddCredential:
      return Take(request.add_credential());
    case v1::Request::kPing:
      return Body(replica::Ping{});
    case v1::Request::BODY_NOT_SET:
      break;
  }
  return MalformedError(
      "a request is one of write, read, add_watch, remove_watch, "
      "add_credential, ping; found none of them");
}

bool LeavesWatch(const replica::Query& query) {
  struct Visitor {
    bool operator()(const replica::GetData& q) const { return q.watch; }
    bool operator()(const replica::Exists& q) const { return q.watch; }
    bool operator()(const replica::GetChildren& q) const { return q.watch; }
    bool operator()(const replica::GetAcl&) const { return false; }
    bool operator()(const replica::CountDescendants&) const { return false; }
    bool operator()(const replica::GetEphemerals&) const { return false; }
    bool operator()(const replica::MultiRead&) const { return false; }
    bool operator()(const replica::Sync&) const { return false; }
  };
  return std::visit(Visitor{}, query);
}

// What only a session can ask for.
absl::Status CheckWithoutSession(const Body& body) {
  if (const auto* write = std::get_if<replica::WriteRequest>(&body)) {
    if (write->request_id != 0 || write->acked_through != 0) {
      return MalformedError(
          absl::StrCat("the writes of a Call have no request_id and no "
                       "acked_through; found ",
                       write->request_id, " and ", write->acked_through));
    }
    if (std::holds_alternative<tree::CloseSessionRequest>(write->body)) {
      return MalformedError("a Call has no session that it could close");
    }
    return absl::OkStatus();
  }
  const auto* read = std::get_if<replica::ReadRequest>(&body);
  if (read == nullptr) {
    return MalformedError(
        "a Call asks for a write or a read; everything else needs a session");
  }
  if (LeavesWatch(read->query)) {
    return MalformedError("a watch needs a session; a Call has none");
  }
  return absl::OkStatus();
}

absl::Status CheckInSession(const Body& body) {
  const auto* write = std::get_if<replica::WriteRequest>(&body);
  if (write == nullptr) return absl::OkStatus();
  if (write->request_id == 0) {
    return MalformedError(
        "the writes of a session are numbered from 1; found request_id 0");
  }
  if (write->acked_through >= write->request_id) {
    return MalformedError(absl::StrCat(
        "acked_through is below request_id ", write->request_id,
        ", which is not answered yet; found ", write->acked_through));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<replica::Hello> TakeHello(
    v1::Hello& hello, const std::optional<tree::Identity>& address) {
  if (absl::Status known = CheckApiVersion(hello.api_version()); !known.ok()) {
    return known;
  }
  absl::StatusOr<consensus::ClientPin> pin = TakePin(hello.pin());
  if (!pin.ok()) return pin.status();
  const tree::SessionId session = {hello.session_id()};
  if (!session.IsNone() &&
      (session.value < 0 || !tree::IsValidSessionId(session))) {
    return MalformedError(
        absl::StrCat("a session id is above 0, or 0 for a new session; found ",
                     session.value));
  }
  if (hello.password().size() != replica::kPasswordBytes) {
    return MalformedError(
        absl::StrCat("a session's password has ", replica::kPasswordBytes,
                     " random bytes; found ", hello.password().size()));
  }
  if (absl::Status sane = CheckNotNegative("timeout_ms", hello.timeout_ms());
      !sane.ok()) {
    return sane;
  }
  absl::StatusOr<std::vector<tree::Identity>> identities =
      TakeIdentities(hello.credentials(), address);
  if (!identities.ok()) return identities.status();
  return replica::Hello{.pin = *pin,
                        .session = session,
                        .password = std::move(*hello.mutable_password()),
                        .timeout_ms = hello.timeout_ms(),
                        .identities = *std::move(identities)};
}

absl::StatusOr<replica::ClientRequest> TakeRequest(v1::Request& request) {
  absl::StatusOr<Body> body = TakeBody(request);
  const absl::Status status = body.ok() ? CheckInSession(*body) : body.status();
  if (!status.ok()) {
    return MalformedWithin(absl::StrCat("request with tag ", request.tag()),
                           status);
  }
  return replica::ClientRequest{.tag = request.tag(), .body = *std::move(body)};
}

absl::StatusOr<Call> TakeCall(v1::CallRequest& call,
                              const std::optional<tree::Identity>& address) {
  if (absl::Status known = CheckApiVersion(call.api_version()); !known.ok()) {
    return known;
  }
  absl::StatusOr<consensus::ClientPin> pin = TakePin(call.pin());
  if (!pin.ok()) return pin.status();
  absl::StatusOr<std::vector<tree::Identity>> identities =
      TakeIdentities(call.credentials(), address);
  if (!identities.ok()) return identities.status();
  absl::StatusOr<Body> body = TakeBody(*call.mutable_request());
  if (!body.ok()) return body.status();
  if (absl::Status fit = CheckWithoutSession(*body); !fit.ok()) return fit;
  return Call{
      .pin = *pin,
      .identities = *std::move(identities),
      .request = {.tag = call.request().tag(), .body = *std::move(body)}};
}

}  // namespace quorate::rpc
