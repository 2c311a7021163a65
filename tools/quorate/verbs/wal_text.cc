#include "tools/quorate/verbs/wal_text.h"

#include <cstddef>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "coord/base/bytes.h"
#include "coord/client/types.h"
#include "coord/consensus/configuration.h"
#include "coord/consensus/record.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/record_codec.h"
#include "coord/storage/inspect.h"
#include "coord/storage/log_format.h"
#include "coord/tree/acl.h"
#include "coord/tree/error.h"
#include "coord/tree/txn.h"
#include "coord/tree/txn_codec.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

constexpr size_t kShownBytes = 40;

std::string Data(const std::string& data) {
  return absl::StrCat(data.size(), " bytes \"", Printable(data, kShownBytes),
                      "\"");
}

std::string AclText(const tree::Acl& acl) {
  client::Acl entries;
  for (const tree::AclEntry& entry : acl) {
    entries.push_back({.permissions = entry.permissions,
                       .scheme = entry.identity.scheme,
                       .id = entry.identity.id});
  }
  return FormatAcl(entries);
}

struct BodyText {
  std::string operator()(const tree::CreateTxn& txn) const {
    return absl::StrCat("create ", Printable(txn.path), " ", Data(txn.data),
                        ", ", FormatOwner(txn.ephemeral_owner), ", ACL ",
                        AclText(txn.acl));
  }
  std::string operator()(const tree::DeleteTxn& txn) const {
    return absl::StrCat("delete ", Printable(txn.path));
  }
  std::string operator()(const tree::DeleteContainerTxn& txn) const {
    return absl::StrCat("delete container or ttl ", Printable(txn.path));
  }
  std::string operator()(const tree::DeleteRecursiveTxn& txn) const {
    return absl::StrCat("delete recursive ", Printable(txn.path));
  }
  std::string operator()(const tree::SetDataTxn& txn) const {
    return absl::StrCat("set ", Printable(txn.path), " ", Data(txn.data),
                        ", version ", txn.version);
  }
  std::string operator()(const tree::SetAclTxn& txn) const {
    return absl::StrCat("set ACL ", Printable(txn.path), " ", AclText(txn.acl),
                        ", version ", txn.version);
  }
  std::string operator()(const tree::CheckTxn& txn) const {
    return absl::StrCat("check ", Printable(txn.path));
  }
  std::string operator()(const tree::MultiTxn& txn) const {
    return absl::StrCat(
        "multi [",
        absl::StrJoin(txn.ops, "; ",
                      [this](std::string* out, const tree::MultiOpTxn& op) {
                        absl::StrAppend(out, std::visit(*this, op));
                      }),
        "]");
  }
  std::string operator()(const tree::CreateSessionTxn& txn) const {
    return absl::StrCat("open session, timeout ", FormatAge(txn.timeout_ms));
  }
  std::string operator()(const tree::CloseSessionTxn&) const {
    return "close session";
  }
  std::string operator()(const tree::ErrorTxn& txn) const {
    return absl::StrCat("failed request: ", std::string(ErrorName(txn.code)),
                        " ", Printable(txn.path));
  }
};

std::string DescribeRecord(const storage::LogRecord& stored) {
  const absl::StatusOr<consensus::Record> record =
      replica::FromLogRecord(stored);
  if (!record.ok()) {
    return absl::StrCat("not readable: ", record.status().message());
  }
  const auto configuration = [&record] {
    return record->configuration == nullptr
               ? std::string()
               : absl::StrCat(" ", record->configuration->Describe());
  };
  switch (record->kind) {
    case consensus::RecordKind::kTxn: {
      const absl::StatusOr<tree::Txn> txn =
          tree::DecodeTxn(record->payload == nullptr ? "" : *record->payload);
      return txn.ok() ? DescribeTxn(*txn)
                      : absl::StrCat("not readable: ", txn.status().message());
    }
    case consensus::RecordKind::kNewLeader:
      return "NEWLEADER";
    case consensus::RecordKind::kConfiguration:
      return absl::StrCat("configuration", configuration());
    case consensus::RecordKind::kFounding:
      return absl::StrCat("founding", configuration());
    case consensus::RecordKind::kBarrier:
      return "barrier";
  }
  return "unknown";
}

}  // namespace

std::string DescribeTxn(const tree::Txn& txn) {
  std::string text = std::visit(BodyText(), txn.body);
  absl::StrAppend(&text, "  ", FormatTime(txn.time_ms));
  if (!txn.session.IsNone()) {
    absl::StrAppend(&text, " by ", FormatSession(txn.session.value));
  }
  if (txn.request_id != 0) absl::StrAppend(&text, " #", txn.request_id);
  return text;
}

std::string DescribeEntry(const storage::LogEntry& entry) {
  if (entry.type != storage::EntryType::kRecord) {
    return storage::Describe(entry);
  }
  return absl::StrCat(ToString(entry.record.zxid), "  ",
                      DescribeRecord(entry.record));
}

}  // namespace quorate::tools
