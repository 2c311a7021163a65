// ACLs as they stand in txns and snapshots, and what a request's becomes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/tree/acl.h"
#include "coord/tree/error.h"
#include "coord/tree/wire.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using tree::Acl;
using tree::Identity;

// A nobody, an address, and somebody known.
std::vector<std::vector<Identity>> Requesters() {
  return {{},
          {{"ip", "10.0.0.7"}},
          {{"ip", "192.168.1.1"}, {"digest", "alice:hash"}},
          {{"digest", "bob:x"}},
          {{"super", ""}}};
}

std::string Encode(const Acl& acl) {
  std::string bytes;
  tree::WireWriter writer(bytes);
  tree::WriteAcl(acl, writer);
  return bytes;
}

void CheckAcl(const Acl& acl) {
  QUORATE_CHECK(tree::MaskDigests(tree::MaskDigests(acl)) ==
                tree::MaskDigests(acl));
  for (const std::vector<Identity>& requester : Requesters()) {
    bool permits_one = false;
    for (uint32_t bit = 1; bit <= tree::kAdmin; bit <<= 1) {
      permits_one = permits_one || tree::Permits(acl, bit, requester);
    }
    QUORATE_CHECK(permits_one ==
                  tree::Permits(acl, tree::kAllPermissions, requester));
    const absl::StatusOr<Acl> resolved = tree::ResolveAcl("/a", acl, requester);
    if (!resolved.ok()) {
      QUORATE_CHECK(tree::ErrorCodeOf(resolved.status()) ==
                    tree::ErrorCode::kInvalidAcl);
      continue;
    }
    QUORATE_CHECK(!resolved->empty() &&
                  resolved->size() <= tree::kMaxAclEntries);
    // What is stored needs no resolving any more, and has a canonical form.
    const absl::StatusOr<Acl> again = tree::ResolveAcl("/a", *resolved, {});
    QUORATE_CHECK(again.ok() && *again == *resolved);
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  const std::vector<Acl> acls = {
      {},
      tree::OpenAcl(),
      tree::ReadOnlyAcl(),
      {{tree::kRead, {"digest", "alice:hash"}}, {31, {"auth", ""}}},
      {{tree::kWrite, {"ip", "10.0.0.0/8"}}, {1, {"ip", "10.0.0.7"}}},
      {{tree::kRead, {"ip", "0.0.0.0/0"}}, {1, {"world", "nobody"}}},
      Acl(tree::kMaxAclEntries, {1, {"digest", "a:b"}})};
  std::vector<std::string> seeds;
  for (const Acl& acl : acls) seeds.push_back(Encode(acl));
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  const absl::string_view bytes = fuzz::Text(data, size);
  tree::WireReader reader(bytes);
  const tree::Acl acl = tree::ReadAcl(reader);
  if (!reader.ok()) {
    QUORATE_CHECK(acl.empty());
    return 0;
  }
  QUORATE_CHECK(acl.size() <= tree::kMaxAclEntries);
  const std::string again = fuzz::Encode(acl);
  QUORATE_CHECK(bytes.substr(0, again.size()) == again);
  QUORATE_CHECK(reader.AtEnd() == (again.size() == bytes.size()));
  fuzz::CheckAcl(acl);
  return 0;
}
