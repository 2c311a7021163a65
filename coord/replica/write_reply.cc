#include "coord/replica/write_reply.h"

#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/txn_result.h"

namespace quorate::replica {

Reply ReplyOf(consensus::Zxid zxid, const tree::TxnResult& result) {
  Reply reply;
  reply.zxid = zxid;
  reply.status = tree::StatusOf(result);
  if (reply.status.ok() || !result.multi.empty()) reply.result = result;
  return reply;
}

}  // namespace quorate::replica
