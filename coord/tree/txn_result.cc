#include "coord/tree/txn_result.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "coord/tree/path.h"
#include "coord/tree/txn.h"
#include "coord/tree/wire.h"

namespace quorate::tree {
namespace {

// error, message, path, has_stat and count of an answer without anything.
constexpr uint32_t kMinAnswerBytes = 17;

void WriteStat(const Stat& stat, WireWriter& writer) {
  writer.U64(stat.czxid.value());
  writer.U64(stat.mzxid.value());
  writer.U64(stat.pzxid.value());
  writer.I64(stat.ctime_ms);
  writer.I64(stat.mtime_ms);
  writer.I32(stat.version);
  writer.I32(stat.cversion);
  writer.I32(stat.aversion);
  writer.I64(stat.ephemeral_owner);
  writer.I32(stat.data_length);
  writer.I32(stat.num_children);
}

Stat ReadStat(WireReader& reader) {
  Stat stat;
  stat.czxid = Zxid::FromValue(reader.U64());
  stat.mzxid = Zxid::FromValue(reader.U64());
  stat.pzxid = Zxid::FromValue(reader.U64());
  stat.ctime_ms = reader.I64();
  stat.mtime_ms = reader.I64();
  stat.version = reader.I32();
  stat.cversion = reader.I32();
  stat.aversion = reader.I32();
  stat.ephemeral_owner = reader.I64();
  stat.data_length = reader.I32();
  stat.num_children = reader.I32();
  return stat;
}

void WriteAnswer(const TxnResult& result, WireWriter& writer) {
  writer.I32(static_cast<int32_t>(result.error));
  writer.String(result.message);
  writer.String(result.path);
  writer.U8(result.stat.has_value() ? 1 : 0);
  if (result.stat) WriteStat(*result.stat, writer);
  writer.U32(static_cast<uint32_t>(result.multi.size()));
  for (const TxnResult& op : result.multi) WriteAnswer(op, writer);
}

TxnResult ReadAnswer(WireReader& reader, bool is_op) {
  TxnResult result;
  const int32_t error = reader.I32();
  if (!IsErrorCode(error)) reader.Fail();
  result.error = static_cast<ErrorCode>(error);
  const absl::string_view message = reader.String();
  if (message.size() > kMaxErrorMessageBytes) reader.Fail();
  result.message = std::string(message);
  const absl::string_view path = reader.String();
  if (path.size() > kMaxPathBytes) reader.Fail();
  result.path = std::string(path);
  const uint8_t has_stat = reader.U8();
  if (has_stat > 1) reader.Fail();
  if (has_stat == 1) result.stat = ReadStat(reader);
  const uint32_t count = reader.Count(kMinAnswerBytes);
  if (count > kMaxMultiOps || (is_op && count > 0)) reader.Fail();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    result.multi.push_back(ReadAnswer(reader, true));
  }
  return result;
}

}  // namespace

absl::Status StatusOf(const TxnResult& result) {
  if (result.error == ErrorCode::kOk) return absl::OkStatus();
  const absl::string_view message = result.message.empty()
                                        ? ErrorName(result.error)
                                        : absl::string_view(result.message);
  return ErrorWithMessage(result.error, result.path, message);
}

void WriteResult(const RememberedResult& remembered, WireWriter& writer) {
  writer.U64(remembered.zxid.value());
  WriteAnswer(remembered.result, writer);
}

RememberedResult ReadResult(WireReader& reader) {
  RememberedResult remembered;
  remembered.zxid = Zxid::FromValue(reader.U64());
  remembered.result = ReadAnswer(reader, false);
  return remembered;
}

}  // namespace quorate::tree
