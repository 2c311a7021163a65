#include "coord/replica/peer_message.h"

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/session_id.h"
#include "gtest/gtest.h"

namespace quorate::replica {
namespace {

TEST(Describe, NamesSenderReceiverAndWhatMatters) {
  PeerEnvelope envelope;
  envelope.from.id = MemberId{1};
  envelope.to = MemberId{2};
  envelope.message = Forward{3, {ForwardedRequest(), ForwardedRequest()}};
  EXPECT_EQ(Describe(envelope), "1->2 Forward epoch=3 requests=2");
  envelope.message = ForwardRefused{3, {ForwardRefused::Item()}};
  EXPECT_EQ(Describe(envelope), "1->2 ForwardRefused epoch=3 items=1");
  envelope.message = AttachSession{tree::SessionId{7}, "secret", 255};
  EXPECT_EQ(Describe(envelope), "1->2 AttachSession session=7 attachment=ff");
  envelope.message = SessionAttached{tree::SessionId{7}, 255, absl::OkStatus(),
                                     consensus::Zxid(1, 2)};
  EXPECT_EQ(Describe(envelope),
            "1->2 SessionAttached session=7 attachment=ff zxid=1:2");
  envelope.message = SessionTouches{{{tree::SessionId{7}, 255}}};
  EXPECT_EQ(Describe(envelope), "1->2 SessionTouches touches=1");
  envelope.message = StateDigest{consensus::Zxid(1, 256), 255};
  EXPECT_EQ(Describe(envelope), "1->2 StateDigest zxid=1:256 digest=ff");
}

}  // namespace
}  // namespace quorate::replica
