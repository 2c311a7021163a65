// Plays scenario files, or rewrites what they expect.
//
//   scenario_main FILE...            exit code 1 and FILE:LINE at a failure
//   scenario_main --rewrite [DIR]    rewrites every .txt of tests/scenarios
//
// `bazel run //tests/scenarios:rewrite` does the latter in the source tree.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "tests/scenarios/runner.h"

ABSL_FLAG(bool, rewrite, false,
          "write what happens into the files as what is expected; without "
          "files: into all of the source tree");

namespace quorate::scenarios {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// All scenarios of the source tree that `bazel run` was called in.
std::vector<fs::path> SourceFiles() {
  std::vector<fs::path> files;
  const char* top = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  const fs::path folder =
      fs::path(top == nullptr ? "." : top) / "tests" / "scenarios";
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool Play(const fs::path& path) {
  const auto failure = PlayScenario({path.string(), ReadFile(path)});
  if (!failure.has_value()) return true;
  std::fprintf(stderr, "%s\n", Describe(*failure).c_str());
  return false;
}

bool Rewrite(const fs::path& path) {
  const std::string before = ReadFile(path);
  const auto after = RewriteScenario({path.string(), before});
  if (!after.ok()) {
    std::fprintf(stderr, "%s\n", std::string(after.status().message()).c_str());
    return false;
  }
  if (*after == before) return true;
  std::ofstream(path) << *after;
  std::printf("rewritten: %s\n", path.c_str());
  return true;
}

int Main(int argc, char** argv) {
  const std::vector<char*> words = absl::ParseCommandLine(argc, argv);
  std::vector<fs::path> files(words.begin() + 1, words.end());
  const bool rewrite = absl::GetFlag(FLAGS_rewrite);
  if (rewrite && files.empty()) files = SourceFiles();
  bool good = !files.empty();
  for (const fs::path& file : files) {
    good = (rewrite ? Rewrite(file) : Play(file)) && good;
  }
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace quorate::scenarios

int main(int argc, char** argv) { return quorate::scenarios::Main(argc, argv); }
