// Records of the log as text, on one line. Pure functions.

#ifndef QUORATE_TOOLS_QUORATE_VERBS_WAL_TEXT_H_
#define QUORATE_TOOLS_QUORATE_VERBS_WAL_TEXT_H_

#include <string>

#include "coord/storage/log_format.h"
#include "coord/tree/txn.h"

namespace quorate::tools {

// "create /a 3 bytes \"abc\" by 0x100000005 #7": data is cut.
std::string DescribeTxn(const tree::Txn& txn);

// "3:17  set /a ...", "3:0  NEWLEADER", "truncate after 3:12"; what cannot be
// decoded says so.
std::string DescribeEntry(const storage::LogEntry& entry);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_VERBS_WAL_TEXT_H_
