#include "coord/rpc/codec/request_codec.h"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/replica/client_message.h"
#include "coord/rpc/codec/error.h"
#include "coord/tree/acl.h"
#include "coord/tree/request.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/peer.pb.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

tree::Acl TakeAcl(v1::Acl& proto) {
  tree::Acl acl;
  acl.reserve(static_cast<size_t>(proto.entries_size()));
  for (v1::AclEntry& entry : *proto.mutable_entries()) {
    acl.push_back({.permissions = entry.permissions(),
                   .identity = {.scheme = std::move(*entry.mutable_scheme()),
                                .id = std::move(*entry.mutable_id())}});
  }
  return acl;
}

absl::StatusOr<tree::CreateMode> TakeMode(v1::CreateMode mode) {
  if (!v1::CreateMode_IsValid(mode)) {
    return MalformedError(absl::StrCat("a create mode is one of 0 to 6; found ",
                                       static_cast<int>(mode)));
  }
  return static_cast<tree::CreateMode>(mode);
}

// The version of any message that has an optional one.
template <typename Proto>
absl::StatusOr<int32_t> TakeVersion(const Proto& proto) {
  const int32_t version =
      proto.has_version() ? proto.version() : tree::kAnyVersion;
  if (version < tree::kAnyVersion) {
    return MalformedError(absl::StrCat(
        "a version is at least 0, or -1 or absent for any; found ", version));
  }
  return version;
}

absl::StatusOr<tree::CreateRequest> Take(v1::Create& proto) {
  const absl::StatusOr<tree::CreateMode> mode = TakeMode(proto.mode());
  if (!mode.ok()) return mode.status();
  return tree::CreateRequest{
      .path = std::move(*proto.mutable_path()),
      .data = std::move(*proto.mutable_data()),
      .acl = proto.has_acl() ? TakeAcl(*proto.mutable_acl()) : tree::OpenAcl(),
      .mode = *mode,
      .ttl_ms = proto.ttl_ms() == 0 ? -1 : proto.ttl_ms()};
}

absl::StatusOr<tree::DeleteRequest> Take(v1::Delete& proto) {
  const absl::StatusOr<int32_t> version = TakeVersion(proto);
  if (!version.ok()) return version.status();
  return tree::DeleteRequest{.path = std::move(*proto.mutable_path()),
                             .version = *version};
}

absl::StatusOr<tree::DeleteRecursiveRequest> Take(v1::DeleteRecursive& proto) {
  return tree::DeleteRecursiveRequest{.path = std::move(*proto.mutable_path())};
}

absl::StatusOr<tree::SetDataRequest> Take(v1::SetData& proto) {
  const absl::StatusOr<int32_t> version = TakeVersion(proto);
  if (!version.ok()) return version.status();
  return tree::SetDataRequest{.path = std::move(*proto.mutable_path()),
                              .data = std::move(*proto.mutable_data()),
                              .version = *version};
}

absl::StatusOr<tree::SetAclRequest> Take(v1::SetAcl& proto) {
  const absl::StatusOr<int32_t> version = TakeVersion(proto);
  if (!version.ok()) return version.status();
  return tree::SetAclRequest{
      .path = std::move(*proto.mutable_path()),
      .acl = proto.has_acl() ? TakeAcl(*proto.mutable_acl()) : tree::OpenAcl(),
      .version = *version};
}

absl::StatusOr<tree::CheckRequest> Take(v1::Check& proto) {
  const absl::StatusOr<int32_t> version = TakeVersion(proto);
  if (!version.ok()) return version.status();
  return tree::CheckRequest{.path = std::move(*proto.mutable_path()),
                            .version = *version};
}

absl::StatusOr<tree::MultiRequest> Take(v1::Multi& proto);

// What Take() gives, in a variant.
template <typename Variant, typename Proto>
absl::StatusOr<Variant> TakeInto(Proto& proto) {
  auto taken = Take(proto);
  if (!taken.ok()) return taken.status();
  return Variant(*std::move(taken));
}

