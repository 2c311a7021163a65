#include "coord/client/codec.h"

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
#include "coord/client/error.h"
#include "coord/client/error_detail.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "google/protobuf/stubs/common.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/error.pb.h"
#include "proto/coord/v1/tree.pb.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

// --- To the wire -------------------------------------------------------------

// What a member cannot even parse, so that it would drop the connection: text
// that is not UTF-8, and numbers that are not of their enumeration.
class InputCheck {
 public:
  const std::string& Text(const std::string& text) {
    if (!google::protobuf::internal::IsStructurallyValidUTF8(
            text.data(), static_cast<int>(text.size()))) {
      problem_ = "paths, schemes and ids must be valid UTF-8";
    }
    return text;
  }

  v1::CreateMode Mode(CreateMode mode) {
    const int number = static_cast<int>(mode);
    if (!v1::CreateMode_IsValid(number)) problem_ = "there is no such mode";
    return static_cast<v1::CreateMode>(number);
  }

  v1::WatchKind Kind(WatchKind kind) {
    const int number = static_cast<int>(kind);
    if (number == 0 || !v1::WatchKind_IsValid(number)) {
      problem_ = "there is no such kind of watch";
    }
    return static_cast<v1::WatchKind>(number);
  }

  absl::Status Result() const {
    if (problem_.empty()) return absl::OkStatus();
    ErrorInfo info;
    info.kind = "BadArguments";
    info.zookeeper_code = -8;
    return MakeError(absl::StatusCode::kInvalidArgument, problem_, info);
  }

 private:
  absl::string_view problem_;  // empty: none
};

void Encode(const Acl& acl, v1::Acl& wire, InputCheck& check) {
  for (const AclEntry& entry : acl) {
    v1::AclEntry* to = wire.add_entries();
    to->set_permissions(entry.permissions);
    to->set_scheme(check.Text(entry.scheme));
    to->set_id(check.Text(entry.id));
  }
}

void Encode(const Create& op, v1::Create& wire, InputCheck& check) {
  wire.set_path(check.Text(op.path));
  wire.set_data(op.data);
  // Absent means: everyone may do everything.
  if (!op.acl.empty()) Encode(op.acl, *wire.mutable_acl(), check);
  wire.set_mode(check.Mode(op.mode));
  wire.set_ttl_ms(op.ttl_ms);
}
void Encode(const Delete& op, v1::Delete& wire, InputCheck& check) {
  wire.set_path(check.Text(op.path));
  wire.set_version(op.version);
}
void Encode(const SetData& op, v1::SetData& wire, InputCheck& check) {
  wire.set_path(check.Text(op.path));
  wire.set_data(op.data);
  wire.set_version(op.version);
}
void Encode(const Check& op, v1::Check& wire, InputCheck& check) {
  wire.set_path(check.Text(op.path));
  wire.set_version(op.version);
}

struct MultiOpEncoder {
  v1::MultiOp& wire;
  InputCheck& check;

  void operator()(const Create& op) {
    Encode(op, *wire.mutable_create(), check);
  }
  void operator()(const Delete& op) {
    Encode(op, *wire.mutable_delete_(), check);
  }
  void operator()(const SetData& op) {
    Encode(op, *wire.mutable_set_data(), check);
  }
  void operator()(const Check& op) { Encode(op, *wire.mutable_check(), check); }
};

struct WriteEncoder {
  v1::Write& wire;
  InputCheck& check;

  void operator()(const Create& op) {
    Encode(op, *wire.mutable_create(), check);
  }
  void operator()(const Delete& op) {
    Encode(op, *wire.mutable_delete_(), check);
  }
  void operator()(const DeleteRecursive& op) {
    wire.mutable_delete_recursive()->set_path(check.Text(op.path));
  }
  void operator()(const SetData& op) {
    Encode(op, *wire.mutable_set_data(), check);
  }
  void operator()(const SetAcl& op) {
    v1::SetAcl* to = wire.mutable_set_acl();
    to->set_path(check.Text(op.path));
    Encode(op.acl, *to->mutable_acl(), check);
    to->set_version(op.version);
  }
  void operator()(const Check& op) { Encode(op, *wire.mutable_check(), check); }
  void operator()(const Multi& op) {
    v1::Multi* to = wire.mutable_multi();
    for (const MultiOp& part : op.ops) {
      std::visit(MultiOpEncoder{*to->add_ops(), check}, part);
    }
  }
};

