#include "tools/quorate/cluster/process.h"

#include <signal.h>

#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/exit_code.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kLong = absl::Seconds(60);

// Runs shell commands. Dies with the test, if that forgets it, at the latest
// when the command ends.
class ProcessTest : public ::testing::Test {
 protected:
  absl::StatusOr<Process> Run(const std::string& command) {
    return StartDetached({.executable = Shell(),
                          .arguments = {"-c", command},
                          .working_directory = testing::TempDir(),
                          .log_path = log_,
                          .record = [this](const Process& process) {
                            recorded_ = process;
                            return record_status_;
                          }});
  }

  // The shell, without symbolic links.
  static std::string Shell() {
    for (const char* path : {"/usr/bin/dash", "/usr/bin/bash", "/bin/bash"}) {
      if (FileExists(path)) return path;
    }
    return "/bin/sh";
  }

  const std::string log_ =
      testing::TempDir() + "/" +
      testing::UnitTest::GetInstance()->current_test_info()->name() + ".log";
  Process recorded_;
  absl::Status record_status_;
};

TEST_F(ProcessTest, RunsAndEnds) {
  const absl::StatusOr<Process> process = Run("echo to the log; exit 7");
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ(*process, recorded_);
  EXPECT_TRUE(WaitUntilGone(*process, kLong));
  EXPECT_EQ(TakeExitCode(*process), 7);
  EXPECT_EQ(TakeExitCode(*process), std::nullopt);
  EXPECT_EQ(*ReadFile(log_, 1000), "to the log\n");
}

TEST_F(ProcessTest, PausedResumedKilled) {
  const absl::StatusOr<Process> process = Run("kill -STOP $$; exit 3");
  ASSERT_TRUE(process.ok()) << process.status();
  while (StateOf(*process) == ProcessState::kRunning) std::this_thread::yield();
  ASSERT_EQ(StateOf(*process), ProcessState::kPaused);
  ASSERT_TRUE(SendSignal(*process, SIGCONT).ok());
  EXPECT_TRUE(WaitUntilGone(*process, kLong));
  EXPECT_EQ(TakeExitCode(*process), 3);
}

TEST_F(ProcessTest, AnotherProcessWithThePidIsLeftAlone) {
  const absl::StatusOr<Process> process = Run("kill -STOP $$; exit 0");
  ASSERT_TRUE(process.ok()) << process.status();
  Process later = *process;
  ++later.start_ticks;
  Process other_boot = *process;
  other_boot.boot_id += "x";
  Process other_program = *process;
  other_program.executable += "x";
  for (const Process& wrong : {later, other_boot, other_program}) {
    EXPECT_EQ(StateOf(wrong), ProcessState::kGone);
    EXPECT_TRUE(SendSignal(wrong, SIGKILL).ok());
  }
  EXPECT_NE(StateOf(*process), ProcessState::kGone);
  EXPECT_TRUE(SendSignal(*process, SIGKILL).ok());
  EXPECT_TRUE(WaitUntilGone(*process, kLong));
  EXPECT_EQ(TakeExitCode(*process), 128 + SIGKILL);
}

TEST_F(ProcessTest, WhatCannotBeRecordedDoesNotRun) {
  record_status_ = LocalError("disk full");
  EXPECT_EQ(Run("echo ran").status(), record_status_);
  EXPECT_NE(recorded_.pid, 0);
  EXPECT_EQ(StateOf(recorded_), ProcessState::kGone);
  EXPECT_EQ(*ReadFile(log_, 1000), "");
}

TEST_F(ProcessTest, NoSuchProgram) {
  const absl::Status status =
      StartDetached({.executable = "/nowhere/program",
                     .arguments = {},
                     .working_directory = testing::TempDir(),
                     .log_path = log_,
                     .record = [](const Process&) { return absl::OkStatus(); }})
          .status();
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kLocal);
}

TEST(ProcStatTest, NamesMayHoldAnything) {
  std::string text = "42 (a) b (c) T";
  for (int field = 4; field <= 21; ++field) text += " 0";
  const std::optional<ProcStat> stat = ParseProcStat(text + " 777 0");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->state, 'T');
  EXPECT_EQ(stat->start_ticks, 777u);
  EXPECT_FALSE(ParseProcStat(text));
  EXPECT_FALSE(ParseProcStat(""));
}

}  // namespace
}  // namespace quorate::tools
