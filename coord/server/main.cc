// coordd: one member of a Quorate ensemble. `coordd --help` tells the rest.

#include <cstdio>

#include "coord/server/exit_code.h"
#include "coord/server/flags.h"
#include "coord/server/run.h"

int main(int argc, char** argv) {
  using quorate::server::ExitCode;
  const quorate::server::ParsedFlags flags =
      quorate::server::ParseFlags(argc, argv);
  if (!flags.settings) {
    if (flags.is_error) {
      std::fprintf(stderr, "coordd: %s\n", flags.text.c_str());
      return static_cast<int>(ExitCode::kUsage);
    }
    std::fputs(flags.text.c_str(), stdout);
    return static_cast<int>(ExitCode::kOk);
  }
  const quorate::server::Ended ended = quorate::server::Run(*flags.settings);
  if (ended.code != ExitCode::kOk) {
    std::fprintf(stderr, "coordd: %s\n", ended.why.c_str());
  }
  return static_cast<int>(ended.code);
}
