#include "coord/replica/digest_log.h"

#include <optional>
#include <utility>

#include "coord/consensus/zxid.h"
#include "coord/tree/digest.h"

namespace quorate::replica {

void DigestLog::Keep(consensus::Zxid zxid, tree::Digest digest,
                     Digests& digests) {
  digests[zxid] = digest;
  if (digests.size() > kKept) digests.erase(digests.begin());
}

std::optional<Divergence> DigestLog::Compare(consensus::Zxid zxid) const {
  const auto ours = ours_.find(zxid);
  const auto theirs = theirs_.find(zxid);
  if (ours == ours_.end() || theirs == theirs_.end() ||
      ours->second == theirs->second) {
    return std::nullopt;
  }
  return Divergence{zxid, ours->second, theirs->second};
}

std::optional<Divergence> DigestLog::Note(consensus::Zxid zxid,
                                          tree::Digest digest) {
  Keep(zxid, digest, ours_);
  return Compare(zxid);
}

std::optional<Divergence> DigestLog::Told(consensus::Zxid zxid,
                                          tree::Digest digest) {
  Keep(zxid, digest, theirs_);
  return Compare(zxid);
}

std::optional<std::pair<consensus::Zxid, tree::Digest>> DigestLog::Newest()
    const {
  if (ours_.empty()) return std::nullopt;
  return *ours_.rbegin();
}

void DigestLog::Clear() {
  ours_.clear();
  theirs_.clear();
}

}  // namespace quorate::replica
