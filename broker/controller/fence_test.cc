#include "broker/controller/fence.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "coord/storage/testing/fault_file_system.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::broker {
namespace {

using storage::CrashLoss;
using storage::FaultFileSystem;

const std::string kOwn(16, 'a');
const std::string kOther(16, 'b');

ControllerToken Token(int64_t epoch, BrokerId id = 1, uint64_t czxid = 0,
                      const std::string& ensemble = kOwn) {
  return {.token = {ensemble,
                    czxid == 0 ? 100 + static_cast<uint64_t>(epoch) : czxid},
          .controller_epoch = epoch,
          .broker_id = id};
}

class FenceTest : public testing::Test {
 protected:
  FenceTest() : files_(TestSeed()) {
    EXPECT_TRUE(files_.CreateDirectory("d").ok());
  }
  std::unique_ptr<Fence> Open(bool any_ensemble = false) {
    absl::StatusOr<std::unique_ptr<Fence>> fence =
        Fence::Open(files_, {"d", kOwn, any_ensemble});
    EXPECT_TRUE(fence.ok()) << fence.status();
    return *std::move(fence);
  }

  FaultFileSystem files_;
};

TEST_F(FenceTest, RefusesOlderOnes) {
  const std::unique_ptr<Fence> fence = Open();
  EXPECT_EQ(fence->newest().controller_epoch, 0);
  EXPECT_TRUE(fence->Admit(Token(2)).ok());
  EXPECT_TRUE(fence->Admit(Token(2)).ok());
  EXPECT_TRUE(Is(fence->Admit(Token(1)), ErrorKind::kStaleController));
  // Nobody else can have the same epoch.
  EXPECT_TRUE(Is(fence->Admit(Token(2, 3)), ErrorKind::kStaleController));
  EXPECT_TRUE(Is(fence->Admit(Token(2, 1, 99)), ErrorKind::kStaleController));
  EXPECT_TRUE(fence->Admit(Token(3, 3)).ok());
  EXPECT_EQ(fence->newest(), Token(3, 3));
  EXPECT_EQ(fence->stale_count(), 3);
  EXPECT_EQ(fence->wrong_ensemble_count(), 0);
}

TEST_F(FenceTest, RefusesOtherEnsembles) {
  const std::unique_ptr<Fence> fence = Open();
  EXPECT_TRUE(
      Is(fence->Admit(Token(9, 1, 0, kOther)), ErrorKind::kWrongEnsemble));
  EXPECT_EQ(fence->wrong_ensemble_count(), 1);
  EXPECT_EQ(fence->newest().controller_epoch, 0);
}

// The outage: whoever came last is obeyed.
TEST_F(FenceTest, UnsafeObeysAnyEnsemble) {
  const std::unique_ptr<Fence> fence = Open(/*any_ensemble=*/true);
  EXPECT_TRUE(fence->Admit(Token(5)).ok());
  EXPECT_TRUE(fence->Admit(Token(1, 2, 7, kOther)).ok());
  EXPECT_TRUE(fence->Admit(Token(4)).ok());
  // Halves of an ensemble without rules have one id: each has an epoch 4.
  EXPECT_TRUE(fence->Admit(Token(4, 2, 99)).ok());
  EXPECT_TRUE(fence->Admit(Token(3)).ok());
  EXPECT_EQ(fence->newest(), Token(3));
}

// Power goes at any call: what was admitted is remembered.
TEST_F(FenceTest, RemembersThroughEveryCrash) {
  int64_t epoch = 0;
  for (const CrashLoss loss : {CrashLoss::kEverything, CrashLoss::kPrefix,
                               CrashLoss::kAnySectors, CrashLoss::kNothing}) {
    for (uint64_t call = 1; call < 30; ++call) {
      std::unique_ptr<Fence> fence = Open();
      files_.CrashAt(files_.calls() + call);
      int64_t admitted = fence->newest().controller_epoch;
      for (int i = 0; i < 4; ++i) {
        if (fence->Admit(Token(++epoch)).ok()) admitted = epoch;
      }
      fence.reset();
      files_.Crash(loss);
      const int64_t found = Open()->newest().controller_epoch;
      ASSERT_GE(found, admitted) << "crash at call " << call;
      ASSERT_LE(found, epoch);
    }
  }
}

TEST_F(FenceTest, WhatCannotBeRememberedIsNotObeyed) {
  const std::unique_ptr<Fence> fence = Open();
  EXPECT_TRUE(fence->Admit(Token(1)).ok());
  files_.FailAt(files_.calls() + 1, files_.calls() + 100, ENOSPC);
  EXPECT_FALSE(fence->Admit(Token(2)).ok());
  EXPECT_EQ(fence->newest(), Token(1));
  files_.FailAt(0, 0, 0);
  EXPECT_TRUE(fence->Admit(Token(2)).ok());
}

TEST_F(FenceTest, DamageIsAnError) {
  EXPECT_TRUE(Open()->Admit(Token(1)).ok());
  const std::string path = std::string("d/") + Fence::kFileName;
  const std::string good = files_.Content(path);
  for (const std::string& bad :
       {std::string(), good + "x", good.substr(1), std::string(5000, 'a'),
        std::string("quorate-controller 1 a b c\n")}) {
    files_.SetContent(path, bad);
    const auto fence = Fence::Open(files_, {"d", kOwn, false});
    EXPECT_TRUE(absl::IsDataLoss(fence.status())) << fence.status();
  }
}

}  // namespace
}  // namespace quorate::broker
