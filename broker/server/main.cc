// brokerd: one broker of a Quorate cluster. `brokerd --help` tells the rest.

#include <cstdio>

#include "broker/server/flags.h"
#include "broker/server/format.h"
#include "broker/server/run.h"
#include "coord/server/exit_code.h"

int main(int argc, char** argv) {
  using quorate::server::ExitCode;
  const quorate::broker::ParsedFlags flags =
      quorate::broker::ParseFlags(argc, argv);
  if (!flags.settings) {
    if (flags.is_error) {
      std::fprintf(stderr, "brokerd: %s\n", flags.text.c_str());
      return static_cast<int>(ExitCode::kUsage);
    }
    std::fputs(flags.text.c_str(), stdout);
    return static_cast<int>(ExitCode::kOk);
  }
  const quorate::broker::Ended ended =
      flags.settings->format ? quorate::broker::Format(*flags.settings)
                             : quorate::broker::Run(*flags.settings);
  if (ended.code != ExitCode::kOk) {
    std::fprintf(stderr, "brokerd: %s\n", ended.why.c_str());
  }
  return static_cast<int>(ended.code);
}
