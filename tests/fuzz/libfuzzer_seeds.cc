// With libFuzzer, which brings its own main(): TARGET --seeds=FOLDER writes the
// target's seeds there, a file each, and ends.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace quorate::fuzz {
namespace {

int WriteSeeds(absl::string_view folder) {
  const std::vector<std::string> seeds = Seeds();
  for (size_t i = 0; i < seeds.size(); ++i) {
    const std::string path = absl::StrCat(folder, "/seed-", i);
    std::ofstream file(path, std::ios::binary);
    file << seeds[i];
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s\n", path.c_str());
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  // For as long as the process lives.
  static const auto* const silencer = new google::protobuf::LogSilencer();
  static_cast<void>(silencer);
  for (int i = 1; i < *argc; ++i) {
    absl::string_view word = (*argv)[i];
    if (absl::ConsumePrefix(&word, "--seeds=")) {
      std::exit(quorate::fuzz::WriteSeeds(word));
    }
  }
  return 0;
}
