#include "coord/rpc/codec/replica_codec.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "coord/base/check.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/replica/peer_message.h"
#include "coord/rpc/codec/error.h"
#include "coord/rpc/codec/error_codec.h"
#include "coord/rpc/codec/request_codec.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"
#include "proto/coord/v1/peer.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

using consensus::Zxid;
using tree::SessionId;

namespace {

absl::Status Put(const replica::ForwardedRequest& request,
                 v1::ForwardedRequest& proto) {
  proto.set_session_id(request.session.value);
  proto.set_attachment(request.attachment);
  proto.set_request_id(request.request_id);
  proto.set_acked_through(request.acked_through);
  proto.set_round(request.round);
  for (const tree::Identity& identity : request.identities) {
    v1::PeerIdentity& out = *proto.add_identities();
    out.set_scheme(identity.scheme);
    out.set_id(identity.id);
  }
  return PutRequestBody(request.body, proto);
}

struct Putter {
  v1::PeerMessage& proto;

  absl::Status operator()(const replica::Forward& m) {
    v1::Forward& out = *proto.mutable_forward();
    out.set_epoch(m.epoch);
    for (const replica::ForwardedRequest& request : m.requests) {
      const absl::Status put = Put(request, *out.add_requests());
      if (!put.ok()) return put;
    }
    return absl::OkStatus();
  }
  absl::Status operator()(const replica::ForwardRefused& m) {
    v1::ForwardRefused& out = *proto.mutable_forward_refused();
    out.set_epoch(m.epoch);
    for (const replica::ForwardRefused::Item& item : m.items) {
      v1::ForwardRefused::Item& to = *out.add_items();
      to.set_session_id(item.session.value);
      to.set_request_id(item.request_id);
      to.set_password(item.password);
      to.set_round(item.round);
      if (item.status.ok()) {
        return absl::InternalError("a ForwardRefused refuses with OK");
      }
      *to.mutable_error() = ToErrorDetail(item.status);
    }
    return absl::OkStatus();
  }
  absl::Status operator()(const replica::AttachSession& m) {
    v1::AttachSession& out = *proto.mutable_attach_session();
    out.set_session_id(m.session.value);
    out.set_password(m.password);
    out.set_attachment(m.attachment);
    return absl::OkStatus();
  }
  absl::Status operator()(const replica::SessionAttached& m) {
    v1::SessionAttached& out = *proto.mutable_session_attached();
    out.set_session_id(m.session.value);
    out.set_attachment(m.attachment);
    if (!m.status.ok()) *out.mutable_error() = ToErrorDetail(m.status);
    out.set_zxid(m.zxid.value());
    return absl::OkStatus();
  }
  absl::Status operator()(const replica::SessionTouches& m) {
    v1::SessionTouches& out = *proto.mutable_session_touches();
    for (const replica::SessionTouches::Touch& touch : m.touches) {
      v1::SessionTouches::Touch& to = *out.add_touches();
      to.set_session_id(touch.session.value);
      to.set_attachment(touch.attachment);
    }
    return absl::OkStatus();
  }
  absl::Status operator()(const replica::StateDigest& m) {
    v1::StateDigest& out = *proto.mutable_state_digest();
    out.set_zxid(m.zxid.value());
    out.set_digest(m.digest);
    return absl::OkStatus();
  }
};

using Message = replica::PeerMessage;

absl::StatusOr<replica::ForwardedRequest> Take(v1::ForwardedRequest& proto) {
  absl::StatusOr<tree::RequestBody> body = TakeRequestBody(proto);
  if (!body.ok()) return body.status();
  replica::ForwardedRequest request{.session = SessionId{proto.session_id()},
                                    .attachment = proto.attachment(),
                                    .request_id = proto.request_id(),
                                    .acked_through = proto.acked_through(),
                                    .round = proto.round(),
                                    .identities = {},
                                    .body = *std::move(body)};
  request.identities.reserve(static_cast<size_t>(proto.identities_size()));
  for (v1::PeerIdentity& identity : *proto.mutable_identities()) {
    request.identities.push_back(
        {.scheme = std::move(*identity.mutable_scheme()),
         .id = std::move(*identity.mutable_id())});
  }
  return request;
}

absl::StatusOr<Message> Take(v1::Forward& m) {
  replica::Forward forward;
  forward.epoch = m.epoch();
  forward.requests.reserve(static_cast<size_t>(m.requests_size()));
  for (v1::ForwardedRequest& proto : *m.mutable_requests()) {
    absl::StatusOr<replica::ForwardedRequest> request = Take(proto);
    if (!request.ok()) return request.status();
    forward.requests.push_back(*std::move(request));
  }
  return Message(std::move(forward));
}

absl::Status CheckPassword(const std::string& password, bool may_be_empty) {
  if (password.size() == replica::kPasswordBytes ||
      (may_be_empty && password.empty())) {
    return absl::OkStatus();
  }
  return MalformedError(absl::StrCat("a session's password has ",
                                     replica::kPasswordBytes, " bytes; found ",
                                     password.size()));
}

absl::StatusOr<Message> Take(v1::ForwardRefused& m) {
  replica::ForwardRefused refused;
  refused.epoch = m.epoch();
  refused.items.reserve(static_cast<size_t>(m.items_size()));
  for (v1::ForwardRefused::Item& item : *m.mutable_items()) {
    const absl::Status sane = CheckPassword(item.password(), true);
    if (!sane.ok()) return sane;
    refused.items.push_back({.session = SessionId{item.session_id()},
                             .request_id = item.request_id(),
                             .password = std::move(*item.mutable_password()),
                             .round = item.round(),
                             .status = FromErrorDetail(item.error())});
  }
  return Message(std::move(refused));
}

absl::StatusOr<Message> Take(v1::AttachSession& m) {
  const absl::Status sane = CheckPassword(m.password(), false);
  if (!sane.ok()) return sane;
  return Message(
      replica::AttachSession{.session = SessionId{m.session_id()},
                             .password = std::move(*m.mutable_password()),
                             .attachment = m.attachment()});
}

absl::StatusOr<Message> Take(const v1::SessionAttached& m) {
  return Message(replica::SessionAttached{
      .session = SessionId{m.session_id()},
      .attachment = m.attachment(),
      .status = m.has_error() ? FromErrorDetail(m.error()) : absl::OkStatus(),
      .zxid = Zxid::FromValue(m.zxid())});
}

absl::StatusOr<Message> Take(const v1::SessionTouches& m) {
  replica::SessionTouches touches;
  touches.touches.reserve(static_cast<size_t>(m.touches_size()));
  for (const v1::SessionTouches::Touch& touch : m.touches()) {
    touches.touches.push_back({.session = SessionId{touch.session_id()},
                               .attachment = touch.attachment()});
  }
  return Message(std::move(touches));
}

absl::StatusOr<Message> Take(const v1::StateDigest& m) {
  return Message(replica::StateDigest{.zxid = Zxid::FromValue(m.zxid()),
                                      .digest = m.digest()});
}

}  // namespace

absl::Status PutMessage(const replica::PeerMessage& message,
                        v1::PeerMessage& proto) {
  return std::visit(Putter{proto}, message);
}

absl::StatusOr<replica::PeerMessage> TakeReplicaMessage(
    v1::PeerMessage& proto) {
  switch (proto.message_case()) {
    case v1::PeerMessage::kForward:
      return Take(*proto.mutable_forward());
    case v1::PeerMessage::kForwardRefused:
      return Take(*proto.mutable_forward_refused());
    case v1::PeerMessage::kAttachSession:
      return Take(*proto.mutable_attach_session());
    case v1::PeerMessage::kSessionAttached:
      return Take(*proto.mutable_session_attached());
    case v1::PeerMessage::kSessionTouches:
      return Take(*proto.mutable_session_touches());
    case v1::PeerMessage::kStateDigest:
      return Take(*proto.mutable_state_digest());
    default:
      break;
  }
  QUORATE_CHECK(false && "no message of replicas");
}

}  // namespace quorate::rpc
