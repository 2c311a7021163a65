#include "coord/tree/txn_codec.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/tree/node_kind.h"
#include "coord/tree/path.h"
#include "coord/tree/wire.h"

namespace quorate::tree {
namespace {

constexpr uint8_t kVersion = 1;

// The kind on the wire of each body.
template <typename Body>
struct Kind;
template <>
struct Kind<CreateTxn> : std::integral_constant<uint8_t, 1> {};
template <>
struct Kind<DeleteTxn> : std::integral_constant<uint8_t, 2> {};
template <>
struct Kind<DeleteContainerTxn> : std::integral_constant<uint8_t, 3> {};
template <>
struct Kind<DeleteRecursiveTxn> : std::integral_constant<uint8_t, 4> {};
template <>
struct Kind<SetDataTxn> : std::integral_constant<uint8_t, 5> {};
template <>
struct Kind<SetAclTxn> : std::integral_constant<uint8_t, 6> {};
template <>
struct Kind<CheckTxn> : std::integral_constant<uint8_t, 7> {};
template <>
struct Kind<MultiTxn> : std::integral_constant<uint8_t, 8> {};
template <>
struct Kind<CreateSessionTxn> : std::integral_constant<uint8_t, 9> {};
template <>
struct Kind<CloseSessionTxn> : std::integral_constant<uint8_t, 10> {};
template <>
struct Kind<ErrorTxn> : std::integral_constant<uint8_t, 11> {};

template <typename... Bodies>
uint8_t KindOnWire(const std::variant<Bodies...>& body) {
  return std::visit(
      [](const auto& each) -> uint8_t {
        return Kind<std::decay_t<decltype(each)>>::value;
      },
      body);
}

class BodyWriter {
 public:
  explicit BodyWriter(WireWriter& writer) : writer_(writer) {}

  void operator()(const CreateTxn& txn) {
    writer_.String(txn.path);
    writer_.String(txn.data);
    WriteAcl(txn.acl, writer_);
    writer_.I64(txn.ephemeral_owner);
  }
  void operator()(const DeleteTxn& txn) { writer_.String(txn.path); }
  void operator()(const DeleteContainerTxn& txn) { writer_.String(txn.path); }
  void operator()(const DeleteRecursiveTxn& txn) { writer_.String(txn.path); }
  void operator()(const SetDataTxn& txn) {
    writer_.String(txn.path);
    writer_.String(txn.data);
    writer_.I32(txn.version);
  }
  void operator()(const SetAclTxn& txn) {
    writer_.String(txn.path);
    WriteAcl(txn.acl, writer_);
    writer_.I32(txn.version);
  }
  void operator()(const CheckTxn& txn) { writer_.String(txn.path); }
  void operator()(const MultiTxn& txn) {
    writer_.U32(static_cast<uint32_t>(txn.ops.size()));
    for (const MultiOpTxn& op : txn.ops) {
      writer_.U8(KindOnWire(op));
      std::visit(*this, op);
    }
  }
  void operator()(const CreateSessionTxn& txn) {
    writer_.I32(txn.timeout_ms);
    writer_.String(txn.password);
  }
  void operator()(const CloseSessionTxn&) {}
  void operator()(const ErrorTxn& txn) {
    writer_.I32(static_cast<int32_t>(txn.code));
    writer_.String(txn.path);
    writer_.String(txn.message);
    writer_.U32(static_cast<uint32_t>(txn.op_errors.size()));
    for (const ErrorCode op : txn.op_errors) {
      writer_.I32(static_cast<int32_t>(op));
    }
  }

