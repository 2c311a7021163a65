#include "coord/consensus/options.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/consensus/limits.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

Manifest ThreeFounders() {
  Manifest manifest;
  manifest.founders = {{{1}, "a:1"}, {{2}, "b:1"}, {{3}, "c:1"}};
  return manifest;
}

TEST(ManifestTest, EqualManifestsHashEquallyEverywhere) {
  EXPECT_EQ(ThreeFounders().Hash(), ThreeFounders().Hash());
  // Fixed, because it is stored on disk and sent to peers.
  EXPECT_EQ(ThreeFounders().Hash(), 15539296836908128042u);
}

TEST(ManifestTest, EveryFieldCounts) {
  const std::vector<std::function<void(Manifest&)>> edits = {
      [](Manifest& m) { m.founders.pop_back(); },
      [](Manifest& m) { m.founders.clear(); },
      [](Manifest& m) { m.founders[0].id = {9}; },
      [](Manifest& m) { m.founders[2].address = "d:1"; },
      // The same bytes, cut elsewhere.
      [](Manifest& m) {
        m.founders[0].address = "a:";
        m.founders[1].address = "1b:1";
      },
      [](Manifest& m) { ++m.limits.stabilisation_ms; },
      [](Manifest& m) { ++m.limits.promotion_distance_ms; },
      [](Manifest& m) { ++m.limits.contact_ms; },
      [](Manifest& m) { ++m.limits.dead_ms; },
      [](Manifest& m) { ++m.limits.max_lag_records; },
      [](Manifest& m) { ++m.limits.max_lag_bytes; },
      [](Manifest& m) { ++m.limits.max_fsync_ms; },
      [](Manifest& m) { ++m.limits.max_learners; },
      [](Manifest& m) { ++m.limits.max_snapshot_transfers; },
      [](Manifest& m) { ++m.limits.min_voters; },
      [](Manifest& m) { m.limits.auto_promote = true; },
      [](Manifest& m) { m.limits.auto_remove_dead = true; },
  };
  for (size_t i = 0; i < edits.size(); ++i) {
    Manifest edited = ThreeFounders();
    edits[i](edited);
    EXPECT_NE(edited.Hash(), ThreeFounders().Hash()) << "edit " << i;
    EXPECT_NE(edited.Hash(), 0u) << "edit " << i;
  }
}

TEST(ManifestTest, ValidOnesPass) {
  EXPECT_TRUE(ValidateManifest(ThreeFounders()).ok());
  Manifest manifest;
  for (uint64_t id = 1; id <= kMaxVoters; ++id) {
    manifest.founders.push_back({{id}, "host:" + std::to_string(id)});
  }
  EXPECT_TRUE(ValidateManifest(manifest).ok());
}

TEST(ManifestTest, BadOnesAreRefusedWithAReason) {
  struct Case {
    std::string reason;
    std::function<void(Manifest&)> edit;
  };
  const std::vector<Case> cases = {
      {"1 to 31 founders; found 0", [](Manifest& m) { m.founders.clear(); }},
      {"1 to 31 founders; found 32",
       [](Manifest& m) { m.founders.resize(32); }},
      {"ascend by id, each id at least 1; found 0",
       [](Manifest& m) { m.founders[0].id = {0}; }},
      {"ascend by id, each id at least 1; found 2 behind 2",
       [](Manifest& m) { m.founders[2].id = {2}; }},
      {"address of founder 2 must have 1 to 512 bytes; found 0",
       [](Manifest& m) { m.founders[1].address.clear(); }},
      {"address of founder 3 must have 1 to 512 bytes; found 513",
       [](Manifest& m) { m.founders[2].address.assign(513, 'x'); }},
      {"two founders at the address a:1",
       [](Manifest& m) { m.founders[1].address = "a:1"; }},
      {"contact_ms must be from", [](Manifest& m) { m.limits.contact_ms = 0; }},
  };
  for (const Case& bad : cases) {
    Manifest manifest = ThreeFounders();
    bad.edit(manifest);
    const absl::Status status = ValidateManifest(manifest);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(status.message()).find(bad.reason), std::string::npos)
        << status << ", expected: " << bad.reason;
  }
}

}  // namespace
}  // namespace quorate::consensus
