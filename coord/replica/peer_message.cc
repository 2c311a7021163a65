#include "coord/replica/peer_message.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"

namespace quorate::replica {
namespace {

struct Describer {
  std::string operator()(const Forward& forward) const {
    return absl::StrCat("Forward epoch=", forward.epoch,
                        " requests=", forward.requests.size());
  }
  std::string operator()(const ForwardRefused& refused) const {
    return absl::StrCat("ForwardRefused epoch=", refused.epoch,
                        " items=", refused.items.size());
  }
  std::string operator()(const AttachSession& attach) const {
    return absl::StrCat("AttachSession session=", attach.session.value,
                        " attachment=", absl::Hex(attach.attachment));
  }
  std::string operator()(const SessionAttached& attached) const {
    return absl::StrCat(
        "SessionAttached session=", attached.session.value,
        " attachment=", absl::Hex(attached.attachment), " ",
        attached.status.ok()
            ? absl::StrCat("zxid=", consensus::ToString(attached.zxid))
            : attached.status.ToString());
  }
  std::string operator()(const SessionTouches& touches) const {
    return absl::StrCat("SessionTouches touches=", touches.touches.size());
  }
  std::string operator()(const StateDigest& digest) const {
    return absl::StrCat("StateDigest zxid=", consensus::ToString(digest.zxid),
                        " digest=", absl::Hex(digest.digest));
  }
};

}  // namespace

std::string Describe(const PeerEnvelope& envelope) {
  return absl::StrCat(ToString(envelope.from.id), "->", ToString(envelope.to),
                      " ", std::visit(Describer(), envelope.message));
}

}  // namespace quorate::replica