absl::StatusOr<tree::MultiOpRequest> Take(v1::MultiOp& proto) {
  using Op = tree::MultiOpRequest;
  switch (proto.op_case()) {
    case v1::MultiOp::kCreate:
      return TakeInto<Op>(*proto.mutable_create());
    case v1::MultiOp::kDelete:
      return TakeInto<Op>(*proto.mutable_delete_());
    case v1::MultiOp::kSetData:
      return TakeInto<Op>(*proto.mutable_set_data());
    case v1::MultiOp::kCheck:
      return TakeInto<Op>(*proto.mutable_check());
    case v1::MultiOp::OP_NOT_SET:
      break;
  }
  return MalformedError(
      "an op of a multi is one of create, delete, set_data, check; found none "
      "of them");
}

absl::StatusOr<tree::MultiRequest> Take(v1::Multi& proto) {
  if (proto.ops_size() > kMaxMultiOps) {
    return MalformedError(absl::StrCat("a multi has at most ", kMaxMultiOps,
                                       " ops; found ", proto.ops_size()));
  }
  tree::MultiRequest multi;
  multi.ops.reserve(static_cast<size_t>(proto.ops_size()));
  for (int i = 0; i < proto.ops_size(); ++i) {
    absl::StatusOr<tree::MultiOpRequest> op = Take(*proto.mutable_ops(i));
    if (!op.ok()) {
      return MalformedWithin(absl::StrCat("op ", i, " of a multi"),
                             op.status());
    }
    multi.ops.push_back(*std::move(op));
  }
  return multi;
}

// Of the messages Write and ForwardedRequest, which name their ops alike; only
// the second can open a session. nullopt: none of those that both have.
template <typename Ops>
absl::StatusOr<tree::RequestBody> TakeCommonBody(int op, Ops& ops) {
  using Body = tree::RequestBody;
  switch (op) {
    case Ops::kCreate:
      return TakeInto<Body>(*ops.mutable_create());
    case Ops::kDelete:
      return TakeInto<Body>(*ops.mutable_delete_());
    case Ops::kDeleteRecursive:
      return TakeInto<Body>(*ops.mutable_delete_recursive());
    case Ops::kSetData:
      return TakeInto<Body>(*ops.mutable_set_data());
    case Ops::kSetAcl:
      return TakeInto<Body>(*ops.mutable_set_acl());
    case Ops::kCheck:
      return TakeInto<Body>(*ops.mutable_check());
    case Ops::kMulti:
      return TakeInto<Body>(*ops.mutable_multi());
    case Ops::kCloseSession:
      return Body(tree::CloseSessionRequest{});
    default:
      return MalformedError(
          "a write is one of create, delete, delete_recursive, set_data, "
          "set_acl, check, multi, close_session; found none of them");
  }
}

// --- To the wire -------------------------------------------------------------

void Put(const tree::CreateRequest& request, v1::Create& proto) {
  proto.set_path(request.path);
  proto.set_data(request.data);
  PutAcl(request.acl, *proto.mutable_acl());
  proto.set_mode(static_cast<v1::CreateMode>(request.mode));
  proto.set_ttl_ms(request.ttl_ms < 0 ? 0 : request.ttl_ms);
}

void Put(const tree::DeleteRequest& request, v1::Delete& proto) {
  proto.set_path(request.path);
  proto.set_version(request.version);
}

void Put(const tree::SetDataRequest& request, v1::SetData& proto) {
  proto.set_path(request.path);
  proto.set_data(request.data);
  proto.set_version(request.version);
}

void Put(const tree::CheckRequest& request, v1::Check& proto) {
  proto.set_path(request.path);
  proto.set_version(request.version);
}

