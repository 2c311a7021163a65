#include "coord/rpc/codec/reply_codec.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "coord/replica/client_message.h"
#include "coord/rpc/codec/error_codec.h"
#include "coord/rpc/codec/ids_codec.h"
#include "coord/rpc/codec/request_codec.h"
#include "coord/tree/reads.h"
#include "coord/tree/stat.h"
#include "coord/tree/state_machine.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::rpc {

namespace v1 = coord::v1;

namespace {

// What a small message takes beside its texts.
constexpr size_t kOverheadBytes = 64;

void Put(const tree::Stat& stat, v1::Stat& proto) {
  proto.set_czxid(stat.czxid.value());
  proto.set_mzxid(stat.mzxid.value());
  proto.set_pzxid(stat.pzxid.value());
  proto.set_ctime_ms(stat.ctime_ms);
  proto.set_mtime_ms(stat.mtime_ms);
  proto.set_version(stat.version);
  proto.set_cversion(stat.cversion);
  proto.set_aversion(stat.aversion);
  proto.set_ephemeral_owner(stat.ephemeral_owner);
  proto.set_data_length(stat.data_length);
  proto.set_num_children(stat.num_children);
}

void Put(tree::TxnResult result, v1::WriteResult& proto) {
  proto.set_path(std::move(result.path));
  if (result.stat) Put(*result.stat, *proto.mutable_stat());
  proto.set_zookeeper_code(static_cast<int32_t>(result.error));
  for (tree::TxnResult& op : result.multi) {
    // A multi within a multi does not exist, so this goes one level deep.
    Put(std::move(op), *proto.add_ops());
  }
}

void Put(tree::DataAnswer answer, v1::Data& proto) {
  proto.set_data(std::move(answer.data));
  Put(answer.stat, *proto.mutable_stat());
}

void Put(tree::ChildrenAnswer answer, v1::Children& proto) {
  proto.mutable_names()->Reserve(static_cast<int>(answer.names.size()));
  for (std::string& name : answer.names) proto.add_names(std::move(name));
  Put(answer.stat, *proto.mutable_stat());
}

void Put(tree::ReadAnswer answer, v1::MultiReadAnswer& proto) {
  if (auto* data = std::get_if<tree::DataAnswer>(&answer)) {
    Put(std::move(*data), *proto.mutable_data());
  } else if (auto* children = std::get_if<tree::ChildrenAnswer>(&answer)) {
    Put(std::move(*children), *proto.mutable_children());
  } else {
    *proto.mutable_error() = ToErrorDetail(std::get<absl::Status>(answer));
  }
}

struct ResultPutter {
  v1::Reply& proto;

  void operator()(std::monostate) {}
  void operator()(tree::TxnResult result) {
    Put(std::move(result), *proto.mutable_write());
  }
  void operator()(tree::DataAnswer answer) {
    Put(std::move(answer), *proto.mutable_data());
  }
  void operator()(const tree::Stat& stat) { Put(stat, *proto.mutable_stat()); }
  void operator()(tree::ChildrenAnswer answer) {
    Put(std::move(answer), *proto.mutable_children());
  }
  void operator()(const tree::AclAnswer& answer) {
    v1::AclAndStat& acl = *proto.mutable_acl();
    PutAcl(answer.acl, *acl.mutable_acl());
    Put(answer.stat, *acl.mutable_stat());
  }
  void operator()(uint32_t count) { proto.set_count(count); }
  void operator()(std::vector<std::string> paths) {
    v1::Paths& out = *proto.mutable_paths();
    for (std::string& path : paths) out.add_paths(std::move(path));
  }
  void operator()(std::vector<tree::ReadAnswer> answers) {
    v1::MultiReadAnswers& out = *proto.mutable_multi_read();
    for (tree::ReadAnswer& answer : answers) {
      Put(std::move(answer), *out.add_answers());
    }
  }
};

struct MessagePutter {
  v1::ServerMessage& proto;

