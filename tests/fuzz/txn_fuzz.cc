// Txns: the codec is canonical, and whatever decodes can be applied to a state
// or is refused; the state stays one that a snapshot carries.
//
//   input = txn*    txn = size:u16 (big-endian) bytes

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/consensus/zxid.h"
#include "coord/tree/request.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/test_member.h"
#include "coord/tree/txn.h"
#include "coord/tree/txn_codec.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using consensus::Zxid;
using tree::CreateMode;
using tree::StateMachine;
using tree::Txn;

void Append(const std::string& txn, std::string& input) {
  input.push_back(static_cast<char>(txn.size() >> 8));
  input.push_back(static_cast<char>(txn.size()));
  input += txn;
}

// Nothing: the bytes are no txn.
absl::StatusOr<Txn> Decode(absl::string_view bytes) {
  absl::StatusOr<Txn> txn = tree::DecodeTxn(bytes);
  if (txn.ok()) {
    QUORATE_CHECK(tree::EncodeTxn(*txn) == bytes);
  } else {
    QUORATE_CHECK(absl::IsInvalidArgument(txn.status()) ||
                  absl::IsUnimplemented(txn.status()));
  }
  return txn;
}

void CheckState(StateMachine& state) {
  const std::string stream = tree::SnapshotOf(state);
  tree::SnapshotLoader loader;
  QUORATE_CHECK(loader.Append(stream).ok());
  const absl::StatusOr<std::unique_ptr<StateMachine>> loaded = loader.Finish();
  QUORATE_CHECK(loaded.ok());
  QUORATE_CHECK((*loaded)->digest() == state.digest());
  QUORATE_CHECK(tree::SnapshotOf(**loaded) == stream);
}

Txn Of(tree::TxnBody body, int64_t session = 100, int64_t request_id = 0) {
  Txn txn;
  txn.session = {session};
  txn.request_id = request_id;
  txn.time_ms = 1'700'000'000'000;
  txn.body = std::move(body);
  return txn;
}

}  // namespace

std::vector<std::string> Seeds() {
  const tree::Acl open = tree::OpenAcl();
  const std::vector<std::vector<Txn>> lives = {
      {Of(tree::CreateTxn{"/a", "data", open, 0}),
       Of(tree::SetDataTxn{"/a", "more", 1}),
       Of(tree::SetAclTxn{"/a", tree::ReadOnlyAcl(), 1}),
       Of(tree::CheckTxn{"/a"}), Of(tree::DeleteTxn{"/a"})},
      {Of(tree::CreateSessionTxn{3000, tree::kTestPassword}, 7),
       Of(tree::CreateTxn{"/e", "", open, 7}, 7, 1),
       Of(tree::ErrorTxn{tree::ErrorCode::kNoNode, "/x", "no such", {}}, 7, 2),
       Of(tree::CloseSessionTxn{}, 7)},
      {Of(tree::MultiTxn{{tree::CreateTxn{"/m", "", open, 0},
                          tree::CreateTxn{"/m/n", "x", open, 0},
                          tree::SetDataTxn{"/m", "y", 1}, tree::CheckTxn{"/m"},
                          tree::DeleteTxn{"/m/n"}}}),
       Of(tree::DeleteRecursiveTxn{"/m"}),
       Of(tree::ErrorTxn{
           tree::ErrorCode::kBadVersion,
           "/m",
           "of a multi",
           {tree::ErrorCode::kOk, tree::ErrorCode::kBadVersion}})},
      {Of(tree::CreateTxn{"/c", "", open, INT64_MIN}),
       Of(tree::DeleteContainerTxn{"/c"}),
       Of(tree::CreateTxn{"/zookeeper/quota/c", "", open, 0})}};
  std::vector<std::string> seeds;
  for (const std::vector<Txn>& life : lives) {
    seeds.emplace_back();
    for (const Txn& txn : life) Append(tree::EncodeTxn(txn), seeds.back());
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  fuzz::Choices choices(fuzz::Text(data, size));
  tree::StateMachine state;
  uint32_t counter = 0;
  while (!choices.rest().empty() && counter < 64) {
    const uint32_t txn_bytes = choices.Word();
    const absl::StatusOr<tree::Txn> txn =
        fuzz::Decode(choices.Bytes(txn_bytes));
    if (!txn.ok()) continue;
    const absl::StatusOr<tree::Applied> applied =
        state.Apply(consensus::Zxid(1, ++counter), *txn);
    if (applied.ok()) continue;
    // The state may be half changed now.
    QUORATE_CHECK(absl::IsDataLoss(applied.status()));
    return 0;
  }
  if (counter > 0) fuzz::CheckState(state);
  return 0;
}