 private:
  WireWriter& writer_;
};

std::string ReadPath(WireReader& reader) {
  const absl::string_view path = reader.String();
  if (!ValidatePath(path).ok()) reader.Fail();
  return std::string(path);
}

std::string ReadData(WireReader& reader) {
  const absl::string_view data = reader.String();
  if (data.size() > kMaxDataBytes) return reader.Fail(), std::string();
  return std::string(data);
}

ErrorCode ReadErrorCode(WireReader& reader) {
  const int32_t number = reader.I32();
  if (!IsErrorCode(number)) return reader.Fail(), ErrorCode::kSystemError;
  return static_cast<ErrorCode>(number);
}

template <typename Body>
Body ReadBody(WireReader& reader) = delete;

template <>
CreateTxn ReadBody(WireReader& reader) {
  CreateTxn txn;
  txn.path = ReadPath(reader);
  txn.data = ReadData(reader);
  txn.acl = ReadAcl(reader);
  txn.ephemeral_owner = reader.I64();
  if (!IsValidOwner(txn.ephemeral_owner)) reader.Fail();
  return txn;
}

template <>
DeleteTxn ReadBody(WireReader& reader) {
  return {ReadPath(reader)};
}

template <>
DeleteContainerTxn ReadBody(WireReader& reader) {
  return {ReadPath(reader)};
}

template <>
DeleteRecursiveTxn ReadBody(WireReader& reader) {
  return {ReadPath(reader)};
}

template <>
SetDataTxn ReadBody(WireReader& reader) {
  SetDataTxn txn;
  txn.path = ReadPath(reader);
  txn.data = ReadData(reader);
  txn.version = reader.I32();
  return txn;
}

template <>
SetAclTxn ReadBody(WireReader& reader) {
  SetAclTxn txn;
  txn.path = ReadPath(reader);
  txn.acl = ReadAcl(reader);
  txn.version = reader.I32();
  return txn;
}

template <>
CheckTxn ReadBody(WireReader& reader) {
  return {ReadPath(reader)};
}

template <>
CreateSessionTxn ReadBody(WireReader& reader) {
  CreateSessionTxn txn;
  txn.timeout_ms = reader.I32();
  txn.password = std::string(reader.String());
  if (txn.timeout_ms <= 0 || txn.password.size() != kSessionPasswordBytes) {
    reader.Fail();
  }
  return txn;
}

template <>
CloseSessionTxn ReadBody(WireReader&) {
  return {};
}

template <>
ErrorTxn ReadBody(WireReader& reader) {
  ErrorTxn txn;
  txn.code = ReadErrorCode(reader);
  if (txn.code == ErrorCode::kOk) reader.Fail();
  const absl::string_view path = reader.String();
  if (path.size() > kMaxPathBytes) reader.Fail();
  txn.path = std::string(path);
  const absl::string_view message = reader.String();
  if (message.size() > kMaxErrorMessageBytes) reader.Fail();
  txn.message = std::string(message);
  const uint32_t count = reader.Count(4);
  if (count > kMaxMultiOps) reader.Fail();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    txn.op_errors.push_back(ReadErrorCode(reader));
  }
  return txn;
}

// Reads into `body` if it can hold `kind`; false if not.
template <typename... Bodies>
bool ReadKind(uint8_t kind, WireReader& reader, std::variant<Bodies...>& body) {
  return ((kind == Kind<Bodies>::value &&
           (body = ReadBody<Bodies>(reader), true)) ||
          ...);
}

template <>
MultiTxn ReadBody(WireReader& reader) {
  MultiTxn txn;
  const uint32_t count = reader.Count(5);
  if (count > kMaxMultiOps) reader.Fail();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    MultiOpTxn op;
    if (!ReadKind(reader.U8(), reader, op)) reader.Fail();
    txn.ops.push_back(std::move(op));
  }
  return txn;
}

}  // namespace

std::string EncodeTxn(const Txn& txn) {
  std::string bytes;
  WireWriter writer(bytes);
  writer.U8(kVersion);
  writer.U8(KindOnWire(txn.body));
  writer.I64(txn.session.value);
  writer.I64(txn.request_id);
  writer.I64(txn.acked_through);
  writer.I64(txn.time_ms);
  std::visit(BodyWriter(writer), txn.body);
  return bytes;
}

absl::StatusOr<Txn> DecodeTxn(absl::string_view bytes) {
  WireReader reader(bytes);
  const uint8_t version = reader.U8();
  if (reader.ok() && version != kVersion) {
    return absl::UnimplementedError(absl::StrCat(
        "txn of version ", version, "; this release knows ", kVersion));
  }
  const uint8_t kind = reader.U8();
  Txn txn;
  txn.session.value = reader.I64();
  txn.request_id = reader.I64();
  txn.acked_through = reader.I64();
  txn.time_ms = reader.I64();
  if (reader.ok() && !ReadKind(kind, reader, txn.body)) {
    return absl::UnimplementedError(
        absl::StrCat("txn of the unknown kind ", kind));
  }
  if (!IsValidAck(txn.request_id, txn.acked_through)) reader.Fail();
  if (!reader.AtEnd()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "malformed txn of kind ", kind, " in ", bytes.size(), " bytes"));
  }
  return txn;
}

}  // namespace quorate::tree