  void operator()(const replica::Welcome& welcome) {
    v1::Welcome& out = *proto.mutable_welcome();
    out.set_ensemble_id(EncodeEnsembleId(welcome.ensemble));
    out.set_member_id(welcome.member.value);
    out.set_session_id(welcome.session.value);
    out.set_timeout_ms(welcome.timeout_ms);
    out.set_zxid(welcome.zxid.value());
    out.set_last_request_id(welcome.last_request_id);
    out.set_max_outstanding(welcome.max_outstanding);
    out.set_max_outstanding_bytes(welcome.max_outstanding_bytes);
  }
  void operator()(replica::Reply reply) {
    PutReply(std::move(reply), *proto.mutable_reply());
  }
  void operator()(replica::WatchEvent event) {
    v1::WatchEvent& out = *proto.mutable_event();
    out.set_path(std::move(event.path));
    out.set_zxid(event.zxid.value());
    if (event.gap) {
      out.set_gap(true);
      out.set_kind(static_cast<v1::WatchKind>(event.kind));
    } else {
      out.set_type(static_cast<v1::EventType>(event.type));
    }
  }
  void operator()(const replica::Goodbye& goodbye) {
    v1::Goodbye& out = *proto.mutable_goodbye();
    if (!goodbye.status.ok()) {
      *out.mutable_error() = ToErrorDetail(goodbye.status);
    }
  }
};

// --- Sizes
// --------------------------------------------------------------------

size_t TextBytes(const std::vector<std::string>& texts) {
  size_t bytes = 0;
  for (const std::string& text : texts) {
    bytes += text.size() + sizeof(std::string);
  }
  return bytes;
}

struct ResultSize {
  size_t operator()(std::monostate) const { return 0; }
  size_t operator()(const tree::TxnResult& result) const {
    size_t bytes =
        kOverheadBytes + sizeof(tree::TxnResult) + result.path.size();
    for (const tree::TxnResult& op : result.multi) bytes += (*this)(op);
    return bytes;
  }
  size_t operator()(const tree::DataAnswer& answer) const {
    return kOverheadBytes + answer.data.size();
  }
  size_t operator()(const tree::Stat&) const { return kOverheadBytes; }
  size_t operator()(const tree::ChildrenAnswer& answer) const {
    return kOverheadBytes + TextBytes(answer.names);
  }
  size_t operator()(const tree::AclAnswer& answer) const {
    size_t bytes = kOverheadBytes;
    for (const tree::AclEntry& entry : answer.acl) {
      bytes += kOverheadBytes + entry.identity.scheme.size() +
               entry.identity.id.size();
    }
    return bytes;
  }
  size_t operator()(uint32_t) const { return 0; }
  size_t operator()(const std::vector<std::string>& paths) const {
    return TextBytes(paths);
  }
  size_t operator()(const std::vector<tree::ReadAnswer>& answers) const {
    size_t bytes = 0;
    for (const tree::ReadAnswer& answer : answers) {
      bytes += kOverheadBytes;
      if (const auto* data = std::get_if<tree::DataAnswer>(&answer)) {
        bytes += (*this)(*data);
      } else if (const auto* children =
                     std::get_if<tree::ChildrenAnswer>(&answer)) {
        bytes += (*this)(*children);
      }
    }
    return bytes;
  }
};

}  // namespace

void PutReply(replica::Reply reply, v1::Reply& proto) {
  proto.set_tag(reply.tag);
  proto.set_zxid(reply.zxid.value());
  if (!reply.status.ok()) *proto.mutable_error() = ToErrorDetail(reply.status);
  proto.set_not_taken(reply.not_taken);
  std::visit(ResultPutter{proto}, std::move(reply.result));
}

void PutServerMessage(replica::ServerMessage message,
                      v1::ServerMessage& proto) {
  std::visit(MessagePutter{proto}, std::move(message));
}

size_t SizeOf(const replica::ServerMessage& message) {
  const size_t base = sizeof(replica::ServerMessage);
  if (const auto* reply = std::get_if<replica::Reply>(&message)) {
    return base + reply->status.message().size() +
           std::visit(ResultSize{}, reply->result);
  }
  if (const auto* event = std::get_if<replica::WatchEvent>(&message)) {
    return base + event->path.size();
  }
  return base;
}

}  // namespace quorate::rpc
