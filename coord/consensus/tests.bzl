"""The tests of coord/consensus, one for each *_test.cc."""

def _test(src, deps):
    native.cc_test(
        name = src[:-len(".cc")],
        size = "small",
        srcs = [src],
        deps = deps + ["@com_google_googletest//:gtest_main"],
    )

def consensus_tests():
    """Declares a small test of each file, named without its ".cc"."""
    _test(
        src = "admission_stream_test.cc",
        deps = [
            ":admission_mutable",
            ":configuration_mutable",
            ":guard_mutable",
            ":limits",
            ":rule",
            ":test_members_mutable",
            "//coord/base:ids",
            "//coord/base:seeded_random",
            "//tests/support:test_seed",
        ],
    )
    _test(
        src = "admission_test.cc",
        deps = [
            ":admission",
            ":configuration",
            ":limits",
            ":rule",
            ":test_facts",
            ":test_members",
            "//coord/base:ids",
            "@com_google_absl//absl/status",
        ],
    )
    _test(
        src = "autopilot_test.cc",
        deps = [
            ":admission",
            ":autopilot",
            ":configuration",
            ":limits",
            ":rule",
            ":test_facts",
            ":test_members",
            "//coord/base:ids",
            "//coord/base:seeded_random",
            "//tests/support:test_seed",
        ],
    )
    _test(
        src = "can_stop_test.cc",
        deps = [
            ":admission",
            ":can_stop",
            ":configuration",
            ":limits",
            ":rule",
            ":test_facts",
            ":test_members",
            "//coord/base:ids",
        ],
    )
    _test(
        src = "client_pin_test.cc",
        deps = [
            ":client_pin",
            ":rule",
            ":zxid",
            "//coord/base:ids",
        ],
    )
    _test(
        src = "configuration_history_test.cc",
        deps = [
            ":configuration",
            ":configuration_history",
            ":test_members",
            ":zxid",
            "//coord/base:seeded_random",
            "//tests/support:test_seed",
        ],
    )
    _test(
        src = "configuration_quorum_test.cc",
        deps = [
            ":configuration_mutable",
            ":guard_mutable",
            ":quorum",
            ":test_members_mutable",
            ":zxid",
            "//coord/base:ids",
            "//coord/base:seeded_random",
            "//tests/support:test_seed",
        ],
    )
    _test(
        src = "configuration_test.cc",
        deps = [
            ":configuration",
            ":limits",
            ":quorum",
            ":test_members",
            ":zxid",
            "//coord/base:ids",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "core_regression_test.cc",
        deps = [
            ":admission",
            ":configuration",
            ":core",
            ":durable_state",
            ":message",
            ":options",
            ":output",
            ":record",
            ":rule",
            ":zxid",
            "//coord/base:bytes",
            "//coord/base:ids",
        ],
    )
    _test(
        src = "core_test.cc",
        deps = [
            ":admission",
            ":configuration",
            ":core",
            ":durable_state",
            ":message",
            ":options",
            ":output",
            ":record",
            ":rule",
            ":zxid",
            "//coord/base:bytes",
            "//coord/base:ids",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "fencing_token_test.cc",
        deps = [
            ":fencing_token",
            ":rule",
            ":zxid",
            "//coord/base:ids",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "founding_test.cc",
        deps = [
            ":core",
            ":durable_state",
            ":message",
            ":options",
            ":output",
            ":rule",
            ":zxid",
            "//coord/base:ids",
        ],
    )
    _test(
        src = "guards_test.cc",
        deps = [
            ":admission_mutable",
            ":client_pin_mutable",
            ":configuration_mutable",
            ":durable_state_mutable",
            ":guard_mutable",
            ":limits",
            ":quorum",
            ":record_mutable",
            ":rescue_mutable",
            ":rule",
            ":test_facts_mutable",
            ":test_members_mutable",
            ":zxid",
            "//coord/base:ids",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "limits_test.cc",
        deps = [
            ":limits",
            "@com_google_absl//absl/status",
        ],
    )
    _test(
        src = "log_view_model_test.cc",
        deps = [
            ":log_view",
            ":message",
            ":record",
            ":zxid",
            "//coord/base:bytes",
            "//coord/base:seeded_random",
            "//tests/support:test_seed",
        ],
    )
    _test(
        src = "log_view_test.cc",
        deps = [
            ":log_view",
            ":message",
            ":record",
            ":zxid",
            "//coord/base:bytes",
        ],
    )
    _test(
        src = "options_test.cc",
        deps = [
            ":limits",
            ":options",
            "@com_google_absl//absl/status",
        ],
    )
    _test(
        src = "persist_queue_test.cc",
        deps = [
            ":message",
            ":persist_queue",
            ":zxid",
            "//coord/base:ids",
        ],
    )
    _test(
        src = "progress_test.cc",
        deps = [
            ":admission",
            ":limits",
            ":log_view",
            ":progress",
            ":record",
            ":zxid",
            "//coord/base:bytes",
            "//coord/base:ids",
            "//coord/base:seeded_random",
            "//tests/support:test_seed",
        ],
    )
    _test(
        src = "quorum_test.cc",
        deps = [
            ":quorum",
            ":zxid",
            "//coord/base:ids",
        ],
    )
    _test(
        src = "read_queue_test.cc",
        deps = [
            ":read_queue",
            ":zxid",
            "//coord/base:ids",
        ],
    )
    _test(
        src = "rescue_test.cc",
        deps = [
            ":configuration",
            ":durable_state",
            ":record",
            ":rescue",
            ":test_members",
            ":zxid",
            "//coord/base:bytes",
            "//coord/base:ids",
            "//coord/base:unsafe_ensemble",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "rule_test.cc",
        deps = [
            ":rule",
        ],
    )
    _test(
        src = "static_membership_random_test.cc",
        deps = [
            ":core",
            ":test_static_ensemble",
            "//coord/base:bytes",
            "//coord/base:seeded_random",
            "//tests/support:test_seed",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "static_membership_test.cc",
        deps = [
            ":admission",
            ":configuration",
            ":core",
            ":durable_state",
            ":message",
            ":options",
            ":output",
            ":rule",
            ":static_membership",
            ":test_static_ensemble",
            ":zxid",
            "//coord/base:ids",
            "//coord/base:unsafe_ensemble",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "zxid_test.cc",
        deps = [
            ":zxid",
        ],
    )
