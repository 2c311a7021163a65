"""check_library: a check, for both kinds of core, and its test."""

load("//tests/simulation:simulation.bzl", "twin_library")

# What checks look at.
_TWIN_DEPS = [
    ":check",
    "//coord/consensus:admission",
    "//coord/consensus:configuration",
    "//coord/consensus:configuration_history",
    "//coord/consensus:core",
    "//coord/consensus:durable_state",
    "//coord/consensus:log_view",
    "//coord/consensus:message",
    "//coord/consensus:output",
    "//coord/consensus:progress",
    "//coord/consensus:record",
]

_DEPS = [
    ":per_member",
    "//coord/base:bytes",
    "//coord/base:ids",
    "//coord/consensus:limits",
    "//coord/consensus:options",
    "//coord/consensus:zxid",
    "@com_google_absl//absl/container:flat_hash_map",
    "@com_google_absl//absl/strings",
]

def check_library(name, twin_deps = [], test = True):
    """Declares the check in NAME.h and NAME.cc, as NAME and NAME_mutable.

    Args:
      name: the check.
      twin_deps: helpers of this folder that it uses.
      test: whether NAME_test.cc, which shows what it rejects, belongs to it.
    """
    twin_library(
        name = name,
        srcs = [name + ".cc"],
        hdrs = [name + ".h"],
        twin_deps = _TWIN_DEPS + twin_deps,
        deps = _DEPS,
    )
    if not test:
        return
    native.cc_test(
        name = name + "_test",
        size = "small",
        srcs = [name + "_test.cc"],
        deps = [
            ":" + name,
            ":check_test_support",
            "@com_google_googletest//:gtest_main",
        ] + _TWIN_DEPS + twin_deps + _DEPS,
    )