struct ReadEncoder {
  v1::Read& wire;
  InputCheck& check;

  void operator()(const GetData& op) {
    wire.mutable_get_data()->set_path(check.Text(op.path));
  }
  void operator()(const Exists& op) {
    wire.mutable_exists()->set_path(check.Text(op.path));
  }
  void operator()(const GetChildren& op) {
    wire.mutable_get_children()->set_path(check.Text(op.path));
  }
  void operator()(const GetAcl& op) {
    wire.mutable_get_acl()->set_path(check.Text(op.path));
  }
  void operator()(const CountDescendants& op) {
    wire.mutable_count_descendants()->set_path(check.Text(op.path));
  }
  void operator()(const GetEphemerals& op) {
    wire.mutable_get_ephemerals()->set_prefix(check.Text(op.prefix));
  }
  void operator()(const Sync&) { wire.mutable_sync(); }
  void operator()(const MultiRead& op) {
    v1::MultiRead* to = wire.mutable_multi_read();
    for (const ReadOp& part : op.ops) {
      v1::ReadOp* read = to->add_ops();
      if (const GetData* get = std::get_if<GetData>(&part)) {
        read->mutable_get_data()->set_path(check.Text(get->path));
      } else {
        read->mutable_get_children()->set_path(
            check.Text(std::get<GetChildren>(part).path));
      }
    }
  }
};

// --- From the wire -----------------------------------------------------------

Stat Decode(const v1::Stat& wire) {
  Stat stat;
  stat.czxid = wire.czxid();
  stat.mzxid = wire.mzxid();
  stat.pzxid = wire.pzxid();
  stat.ctime_ms = wire.ctime_ms();
  stat.mtime_ms = wire.mtime_ms();
  stat.version = wire.version();
  stat.cversion = wire.cversion();
  stat.aversion = wire.aversion();
  stat.ephemeral_owner = wire.ephemeral_owner();
  stat.data_length = wire.data_length();
  stat.num_children = wire.num_children();
  return stat;
}

Data Decode(const v1::Data& wire) {
  return {.data = wire.data(), .stat = Decode(wire.stat())};
}

Children Decode(const v1::Children& wire) {
  return {.names = {wire.names().begin(), wire.names().end()},
          .stat = Decode(wire.stat())};
}

AclAndStat Decode(const v1::AclAndStat& wire) {
  AclAndStat result;
  for (const v1::AclEntry& entry : wire.acl().entries()) {
    result.acl.push_back({.permissions = entry.permissions(),
                          .scheme = entry.scheme(),
                          .id = entry.id()});
  }
  result.stat = Decode(wire.stat());
  return result;
}

WriteResult Decode(const v1::WriteResult& wire, Zxid zxid) {
  WriteResult result;
  result.zxid = zxid;
  result.path = wire.path();
  if (wire.has_stat()) result.stat = Decode(wire.stat());
  // A multi in a multi does not exist: one level is all there is.
  for (const v1::WriteResult& op : wire.ops()) {
    WriteResult& part = result.ops.emplace_back();
    part.zxid = zxid;
    part.path = op.path();
    if (op.has_stat()) part.stat = Decode(op.stat());
  }
  return result;
}

std::vector<MultiReadAnswer> Decode(const v1::MultiReadAnswers& wire) {
  std::vector<MultiReadAnswer> answers;
  for (const v1::MultiReadAnswer& answer : wire.answers()) {
    if (answer.has_data()) {
      answers.emplace_back(Decode(answer.data()));
    } else if (answer.has_children()) {
      answers.emplace_back(Decode(answer.children()));
    } else {
      answers.emplace_back(StatusOf(answer.error()));
    }
  }
  return answers;
}

