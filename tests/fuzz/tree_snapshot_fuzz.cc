// The stream of a tree's snapshot. Its digest, which no mutant would meet, is
// put right, so that whatever can be loaded is.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/tree/request.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/test_member.h"
#include "coord/tree/wire.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using tree::CreateMode;
using tree::StateMachine;
using tree::TestMember;

// Of the digest: behind the header's size, kind, magic, version and zxid.
constexpr size_t kDigestAt = 21;

using Loaded = absl::StatusOr<std::unique_ptr<StateMachine>>;

Loaded Load(absl::string_view stream, size_t piece_bytes) {
  tree::SnapshotLoader loader;
  while (!stream.empty()) {
    const absl::Status status = loader.Append(stream.substr(0, piece_bytes));
    if (!status.ok()) return status;
    stream.remove_prefix(std::min(piece_bytes, stream.size()));
  }
  return loader.Finish();
}

// The digest of what was loaded, from the error that says so.
uint64_t DigestIn(const absl::Status& status) {
  constexpr absl::string_view kBefore = "its contents have ";
  absl::string_view text = status.message();
  const size_t at = text.find(kBefore);
  QUORATE_CHECK(at != absl::string_view::npos);
  text.remove_prefix(at + kBefore.size());
  uint64_t digest = 0;
  QUORATE_CHECK(absl::SimpleAtoi(text.substr(0, text.find(';')), &digest));
  return digest;
}

void Fill(TestMember& member) {
  member.AskFor({3}, tree::OpenSession(10));
  member.AskFor({3}, tree::MakeCreate("/theirs", "", CreateMode::kEphemeral));
  for (const char* path : {"/a", "/a/1", "/a/2", "/a/2/x", "/b"}) {
    member.Create(path, path);
  }
  member.Create("/c", "", CreateMode::kContainer);
  member.Create("/t", "", CreateMode::kPersistentWithTtl);
  member.Create("/e", "mine", CreateMode::kEphemeral);
  tree::CreateRequest guarded = tree::MakeCreate("/guarded");
  guarded.acl = {{tree::kRead, {"digest", "a:b"}},
                 {tree::kWrite, {"ip", "10.0.0.0/8"}}};
  member.Ask(guarded);
  member.Ask(tree::MultiRequest{
      {tree::CheckRequest{"/a"}, tree::SetDataRequest{"/a", "in a multi"}}});
  member.Create("/zookeeper/quota/a");
  member.Create("/zookeeper/quota/a/zookeeper_limits", "countHardLimit=9");
  member.Create("/zookeeper/quota/a/zookeeper_stats");
}

}  // namespace

std::vector<std::string> Seeds() {
  TestMember empty;
  TestMember full;
  Fill(full);
  return {tree::SnapshotOf(empty.state()), tree::SnapshotOf(full.state())};
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  std::string stream(fuzz::Text(data, size));
  fuzz::Loaded loaded = fuzz::Load(stream, stream.size() + 1);
  const size_t piece_bytes = 1 + stream.size() % 7;
  QUORATE_CHECK(fuzz::Load(stream, piece_bytes).status() == loaded.status());
  if (absl::IsDataLoss(loaded.status())) {
    std::string digest;
    tree::WireWriter(digest).U64(fuzz::DigestIn(loaded.status()));
    stream.replace(fuzz::kDigestAt, digest.size(), digest);
    loaded = fuzz::Load(stream, stream.size());
    QUORATE_CHECK(loaded.ok());
  }
  if (!loaded.ok()) {
    QUORATE_CHECK(absl::IsInvalidArgument(loaded.status()) ||
                  absl::IsUnimplemented(loaded.status()));
    return 0;
  }
  // What the member would write of it is the canonical stream.
  const std::string canonical = tree::SnapshotOf(**loaded);
  const fuzz::Loaded again = fuzz::Load(canonical, canonical.size());
  QUORATE_CHECK(again.ok());
  QUORATE_CHECK((*again)->digest() == (*loaded)->digest());
  QUORATE_CHECK((*again)->applied() == (*loaded)->applied());
  QUORATE_CHECK(tree::SnapshotOf(**again) == canonical);
  return 0;
}
