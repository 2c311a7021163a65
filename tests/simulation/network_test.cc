#include "tests/simulation/network.h"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coord/base/seeded_random.h"
#include "coord/consensus/message.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/statistics.h"
#include "tests/simulation/trace.h"

namespace quorate::simulation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Members 0, 1, 2 at "a", "b", "c". Messages carry a number as their epoch.
class NetworkTest : public ::testing::Test {
 protected:
  NetworkTest() {
    network_.SetMemberCount(3);
    network_.Listen("a", 0);
    network_.Listen("b", 1);
    network_.Listen("c", 2);
  }

  void Send(int from, const std::string& to, uint32_t number) {
    consensus::Envelope envelope;
    envelope.to_address = to;
    envelope.message = consensus::HistoryRequest{number};
    network_.Send(from, std::move(envelope));
  }

  // Delivers all; what arrives at `member`, in order.
  std::vector<uint32_t> ArrivingAt(int member) {
    std::vector<uint32_t> numbers;
    while (!queue_.empty()) {
      const Network::Delivery delivery = network_.Receive(queue_.Pop().value);
      if (delivery.to != member) continue;
      numbers.push_back(
          std::get<consensus::HistoryRequest>(delivery.envelope.message).epoch);
    }
    return numbers;
  }

  bool Reaches(int from, const std::string& to, int member) {
    Send(from, to, 1);
    return !ArrivingAt(member).empty();
  }

  EventQueue queue_;
  SeededRandom random_{1};
  Trace trace_{queue_};
  Statistics statistics_;
  Network network_{queue_, random_, trace_, statistics_};
};

TEST_F(NetworkTest, DeliversAfterTheDelay) {
  network_.SetOptions({.min_delay = 100, .max_delay = 200});
  Send(0, "b", 7);
  EXPECT_THAT(ArrivingAt(1), ElementsAre(7));
  EXPECT_GE(queue_.now(), 100);
  EXPECT_LE(queue_.now(), 200);
}

TEST_F(NetworkTest, KeepsTheOrderOfALink) {
  network_.SetOptions({.min_delay = 1, .max_delay = 10'000});
  std::vector<uint32_t> sent;
  for (uint32_t i = 0; i < 100; ++i) {
    Send(0, "b", i);
    sent.push_back(i);
  }
  EXPECT_EQ(ArrivingAt(1), sent);
}

TEST_F(NetworkTest, StragglersAreOvertaken) {
  network_.SetOptions(
      {.straggler_per_million = 300'000, .straggler_delay = 10'000});
  std::vector<uint32_t> sent;
  for (uint32_t i = 0; i < 100; ++i) {
    Send(0, "b", i);
    sent.push_back(i);
  }
  const std::vector<uint32_t> arrived = ArrivingAt(1);
  EXPECT_NE(arrived, sent);
  EXPECT_THAT(arrived, ::testing::UnorderedElementsAreArray(sent));
}

TEST_F(NetworkTest, LosesAndDuplicatesAboutAsOftenAsTold) {
  network_.SetOptions({.loss_per_million = 500'000});
  for (uint32_t i = 0; i < 1000; ++i) Send(0, "b", i);
  const size_t arrived = ArrivingAt(1).size();
  EXPECT_GT(arrived, 400u);
  EXPECT_LT(arrived, 600u);
  EXPECT_EQ(statistics_.messages_lost, 1000 - arrived);

  network_.SetOptions({.duplicate_per_million = 1'000'000});
  Send(0, "b", 1);
  EXPECT_THAT(ArrivingAt(1), ElementsAre(1, 1));
}

TEST_F(NetworkTest, WhoeverListensGetsIt) {
  EXPECT_FALSE(network_.Listen("b", 2));  // taken
  Send(0, "b", 1);
  network_.StopListening("b", 1);
  network_.Listen("b", 2);
  EXPECT_THAT(ArrivingAt(2), ElementsAre(1));
}

TEST_F(NetworkTest, NobodyListens) {
  Send(0, "nowhere", 1);
  EXPECT_TRUE(queue_.empty());
  Send(0, "b", 2);
  network_.StopListening("b", 2);  // not the one who listens: no effect
  EXPECT_EQ(network_.Listener("b"), 1);
  network_.StopListening("b", 1);
  EXPECT_THAT(ArrivingAt(1), IsEmpty());
}

TEST_F(NetworkTest, CutsAreDirected) {
  network_.Cut(0, 1);
  EXPECT_FALSE(Reaches(0, "b", 1));
  EXPECT_TRUE(Reaches(1, "a", 0));
  network_.Heal(0, 1);
  EXPECT_TRUE(Reaches(0, "b", 1));
}

TEST_F(NetworkTest, ACutLosesWhatIsUnderWay) {
  Send(0, "b", 1);
  network_.Cut(0, 1);
  EXPECT_THAT(ArrivingAt(1), IsEmpty());
}

TEST_F(NetworkTest, ABridgeReachesBothSides) {
  network_.Partition(std::vector<std::vector<int>>{{0, 1}, {1, 2}});
  EXPECT_TRUE(Reaches(0, "b", 1));
  EXPECT_TRUE(Reaches(1, "c", 2));
  EXPECT_FALSE(Reaches(0, "c", 2));
  EXPECT_TRUE(network_.HasCuts());
  network_.HealCuts();
  EXPECT_TRUE(Reaches(0, "c", 2));
  EXPECT_FALSE(network_.HasCuts());
}

TEST_F(NetworkTest, IsolationByDirection) {
  network_.IsolateInbound(1);
  EXPECT_FALSE(Reaches(0, "b", 1));
  EXPECT_TRUE(Reaches(1, "a", 0));
  network_.HealMember(1);
  network_.IsolateOutbound(1);
  EXPECT_TRUE(Reaches(0, "b", 1));
  EXPECT_FALSE(Reaches(1, "a", 0));
  network_.Isolate(1);
  EXPECT_FALSE(Reaches(0, "b", 1));
  EXPECT_TRUE(Reaches(0, "c", 2));
}

TEST_F(NetworkTest, ACrashedSenderMayNotHaveSentAll) {
  Send(0, "b", 1);
  Send(2, "b", 2);
  network_.LoseInFlight(0, 1'000'000);
  EXPECT_THAT(ArrivingAt(1), ElementsAre(2));
}

TEST_F(NetworkTest, AFilterDrops) {
  network_.SetFilter([](int from, int /*to*/, const consensus::Envelope&) {
    return from == 0;
  });
  EXPECT_FALSE(Reaches(0, "b", 1));
  EXPECT_TRUE(Reaches(2, "b", 1));
}

TEST_F(NetworkTest, TheTraceSeesTheSameWithAndWithoutASink) {
  EventQueue queue;
  Trace quiet(queue);
  Trace watched(queue);
  std::vector<std::string> lines;
  watched.SetSink(
      [&](const TraceLine& line) { lines.push_back(ToString(line)); });
  for (Trace* trace : {&quiet, &watched}) {
    trace->Line(TraceKind::kFault, 2, {1, 2}, [] { return "crash"; });
  }
  EXPECT_EQ(quiet.fingerprint(), watched.fingerprint());
  EXPECT_THAT(lines, ElementsAre("0.000000 fault 2: crash"));
}

}  // namespace
}  // namespace quorate::simulation