absl::Status Unfitting(const v1::Reply& reply) {
  return absl::InternalError(
      absl::StrCat("the member's answer does not fit the request: result ",
                   static_cast<int>(reply.result_case()),
                   "; client and member may be of different versions"));
}

}  // namespace

absl::Status EncodeWrite(const Write& write, v1::Write& wire) {
  InputCheck check;
  std::visit(WriteEncoder{wire, check}, write);
  return check.Result();
}

absl::Status EncodeRead(const Read& read, Consistency consistency,
                        v1::Read& wire) {
  InputCheck check;
  wire.set_local(consistency == Consistency::kLocal);
  std::visit(ReadEncoder{wire, check}, read);
  return check.Result();
}

absl::Status EncodeWatch(const std::string& path, WatchKind kind,
                         v1::AddWatch& wire) {
  InputCheck check;
  wire.set_path(check.Text(path));
  wire.set_kind(check.Kind(kind));
  return check.Result();
}

absl::Status EncodeCredential(const Credential& credential,
                              v1::Credential& wire) {
  InputCheck check;
  wire.set_scheme(check.Text(credential.scheme));
  wire.set_secret(credential.secret);
  return check.Result();
}

void EncodePin(const Pin& pin, v1::Pin& wire) {
  wire.set_ensemble_id(pin.ensemble_id);
  wire.set_highest_zxid(pin.highest_zxid);
}

absl::Status DecodeError(const v1::Reply& reply) {
  std::vector<int32_t> op_codes;
  if (reply.has_write()) {
    for (const v1::WriteResult& op : reply.write().ops()) {
      op_codes.push_back(op.zookeeper_code());
    }
  }
  return StatusOf(reply.error(), std::move(op_codes));
}

absl::StatusOr<WriteResult> DecodeWriteReply(const v1::Write& write,
                                             const v1::Reply& reply) {
  if (reply.has_error()) return DecodeError(reply);
  const bool tells_nothing = write.has_delete_() ||
                             write.has_delete_recursive() ||
                             write.has_check() || write.has_close_session();
  const bool absent = reply.result_case() == v1::Reply::RESULT_NOT_SET;
  if (!reply.has_write() && !(absent && tells_nothing)) {
    return Unfitting(reply);
  }
  if (write.has_multi() &&
      write.multi().ops_size() != reply.write().ops_size()) {
    return Unfitting(reply);
  }
  return Decode(reply.write(), reply.zxid());
}

absl::StatusOr<ReadResult> DecodeReadReply(const v1::Read& read,
                                           const v1::Reply& reply) {
  if (reply.has_error()) return DecodeError(reply);
  using Query = v1::Read::QueryCase;
  const Query query = read.query_case();
  if (query == Query::kSync) return ReadResult(std::monostate());
  if (query == Query::kGetData && reply.has_data()) {
    return ReadResult(Decode(reply.data()));
  }
  if (query == Query::kExists && reply.has_stat()) {
    return ReadResult(Decode(reply.stat()));
  }
  if (query == Query::kGetChildren && reply.has_children()) {
    return ReadResult(Decode(reply.children()));
  }
  if (query == Query::kGetAcl && reply.has_acl()) {
    return ReadResult(Decode(reply.acl()));
  }
  if (query == Query::kCountDescendants &&
      reply.result_case() == v1::Reply::kCount) {
    return ReadResult(reply.count());
  }
  if (query == Query::kGetEphemerals && reply.has_paths()) {
    return ReadResult(std::vector<std::string>(reply.paths().paths().begin(),
                                               reply.paths().paths().end()));
  }
  if (query == Query::kMultiRead && reply.has_multi_read() &&
      reply.multi_read().answers_size() == read.multi_read().ops_size()) {
    return ReadResult(Decode(reply.multi_read()));
  }
  return Unfitting(reply);
}

}  // namespace quorate::client
