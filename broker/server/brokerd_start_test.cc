// Whatever keeps brokerd from starting, or stops it, is said in one line, with
// the exit code that `brokerd --help` promises.

#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "broker/image/znodes.h"
#include "broker/server/test_broker.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "coord/server/coordd_process.h"
#include "gtest/gtest.h"
#include "tests/client/ensemble.h"

namespace quorate::broker {
namespace {

using server::CoorddProcess;

class BrokerdStartTest : public testing::Test {
 protected:
  void SetUp() override { session_ = ensemble_.Open(); }

  static void ExpectEnd(CoorddProcess& process, int code,
                        const std::string& said) {
    EXPECT_EQ(process.Wait(), code) << process.Stderr();
    EXPECT_TRUE(absl::StartsWith(process.LastLine(), "brokerd: "))
        << process.Stderr();
    EXPECT_TRUE(absl::StrContains(process.LastLine(), said))
        << process.Stderr();
  }

  Ensemble ensemble_{1};
  std::unique_ptr<client::Session> session_;
};

TEST_F(BrokerdStartTest, FlagsAndDirectories) {
  CoorddProcess none(BrokerdProgram(), {"--what"});
  ExpectEnd(none, 2, "brokerd --help");
  CoorddProcess help(BrokerdProgram(), {"--help"});
  EXPECT_EQ(help.Wait(), 0);
  EXPECT_TRUE(absl::StrContains(help.Stdout(), "Examples:"));

  TestBroker broker(1, ensemble_.endpoints());
  broker.Start();
  ExpectEnd(broker.process(), 3, "brokerd --format");
  EXPECT_EQ(broker.Format({"--bootstrap"}), 0) << broker.process().Stderr();
  EXPECT_EQ(broker.Format(), 0);
  EXPECT_TRUE(absl::StrContains(broker.process().Stdout(), "broker 1"));
  broker.Start();
  ASSERT_TRUE(broker.WaitUntilReady()) << broker.process().Stderr();
  // One at a time.
  CoorddProcess second(
      BrokerdProgram(),
      {"--dir", broker.directory(), "--endpoints", ensemble_.endpoints()[0],
       "--listen", absl::StrCat("127.0.0.1:", server::FreePort())});
  ExpectEnd(second, 3, "another process");
  // A port of one's own.
  TestBroker other(2, ensemble_.endpoints());
  ASSERT_EQ(other.Format(), 0);
  CoorddProcess occupied(
      BrokerdProgram(),
      {"--dir", other.directory(), "--endpoints", ensemble_.endpoints()[0],
       "--listen", broker.address()});
  ExpectEnd(occupied, 4, "another program listens");
}

TEST_F(BrokerdStartTest, AnotherEnsembleIsRefused) {
  Ensemble other(1);
  TestBroker broker(1, ensemble_.endpoints());
  ASSERT_EQ(broker.Format({"--bootstrap"}), 0);
  // A cluster begins there, too: it is the ensemble that is wrong.
  TestBroker stranger(7, other.endpoints());
  ASSERT_EQ(stranger.Format({"--bootstrap"}), 0);
  broker.SetEndpoints(other.endpoints());
  broker.Start();
  ExpectEnd(broker.process(), 5, "ensemble");
  const std::unique_ptr<client::Session> there = other.Open();
  EXPECT_TRUE(there->GetChildren(kBrokersPath)->names.empty());
  EXPECT_EQ(there->GetData(kControllerEpochPath)->data, "0");
  // The directory of one is not made that of the other.
  EXPECT_EQ(broker.Format(), 3);
}

TEST_F(BrokerdStartTest, NoControllerEpochIsNotZero) {
  TestBroker broker(1, ensemble_.endpoints());
  ASSERT_EQ(broker.Format({"--bootstrap"}), 0);
  ASSERT_TRUE(session_->Write(client::Delete{kControllerEpochPath}).ok());
  broker.Start();
  ExpectEnd(broker.process(), 5, kControllerEpochPath);
  EXPECT_TRUE(
      client::IsError(session_->Exists(kControllerPath).status(), "NoNode"));
  ASSERT_TRUE(session_->Write(client::Create{kControllerEpochPath, "4"}).ok());
  broker.Start();
  ASSERT_TRUE(broker.WaitUntilReady()) << broker.process().Stderr();
  EXPECT_EQ(broker.Metric("quorate_broker_controller_epoch"), 5);
}

TEST_F(BrokerdStartTest, AnIdIsOneDirectorys) {
  TestBroker broker(1, ensemble_.endpoints());
  TestBroker twin(1, ensemble_.endpoints());
  ASSERT_EQ(broker.Format({"--bootstrap"}), 0);
  ASSERT_EQ(twin.Format(), 0);
  broker.Start();
  ASSERT_TRUE(broker.WaitUntilReady()) << broker.process().Stderr();
  twin.Start();
  ExpectEnd(twin.process(), 5, "/broker/ids/1");
  EXPECT_EQ(broker.Metric("quorate_broker_ready"), 1);
}

// What the outage needs: a broker strays to an empty ensemble, and becomes its
// controller.
TEST_F(BrokerdStartTest, UnsafeServesAnyEnsemble) {
  Ensemble other(1);
  TestBroker broker(1, ensemble_.endpoints());
  ASSERT_EQ(broker.Format({"--bootstrap"}), 0);
  broker.Start();
  ASSERT_TRUE(broker.WaitUntilReady());
  ASSERT_TRUE(broker.CreateTopic("t", 1).ok());
  broker.SetEndpoints(other.endpoints());
  broker.Start({"--unsafe-no-ensemble-pin"});
  ASSERT_TRUE(broker.WaitUntilReady()) << broker.process().Stderr();
  EXPECT_TRUE(absl::StrContains(broker.process().Stderr(), "UNSAFE"));
  EXPECT_EQ(broker.Metric("quorate_broker_unsafe"), 1);
  EXPECT_EQ(broker.Metric("quorate_broker_is_controller"), 1);
  EXPECT_EQ(broker.Metric("quorate_broker_controller_epoch"), 1);
  EXPECT_EQ(other.Open()->GetData(kControllerEpochPath)->data, "1");
  // And back.
  broker.SetEndpoints(ensemble_.endpoints());
  broker.Start();
  ASSERT_TRUE(broker.WaitUntilReady()) << broker.process().Stderr();
  EXPECT_EQ(broker.Metric("quorate_broker_controller_epoch"), 2);
}

// The same without a restart: its ensemble is gone, and one of its endpoints
// belongs to another by now.
TEST_F(BrokerdStartTest, UnsafeStraysWhileItRuns) {
  Ensemble other(1);
  ASSERT_NE(other.Open(), nullptr);
  other.Kill(0);
  const std::vector<std::string> both = {ensemble_.endpoints()[0],
                                         other.endpoints()[0]};
  TestBroker safe(1, both);
  TestBroker broker(2, both);
  ASSERT_EQ(safe.Format({"--bootstrap"}), 0);
  ASSERT_EQ(broker.Format(), 0);
  safe.Start();
  ASSERT_TRUE(safe.WaitUntilReady()) << safe.process().Stderr();
  safe.Kill();
  broker.Start({"--unsafe-no-ensemble-pin"});
  ASSERT_TRUE(broker.WaitUntilReady()) << broker.process().Stderr();
  ASSERT_TRUE(Eventually([&] {
    return broker.Metric("quorate_broker_is_controller") == 1 &&
           broker.Metric("quorate_broker_controller_epoch") == 2;
  }));
  ASSERT_TRUE(broker.CreateTopic("t", 1).ok());
  EXPECT_EQ(broker.Metric("quorate_broker_partitions_led"), 1);
  safe.Start();
  ASSERT_TRUE(safe.WaitUntilReady()) << safe.process().Stderr();

  ensemble_.Kill(0);
  other.Start(0);
  // It forgets what it knew.
  EXPECT_TRUE(Eventually([&] {
    return broker.Metric("quorate_broker_controller_epoch") == 1 &&
           broker.Metric("quorate_broker_partitions_led") == 0;
  })) << broker.process().Stderr();
  // One with its pin waits for its own ensemble.
  EXPECT_TRUE(Eventually([&] {
    return safe.Metric("quorate_broker_registered") == 0;
  })) << safe.process().Stderr();
  EXPECT_TRUE(client::IsError(
      other.Open()->Exists(BrokerPath(safe.id())).status(), "NoNode"));
  ensemble_.Start(0);
  EXPECT_TRUE(safe.WaitUntilReady()) << safe.process().Stderr();
}

}  // namespace
}  // namespace quorate::broker
