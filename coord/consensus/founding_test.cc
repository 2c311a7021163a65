// What founders and joiners are told when they can never, or not yet, begin.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/core.h"
#include "coord/consensus/durable_state.h"
#include "coord/consensus/message.h"
#include "coord/consensus/options.h"
#include "coord/consensus/output.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

std::string AddressOf(uint64_t id) {
  return "host" + std::to_string(id) + ":1";
}

Manifest ManifestOf(uint64_t count) {
  Manifest manifest;
  for (uint64_t id = 1; id <= count; ++id) {
    manifest.founders.push_back({{id}, AddressOf(id)});
  }
  return manifest;
}

// A founder of `manifest` with an empty disk.
Core Founder(uint64_t id, const Manifest& manifest, uint64_t incarnation = 7) {
  Options options;
  options.address = AddressOf(id);
  options.manifest = manifest;
  options.fresh_ensemble_id = {8, id};
  DurableState disk;
  disk.hard_state.member = {id};
  disk.hard_state.incarnation = {incarnation};
  return Core(options, disk, 1);
}

struct Settled {
  std::vector<Envelope> messages;
  std::vector<Event> events;

  // The last of that kind; an empty one: there is none.
  Event Last(EventKind kind) const {
    Event last = {EventKind::kCampaign, MemberId(), Rule::kNone, 0, Zxid()};
    for (const Event& event : events) {
      if (event.kind == kind) last = event;
    }
    return last;
  }
};

// Takes outputs until there is nothing more to do; all is durable at once.
Settled Settle(Core& core) {
  Settled settled;
  for (;;) {
    Output output = core.TakeOutput();
    for (Envelope& envelope : output.messages) {
      settled.messages.push_back(std::move(envelope));
    }
    for (Event& event : output.events) {
      settled.events.push_back(std::move(event));
    }
    if (output.persist_id == 0) return settled;
    core.Persisted(output.persist_id);
  }
}

// Lets both run, and hands messages to whom they are for, until `ms` are over.
Settled Play(std::vector<Core*> cores, int64_t ms, Core& of) {
  Settled seen;
  for (int64_t now = 0; now < ms; now += 50) {
    std::vector<Envelope> messages;
    for (Core* core : cores) {
      core->Tick(50);
      Settled settled = Settle(*core);
      for (Envelope& envelope : settled.messages) {
        messages.push_back(std::move(envelope));
      }
      if (core != &of) continue;
      for (Event& event : settled.events) {
        seen.events.push_back(std::move(event));
      }
    }
    for (const Envelope& envelope : messages) {
      for (Core* core : cores) {
        if (core->options().address == envelope.to_address) {
          core->Step(envelope);
        }
      }
    }
  }
  return seen;
}

TEST(FoundingTest, BothSidesTellHowTheirListsDiffer) {
  Core one = Founder(1, ManifestOf(2));
  Manifest typo = ManifestOf(2);
  typo.founders.push_back({{3}, "host33:1"});
  Core two = Founder(2, typo);
  const Settled seen = Play({&one, &two}, 2000, one);
  const Event told = seen.Last(EventKind::kRefusedByPeer);
  EXPECT_EQ(told.peer, MemberId{2});
  EXPECT_EQ(told.rule, Rule::kUnanimousBootstrap);
  EXPECT_EQ(told.number, 0u) << "it can be mended";
  for (const std::string& manifest :
       {DescribeFounders(typo), DescribeFounders(ManifestOf(2))}) {
    EXPECT_NE(told.reason.find(manifest), std::string::npos) << told.reason;
  }
  const Event refused = seen.Last(EventKind::kRefused);
  EXPECT_EQ(refused.peer, MemberId{2});
  EXPECT_NE(refused.reason.find("another manifest than founder 2"),
            std::string::npos)
      << refused.reason;
  EXPECT_EQ(one.RoleName(), "founding");
  EXPECT_EQ(two.RoleName(), "founding");
}

TEST(FoundingTest, TheSameListWithOtherLimitsIsToldApart) {
  Core one = Founder(1, ManifestOf(2));
  Manifest other = ManifestOf(2);
  other.limits.max_learners += 1;
  Core two = Founder(2, other);
  const Event told =
      Play({&one, &two}, 1000, one).Last(EventKind::kRefusedByPeer);
  EXPECT_NE(told.reason.find("a --limit differs"), std::string::npos)
      << told.reason;
}

TEST(FoundingTest, TellsNowAndThenWhomItWaitsFor) {
  Core one = Founder(1, ManifestOf(3));
  Core two = Founder(2, ManifestOf(3));
  const Settled seen = Play({&one, &two}, 20'000, one);
  const Event waits = seen.Last(EventKind::kFoundingWaits);
  EXPECT_NE(waits.reason.find("3 at host3:1"), std::string::npos)
      << waits.reason;
  EXPECT_EQ(waits.reason.find("2 at"), std::string::npos) << waits.reason;
  int times = 0;
  for (const Event& event : seen.events) {
    times += event.kind == EventKind::kFoundingWaits ? 1 : 0;
  }
  EXPECT_GE(times, 3);
  EXPECT_LE(times, 8) << "now and then, not all the time";
}

TEST(FoundingTest, AWipedFounderIsToldThatItIsAnother) {
  Core one = Founder(1, ManifestOf(2));
  Core two = Founder(2, ManifestOf(2));
  Play({&one, &two}, 3000, one);
  ASSERT_FALSE(one.hard_state().ensemble.IsNone());
  Core wiped = Founder(2, ManifestOf(2), /*incarnation=*/9);
  const Event told =
      Play({&one, &wiped}, 2000, wiped).Last(EventKind::kRefusedByPeer);
  EXPECT_EQ(told.rule, Rule::kIncarnation) << told.reason;
  EXPECT_EQ(told.number, 1u) << "no waiting helps";
  EXPECT_EQ(wiped.RoleName(), "founding");
}

// A host of one ensemble was given to the other: each is told why the other one
// refuses it, and none of that is taken for a word of its own peers.
TEST(FoundingTest, AForeignEnsembleTellsWhyAndChangesNothing) {
  Core one = Founder(1, ManifestOf(2));
  Core two = Founder(2, ManifestOf(2));
  Play({&one, &two}, 3000, one);
  Manifest manifest;
  manifest.founders = {{{2}, "host2:1"}};
  Core stranger = Founder(2, manifest, /*incarnation=*/9);
  Play({&stranger}, 3000, stranger);
  ASSERT_FALSE(one.hard_state().ensemble.IsNone());
  ASSERT_FALSE(stranger.hard_state().ensemble.IsNone());
  ASSERT_NE(one.hard_state().ensemble, stranger.hard_state().ensemble);

  const Event told =
      Play({&one, &stranger}, 3000, one).Last(EventKind::kRefusedByPeer);
  EXPECT_EQ(told.rule, Rule::kEnsembleId);
  EXPECT_EQ(told.peer, MemberId{2});
  EXPECT_EQ(told.number, 0u) << "it must not end the process";
  EXPECT_NE(told.reason.find("correct the address list of member 1"),
            std::string::npos)
      << told.reason;

  // Not even what would be final if a peer of ours said it.
  Envelope envelope;
  envelope.ensemble = stranger.hard_state().ensemble;
  envelope.from = {MemberId{2}, stranger.hard_state().incarnation};
  envelope.to = MemberId{1};
  envelope.message = Refused{{Rule::kOrderlyExit, "it was removed", {}, {}}};
  one.Step(envelope);
  EXPECT_FALSE(one.IsStopped());
  EXPECT_FALSE(one.hard_state().removed);
}

}  // namespace
}  // namespace quorate::consensus
