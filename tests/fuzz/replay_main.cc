// The short, deterministic run of a fuzz target, with any compiler:
//
//   TARGET [--runs=N] [--only=I] [FILE...]
//
// Runs the target's seeds, the files, then N mutants of all these (20000), or
// only mutant number I. The mutants follow from a seed alone, which is printed
// first: QUORATE_SEED sets another. If an input stops the process, it is kept,
// and the last lines tell where and how to run it again.

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "coord/base/seeded_random.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate.h"

// A sanitizer's finding ends in SIGABRT, too, so that one handler keeps the
// input.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "abort_on_error=1"; }
extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1"; }

namespace quorate::fuzz {
namespace {

// What runs now, for OnDeath().
const std::string* current_input = nullptr;
std::string current_name;
std::string kept_path;
std::string program;

void Print(absl::string_view text) {
  [[maybe_unused]] const ssize_t ignored =
      write(STDERR_FILENO, text.data(), text.size());
}

// Everything it needs was allocated before.
void OnDeath(int signal) {
  std::signal(signal, SIG_DFL);
  if (current_input != nullptr) {
    const int file =
        open(kept_path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0644);
    [[maybe_unused]] const ssize_t ignored =
        write(file, current_input->data(), current_input->size());
    close(file);
    Print("FOUND by ");
    Print(current_name);
    Print("; the input is kept. Again: ");
    Print(program);
    Print(" --runs=0 ");
    Print(kept_path);
    Print("\n");
  }
  std::raise(signal);
}

// Has OnDeath() called on a stack of its own, as the program's may be used up.
void CatchDeath() {
  static char stack[64 << 10];
  stack_t other = {};
  other.ss_sp = stack;
  other.ss_size = sizeof(stack);
  sigaltstack(&other, nullptr);
  struct sigaction action = {};
  action.sa_handler = OnDeath;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGILL}) {
    sigaction(signal, &action, nullptr);
  }
}

void Run(const std::string& name, const std::string& input) {
  current_name = name;
  current_input = &input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()),
                         input.size());
  current_input = nullptr;
}

std::string FolderToKeepIn() {
  for (const char* name : {"TEST_UNDECLARED_OUTPUTS_DIR", "TEST_TMPDIR"}) {
    const char* folder = std::getenv(name);
    if (folder != nullptr && *folder != '\0') return folder;
  }
  return ".";
}

[[noreturn]] void BadUsage(absl::string_view what) {
  Print(
      absl::StrCat(what, "\nusage: TARGET [--runs=N] [--only=I] [FILE...]\n"));
  std::exit(2);
}

uint64_t NumberIn(absl::string_view text) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number)) {
    BadUsage(absl::StrCat("expected a number, found ", text));
  }
  return number;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) BadUsage(absl::StrCat("cannot read ", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

struct Arguments {
  uint64_t seed = 1;
  uint64_t first = 0;
  uint64_t runs = 20'000;
  std::vector<std::string> files = {};
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  const char* seed = std::getenv("QUORATE_SEED");
  if (seed != nullptr && *seed != '\0') arguments.seed = NumberIn(seed);
  for (int i = 1; i < argc; ++i) {
    absl::string_view word = argv[i];
    if (absl::ConsumePrefix(&word, "--runs=")) {
      arguments.runs = NumberIn(word);
    } else if (absl::ConsumePrefix(&word, "--only=")) {
      arguments.first = NumberIn(word);
      arguments.runs = 1;
    } else if (absl::StartsWith(word, "-")) {
      BadUsage(absl::StrCat("unknown option ", word));
    } else {
      arguments.files.emplace_back(word);
    }
  }
  return arguments;
}

void RunAll(const Arguments& arguments) {
  std::vector<std::string> inputs = Seeds();
  inputs.emplace_back();
  for (size_t i = 0; i < inputs.size(); ++i) {
    Run(absl::StrCat("seed ", i), inputs[i]);
  }
  for (const std::string& path : arguments.files) {
    inputs.push_back(ReadFile(path));
    Run(path, inputs.back());
  }
  const uint64_t end = arguments.first + arguments.runs;
  for (uint64_t i = arguments.first; i < end; ++i) {
    // Each by itself, so that one can be made without those before it.
    SeededRandom random(arguments.seed * 0x9e3779b97f4a7c15 + i);
    Run(absl::StrCat("mutant ", i), Mutate(inputs, random));
  }
  std::printf("%zu inputs and %llu mutants of them\n", inputs.size(),
              static_cast<unsigned long long>(arguments.runs));
}

}  // namespace
}  // namespace quorate::fuzz

int main(int argc, char** argv) {
  const quorate::fuzz::Arguments arguments = quorate::fuzz::Parse(argc, argv);
  const google::protobuf::LogSilencer silencer;
  std::printf("[ SEED     ] QUORATE_SEED=%llu\n",
              static_cast<unsigned long long>(arguments.seed));
  std::fflush(stdout);
  quorate::fuzz::program = argv[0];
  quorate::fuzz::kept_path =
      absl::StrCat(quorate::fuzz::FolderToKeepIn(), "/found-input");
  quorate::fuzz::CatchDeath();
  quorate::fuzz::RunAll(arguments);
  return 0;
}
