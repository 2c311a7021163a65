"""fuzz_target: one fuzz target, for libFuzzer and as a test."""

def fuzz_target(name, srcs, deps, runs = 20000, size = "small"):
    """A fuzz target, NAME_fuzz, whose findings are in regressions/NAME.

    By itself it is a test: it runs its seeds, what was found before, and some
    mutants of them. With --config=fuzz it is a libFuzzer program.

    Args:
      name: of the target; words with underscores.
      srcs: NAME_fuzz.cc, which defines what fuzz.h declares.
      deps: of srcs, without :fuzz.
      runs: how many mutants the test runs: about a second's worth.
      size: of the test.
    """
    found = native.glob(["regressions/%s/*" % name])
    native.cc_test(
        name = name + "_fuzz",
        size = size,
        srcs = srcs,
        args = ["--runs=%d" % runs] +
               ["$(location %s)" % file for file in found],
        data = found,
        linkopts = select({
            ":libfuzzer": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps + [":fuzz"] + select({
            ":libfuzzer": [":libfuzzer_seeds"],
            "//conditions:default": [":replay_main"],
        }),
    )
