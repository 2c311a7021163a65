"""The tests of coord/tree, one for each *_test.cc."""

def _test(src, deps):
    native.cc_test(
        name = src[:-len(".cc")],
        size = "small",
        srcs = [src],
        deps = deps + ["@com_google_googletest//:gtest_main"],
    )

def tree_tests():
    """Declares a small test of each file, named without its ".cc"."""
    _test(
        src = "acl_test.cc",
        deps = [
            ":acl",
            ":acl_table",
            ":error",
            ":wire",
        ],
    )
    _test(
        src = "due_nodes_test.cc",
        deps = [
            ":due_nodes",
            ":node_kind",
            ":test_member",
        ],
    )
    _test(
        src = "model_test.cc",
        deps = [
            ":outstanding",
            ":reads",
            ":snapshot",
            ":state_machine",
            ":test_member",
            ":test_plain_model",
            ":txn_codec",
            "//coord/base:seeded_random",
            "//tests/support:test_seed",
        ],
    )
    _test(
        src = "outstanding_test.cc",
        deps = [
            ":node_kind",
            ":outstanding",
            ":test_member",
        ],
    )
    _test(
        src = "path_test.cc",
        deps = [
            ":error",
            ":path",
        ],
    )
    _test(
        src = "quota_test.cc",
        deps = [
            ":quota",
        ],
    )
    _test(
        src = "reads_test.cc",
        deps = [
            ":error",
            ":reads",
            ":test_member",
        ],
    )
    _test(
        src = "requests_test.cc",
        deps = [
            ":outstanding",
            ":state_machine",
            ":test_member",
            ":txn_codec",
            "@com_google_absl//absl/status",
        ],
    )
    _test(
        src = "sessions_test.cc",
        deps = [
            ":error",
            ":sessions",
            ":stat",
            ":txn_result",
            ":wire",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "snapshot_test.cc",
        deps = [
            ":snapshot",
            ":test_member",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "state_machine_test.cc",
        deps = [
            ":state_machine",
            ":test_member",
            "@com_google_absl//absl/status",
        ],
    )
    _test(
        src = "tree_test.cc",
        deps = [
            ":node_kind",
            ":tree",
        ],
    )
    _test(
        src = "txn_codec_test.cc",
        deps = [
            ":node_kind",
            ":txn_codec",
            "//coord/base:seeded_random",
            "//tests/support:test_seed",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "watches_test.cc",
        deps = [
            ":error",
            ":watches",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "words_test.cc",
        deps = [
            ":digest",
            ":error",
            ":node_kind",
            ":wire",
            "@com_google_absl//absl/status",
        ],
    )
