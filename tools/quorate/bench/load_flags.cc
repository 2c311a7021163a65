#include "tools/quorate/bench/load_flags.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/quorate/bench/load.h"
#include "tools/quorate/bench/load_op.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/failure.h"

namespace quorate::tools {
namespace {

constexpr double kMaxSkew = 10;
constexpr int64_t kMaxDataBytes = 1 << 20;

}  // namespace

void AddLoadFlags(Verb& verb, LoadFlags& flags) {
  LoadOptions& load = flags.load;
  verb.Option("--op", Choice{&load.op_name, LoadOpNames()}, "OP",
              "set, create, get-local, get-linearizable (or get), exists, "
              "multi, mixed (1 set to 9 gets), watch-fanout, session-churn, "
              "idle; default set")
      .Option("--sessions", Number{&load.sessions, 1, 100'000}, "S",
              "so many clients (default 4)")
      .Option("--outstanding", Number{&load.outstanding, 1, 1000}, "O",
              "requests under way, of each session (default 16)")
      .Option("--rate", Number{&flags.rate, 1, 10'000'000}, "R",
              "an open loop: R requests a second, latency counted from when "
              "each was meant to begin (default: a closed loop)")
      .Option("--duration", &load.duration, "TIME",
              "how long to measure (default 10s)")
      .Option("--warm-up", &load.warm_up, "TIME",
              "the same load before that, not counted (default 1s)")
      .Option("--size", Number{&load.size_bytes, 0, kMaxDataBytes}, "BYTES",
              "of the data written (default 128)")
      .Option("--keys", Number{&load.keys, 1, 1'000'000}, "N",
              "znodes that are set and read (default 1000)")
      .Option("--skew", &flags.skew, "S",
              "Zipf's exponent: 0 (default) takes all keys alike, 0.99 some "
              "much more often")
      .Option("--multi-size", Number{&load.multi_size, 1, 1000}, "N",
              "sets of each multi (default 10)")
      .Option("--threads", Number{&load.threads, 1, 64}, "T",
              "of the load generator (default 1)")
      .Option("--sessions-per-connection",
              Number{&flags.sessions_per_connection, 1, 900}, "N",
              "of a thread's sessions with a member (default 1, as if each "
              "came from a machine of its own)")
      .Option("--save", &flags.save, "FILE", "also write the result as JSON");
}

absl::Status FinishLoadFlags(LoadFlags& flags) {
  LoadOptions& load = flags.load;
  if (!absl::SimpleAtod(flags.skew, &load.skew) ||
      !(load.skew >= 0 && load.skew <= kMaxSkew)) {
    return UsageError(absl::StrCat("--skew: expected a number from 0 to ",
                                   kMaxSkew, ", found \"", flags.skew, "\""));
  }
  load.rate = static_cast<double>(flags.rate);
  return CheckLoad(load).status();
}

}  // namespace quorate::tools
