#include "broker/client/circuit_breaker.h"

#include "coord/client/error.h"
#include "gtest/gtest.h"

namespace quorate::broker {
namespace {

using State = CircuitBreaker::State;

const CircuitBreakerOptions kOptions = {.max_letters = 10,
                                        .window_ms = 1'000,
                                        .min_percent = 50,
                                        .open_ms = 500,
                                        .probes = 2};

CircuitBreaker Opened(int64_t now_ms) {
  CircuitBreaker breaker(kOptions);
  for (int i = 0; i < 10; ++i) breaker.OnDeadLetter(now_ms);
  return breaker;
}

TEST(CircuitBreakerTest, OpensWhenTooManyComeAtOnce) {
  CircuitBreaker breaker(kOptions);
  for (int i = 0; i < 9; ++i) breaker.OnDeadLetter(5);
  EXPECT_EQ(breaker.state(5), State::kClosed);
  EXPECT_TRUE(breaker.Admit(5).ok());
  breaker.OnDeadLetter(6);
  EXPECT_EQ(breaker.state(6), State::kOpen);
  EXPECT_EQ(breaker.trips(), 1);
  EXPECT_TRUE(client::IsError(breaker.Admit(6), kBreakerOpenKind));
  EXPECT_EQ(client::ErrorInfoOf(breaker.Admit(6))->retry_after_ms, 500);
}

TEST(CircuitBreakerTest, ForgetsWhatIsLongAgo) {
  CircuitBreaker breaker(kOptions);
  for (int i = 0; i < 100; ++i) breaker.OnDeadLetter(i * 200);
  EXPECT_EQ(breaker.state(20'000), State::kClosed);
}

TEST(CircuitBreakerTest, BearsThemAmongManyThatAreDelivered) {
  CircuitBreaker breaker(kOptions);
  for (int i = 0; i < 30; ++i) breaker.OnDelivered(5);
  for (int i = 0; i < 29; ++i) breaker.OnDeadLetter(5);
  EXPECT_EQ(breaker.state(5), State::kClosed);
  breaker.OnDeadLetter(5);
  EXPECT_EQ(breaker.state(5), State::kOpen);
}

TEST(CircuitBreakerTest, ClosesWhenTheProbesAreDelivered) {
  CircuitBreaker breaker = Opened(0);
  EXPECT_FALSE(breaker.Admit(499).ok());
  EXPECT_EQ(breaker.state(500), State::kHalfOpen);
  EXPECT_TRUE(breaker.Admit(500).ok());
  EXPECT_TRUE(breaker.Admit(500).ok());
  EXPECT_TRUE(client::IsError(breaker.Admit(500), kBreakerOpenKind));
  breaker.OnDelivered(510);
  EXPECT_EQ(breaker.state(510), State::kHalfOpen);
  breaker.OnDelivered(520);
  EXPECT_EQ(breaker.state(520), State::kClosed);
  // The old letters are forgiven.
  breaker.OnDeadLetter(530);
  EXPECT_EQ(breaker.state(530), State::kClosed);
}

TEST(CircuitBreakerTest, OneBadProbeOpensItAgain) {
  CircuitBreaker breaker = Opened(0);
  EXPECT_TRUE(breaker.Admit(600).ok());
  breaker.OnDeadLetter(610);
  EXPECT_EQ(breaker.state(610), State::kOpen);
  EXPECT_EQ(breaker.trips(), 2);
  EXPECT_FALSE(breaker.Admit(1'100).ok());
  EXPECT_TRUE(breaker.Admit(1'110).ok());
}

TEST(CircuitBreakerTest, CanBeSwitchedOff) {
  CircuitBreaker breaker({.max_letters = 0});
  for (int i = 0; i < 100'000; ++i) breaker.OnDeadLetter(5);
  EXPECT_TRUE(breaker.Admit(5).ok());
}

}  // namespace
}  // namespace quorate::broker
