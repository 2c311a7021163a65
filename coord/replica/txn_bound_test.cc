#include "coord/replica/txn_bound.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/base/seeded_random.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/acl.h"
#include "coord/tree/outstanding.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/txn.h"
#include "coord/tree/txn_codec.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::replica {
namespace {

class Requests {
 public:
  explicit Requests(SeededRandom& random) : random_(random) {}

  tree::Request Next() {
    tree::Request request;
    request.time_ms = 1;
    for (uint64_t i = random_.Below(4); i > 0; --i) {
      request.identities.push_back({"digest", absl::StrCat("u", i, ":hash")});
    }
    switch (random_.Below(7)) {
      case 0:
        request.body = Create();
        break;
      case 1:
        request.body = tree::DeleteRequest{Path(), -1};
        break;
      case 2:
        request.body = tree::SetDataRequest{Path(), Data(), -1};
        break;
      case 3:
        request.body = tree::SetAclRequest{Path(), Acl(), -1};
        break;
      case 4: {
        tree::MultiRequest multi;
        for (uint64_t i = random_.Below(20); i > 0; --i) {
          multi.ops.push_back(Create());
        }
        request.body = std::move(multi);
        break;
      }
      case 5:
        request.session = tree::SessionId{random_.Between(1, 1'000'000)};
        request.body = tree::CreateSessionRequest{1'000, std::string(16, 'p')};
        break;
      default:
        request.body = tree::DeleteRecursiveRequest{Path()};
    }
    return request;
  }

 private:
  std::string Path() {
    std::string path;
    for (uint64_t i = 1 + random_.Below(3); i > 0; --i) {
      absl::StrAppend(&path, "/", random_.Below(4));
    }
    return random_.Below(20) == 0 ? std::string(6'000, 'x') : path;
  }
  std::string Data() { return std::string(random_.Below(300), 'd'); }
  tree::Acl Acl() {
    tree::Acl acl = tree::OpenAcl();
    if (random_.Below(2) == 0) acl.push_back({1, {"auth", ""}});
    if (random_.Below(2) == 0) acl.push_back({2, {"digest", "me:hash"}});
    return acl;
  }
  tree::CreateRequest Create() {
    tree::CreateRequest create;
    create.path = Path();
    create.data = Data();
    create.acl = Acl();
    if (random_.Below(2) == 0) {
      create.mode = tree::CreateMode::kPersistentSequential;
    }
    return create;
  }

  SeededRandom& random_;
};

TEST(TxnSizeBound, IsNeverExceeded) {
  SeededRandom chance(TestSeed());
  Requests requests(chance);
  tree::StateMachine state;
  tree::Outstanding outstanding(state);
  int passed = 0;
  int failed = 0;
  for (uint32_t i = 1; i <= 5'000; ++i) {
    const consensus::Zxid zxid(1, i);
    const tree::Request request = requests.Next();
    tree::Prepared prepared = outstanding.Prepare(zxid, request);
    ++(prepared.status.ok() ? passed : failed);
    if (!prepared.status.ok()) {
      prepared.txn = outstanding.Fail(zxid, request, prepared);
    }
    const std::string bytes = tree::EncodeTxn(prepared.txn);
    ASSERT_LE(bytes.size(), TxnSizeBound(request));
    const auto txn = tree::DecodeTxn(bytes);
    ASSERT_TRUE(txn.ok()) << txn.status();
    ASSERT_TRUE(state.Apply(zxid, *txn).ok());
    outstanding.OnApplied(zxid);
  }
  EXPECT_GT(passed, 500);
  EXPECT_GT(failed, 500);
}

// Each part by itself, so that no slack hides another.
TEST(TxnSizeBound, HoldsForALongMessageAndAFullMulti) {
  tree::StateMachine state;
  tree::Outstanding outstanding(state);
  tree::Request request;
  tree::MultiRequest multi;
  for (size_t i = 0; i < tree::kMaxMultiOps; ++i) {
    multi.ops.push_back(tree::CheckRequest{"/", 77});
  }
  request.body = std::move(multi);
  const consensus::Zxid zxid(1, 1);
  const tree::Prepared prepared = outstanding.Prepare(zxid, request);
  ASSERT_FALSE(prepared.status.ok());
  const tree::Txn txn = outstanding.Fail(zxid, request, prepared);
  EXPECT_LE(tree::EncodeTxn(txn).size(), TxnSizeBound(request));
  EXPECT_GT(TxnSizeBound(request), 4 * tree::kMaxMultiOps);
}

}  // namespace
}  // namespace quorate::replica
