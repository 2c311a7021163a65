#include "tests/simulation/checks/snapshot_whole.h"

#include <memory>

#include "coord/base/bytes.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/output.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"
#include "tests/simulation/checks/check_test_support.h"

namespace quorate::simulation {
namespace {

using consensus::Zxid;

class SnapshotWholeTest : public testing::Test {
 protected:
  SnapshotWholeTest() {
    check_.OnStart(View(0, *core_), DiskOf(1, Founding({1, 2})));
  }

  consensus::SnapshotMeta Meta(Zxid zxid) const {
    return {zxid, nullptr, {}, 10};
  }
  void Piece(Zxid zxid, uint64_t offset, uint64_t length) {
    output_.snapshot_chunks.push_back(
        {1, Meta(zxid), offset, length, MakeBytes(std::string(length, 'x'))});
  }
  size_t Take() {
    check_.OnOutput(View(0, *core_), output_);
    output_ = {};
    return check_.violations().size();
  }

  std::unique_ptr<consensus::Core> core_ = Start(DiskOf(1, Founding({1, 2})));
  SnapshotWhole check_;
  consensus::Output output_;
};

TEST_F(SnapshotWholeTest, AcceptsPiecesInOrder) {
  Piece(Zxid(1, 5), 0, 4);
  EXPECT_EQ(Take(), 0u);
  Piece(Zxid(1, 7), 0, 4);  // another one, anew
  Piece(Zxid(1, 7), 4, 6);
  output_.install_snapshot = Meta(Zxid(1, 7));
  EXPECT_EQ(Take(), 0u);
}

TEST_F(SnapshotWholeTest, RejectsAGapAnOverlapAndAMix) {
  Piece(Zxid(1, 5), 0, 4);
  Piece(Zxid(1, 5), 5, 1);
  EXPECT_EQ(Take(), 1u);
  Piece(Zxid(1, 5), 4, 4);
  EXPECT_EQ(Take(), 2u);
  Piece(Zxid(1, 7), 9, 1);
  EXPECT_EQ(Take(), 3u);
}

TEST_F(SnapshotWholeTest, RejectsInstallingAPart) {
  Piece(Zxid(1, 5), 0, 4);
  output_.install_snapshot = Meta(Zxid(1, 5));
  EXPECT_EQ(Take(), 1u);
}

}  // namespace
}  // namespace quorate::simulation