void Put(const tree::MultiRequest& request, v1::Multi& proto) {
  struct Visitor {
    v1::MultiOp& op;
    void operator()(const tree::CreateRequest& r) {
      Put(r, *op.mutable_create());
    }
    void operator()(const tree::DeleteRequest& r) {
      Put(r, *op.mutable_delete_());
    }
    void operator()(const tree::SetDataRequest& r) {
      Put(r, *op.mutable_set_data());
    }
    void operator()(const tree::CheckRequest& r) {
      Put(r, *op.mutable_check());
    }
  };
  for (const tree::MultiOpRequest& op : request.ops) {
    std::visit(Visitor{*proto.add_ops()}, op);
  }
}

struct BodyPutter {
  v1::ForwardedRequest& proto;

  absl::Status operator()(const tree::CreateRequest& request) {
    Put(request, *proto.mutable_create());
    return absl::OkStatus();
  }
  absl::Status operator()(const tree::DeleteRequest& request) {
    Put(request, *proto.mutable_delete_());
    return absl::OkStatus();
  }
  absl::Status operator()(const tree::DeleteRecursiveRequest& request) {
    proto.mutable_delete_recursive()->set_path(request.path);
    return absl::OkStatus();
  }
  absl::Status operator()(const tree::SetDataRequest& request) {
    Put(request, *proto.mutable_set_data());
    return absl::OkStatus();
  }
  absl::Status operator()(const tree::SetAclRequest& request) {
    v1::SetAcl& set_acl = *proto.mutable_set_acl();
    set_acl.set_path(request.path);
    PutAcl(request.acl, *set_acl.mutable_acl());
    set_acl.set_version(request.version);
    return absl::OkStatus();
  }
  absl::Status operator()(const tree::CheckRequest& request) {
    Put(request, *proto.mutable_check());
    return absl::OkStatus();
  }
  absl::Status operator()(const tree::MultiRequest& request) {
    Put(request, *proto.mutable_multi());
    return absl::OkStatus();
  }
  absl::Status operator()(const tree::CreateSessionRequest& request) {
    v1::OpenSession& open = *proto.mutable_open_session();
    open.set_timeout_ms(request.timeout_ms);
    open.set_password(request.password);
    return absl::OkStatus();
  }
  absl::Status operator()(const tree::CloseSessionRequest&) {
    proto.mutable_close_session();
    return absl::OkStatus();
  }
  absl::Status operator()(const tree::DeleteContainerRequest&) {
    return absl::InternalError(
        "a DeleteContainerRequest is the leader's own and is not forwarded");
  }
};

}  // namespace

absl::StatusOr<tree::RequestBody> TakeRequestBody(v1::Write& write) {
  return TakeCommonBody(write.op_case(), write);
}

absl::StatusOr<tree::RequestBody> TakeRequestBody(
    v1::ForwardedRequest& request) {
  if (!request.has_open_session()) {
    return TakeCommonBody(request.body_case(), request);
  }
  v1::OpenSession& open = *request.mutable_open_session();
  if (open.timeout_ms() < 1) {
    return MalformedError(absl::StrCat(
        "a session's timeout is at least 1 ms; found ", open.timeout_ms()));
  }
  if (open.password().size() != replica::kPasswordBytes) {
    return MalformedError(
        absl::StrCat("a session's password has ", replica::kPasswordBytes,
                     " bytes; found ", open.password().size()));
  }
  return tree::RequestBody(tree::CreateSessionRequest{
      .timeout_ms = open.timeout_ms(),
      .password = std::move(*open.mutable_password())});
}

absl::Status PutRequestBody(const tree::RequestBody& body,
                            v1::ForwardedRequest& request) {
  return std::visit(BodyPutter{request}, body);
}

void PutAcl(const tree::Acl& acl, v1::Acl& proto) {
  for (const tree::AclEntry& entry : acl) {
    v1::AclEntry& out = *proto.add_entries();
    out.set_permissions(entry.permissions);
    out.set_scheme(entry.identity.scheme);
    out.set_id(entry.identity.id);
  }
}

}  // namespace quorate::rpc
