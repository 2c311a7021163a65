#include "coord/consensus/client_pin.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coord/base/ids.h"
#include "coord/consensus/rule.h"
#include "coord/consensus/zxid.h"
#include "gtest/gtest.h"

namespace quorate::consensus {
namespace {

constexpr EnsembleId kOurs = {1, 2};
constexpr EnsembleId kOther = {1, 3};

TEST(ClientPinTest, NewClientIsServedByAnyEnsemble) {
  ClientPin pin;
  EXPECT_FALSE(CheckPin(pin, kOurs, Zxid()).has_value());
  EXPECT_TRUE(Observe(kOurs, Zxid(2, 5), pin));
  EXPECT_EQ(pin, (ClientPin{kOurs, Zxid(2, 5)}));
}

TEST(ClientPinTest, AnotherEnsembleIsRefusedForGood) {
  const ClientPin pin = {kOurs, Zxid(2, 5)};
  const std::optional<Refusal> refusal = CheckPin(pin, kOther, Zxid(9, 9));
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->rule, Rule::kClientsRemember);
  EXPECT_FALSE(refusal->retry_after_ms.has_value());
  EXPECT_NE(refusal->reason.find(ToString(kOurs)), std::string::npos);
  EXPECT_NE(refusal->reason.find(ToString(kOther)), std::string::npos);
}

TEST(ClientPinTest, ClientsOfTheParentAreToldHowToFollow) {
  const ClientPin pin = {kOurs, Zxid(2, 5)};
  const std::optional<Refusal> refusal =
      CheckPin(pin, kOther, Zxid(9, 9), kOurs);
  ASSERT_TRUE(refusal.has_value()) << "they must not follow by themselves";
  EXPECT_FALSE(refusal->retry_after_ms.has_value());
  EXPECT_NE(refusal->reason.find("it follows"), std::string::npos);
  EXPECT_FALSE(CheckPin({kOther, Zxid()}, kOther, Zxid(9, 9), kOurs));
  EXPECT_FALSE(CheckPin({}, kOther, Zxid(9, 9), EnsembleId()));
}

TEST(ClientPinTest, MemberWithoutEnsembleServesNobody) {
  EXPECT_TRUE(CheckPin({}, EnsembleId(), Zxid()).has_value());
  EXPECT_TRUE(CheckPin({kOurs, Zxid()}, EnsembleId(), Zxid()).has_value());
}

TEST(ClientPinTest, MemberBehindTheMarkIsRefusedForAWhile) {
  const ClientPin pin = {kOurs, Zxid(2, 5)};
  for (Zxid behind : {Zxid(), Zxid(2, 4), Zxid(1, 99)}) {
    const std::optional<Refusal> refusal = CheckPin(pin, kOurs, behind);
    ASSERT_TRUE(refusal.has_value()) << ToString(behind);
    EXPECT_EQ(refusal->rule, Rule::kClientsRemember);
    EXPECT_EQ(refusal->retry_after_ms, kBehindMarkRetryMs);
  }
  EXPECT_FALSE(CheckPin(pin, kOurs, Zxid(2, 5)).has_value());
  EXPECT_FALSE(CheckPin(pin, kOurs, Zxid(3, 0)).has_value());
}

TEST(ClientPinTest, RefusalTellsTheNumbers) {
  const std::optional<Refusal> refusal =
      CheckPin({kOurs, Zxid(2, 5)}, kOurs, Zxid(1, 99));
  EXPECT_EQ(refusal->numbers, (std::vector<std::pair<std::string, int64_t>>{
                                  {"highest_seen_epoch", 2},
                                  {"highest_seen_counter", 5},
                                  {"applied_epoch", 1},
                                  {"applied_counter", 99}}));
}

TEST(ClientPinTest, MarkMovesOnlyForward) {
  ClientPin pin = {kOurs, Zxid(2, 5)};
  EXPECT_TRUE(Observe(kOurs, Zxid(2, 4), pin));
  EXPECT_EQ(pin.highest_seen, Zxid(2, 5));
  EXPECT_TRUE(Observe(kOurs, Zxid(3, 0), pin));
  EXPECT_EQ(pin.highest_seen, Zxid(3, 0));
}

TEST(ClientPinTest, NothingOfAnotherEnsembleIsObserved) {
  const ClientPin before = {kOurs, Zxid(2, 5)};
  for (EnsembleId ensemble : {kOther, EnsembleId()}) {
    ClientPin pin = before;
    EXPECT_FALSE(Observe(ensemble, Zxid(9, 9), pin));
    EXPECT_EQ(pin, before);
  }
  ClientPin fresh;
  EXPECT_FALSE(Observe(EnsembleId(), Zxid(9, 9), fresh));
  EXPECT_EQ(fresh, ClientPin());
}

}  // namespace
}  // namespace quorate::consensus
