// LoadFlags: the options of a load on the command line, the same for every
// system under load.

#ifndef QUORATE_TOOLS_QUORATE_BENCH_LOAD_FLAGS_H_
#define QUORATE_TOOLS_QUORATE_BENCH_LOAD_FLAGS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "tools/quorate/bench/load.h"
#include "tools/quorate/command_line.h"

namespace quorate::tools {

struct LoadFlags {
  LoadOptions load;
  int64_t rate = 0;
  std::string skew = "0";
  int64_t sessions_per_connection = 1;
  std::string save;  // a file; empty: none
};

// `flags` must outlive the command line.
void AddLoadFlags(Verb& verb, LoadFlags& flags);

// Completes flags.load with what was typed. Usage: what is wrong with it.
absl::Status FinishLoadFlags(LoadFlags& flags);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_BENCH_LOAD_FLAGS_H_
