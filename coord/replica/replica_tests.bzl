"""The tests of the replica and its parts, one for each *_test.cc."""

def _test(src, deps):
    native.cc_test(
        name = src[:-len(".cc")],
        size = "small",
        srcs = [src],
        deps = deps + ["@com_google_googletest//:gtest_main"],
    )

def replica_tests():
    """Declares a small test of each file, named without its ".cc"."""
    _test(
        src = "attachments_test.cc",
        deps = [
            ":attachments",
            "//coord/tree:session_id",
        ],
    )
    _test(
        src = "connections_test.cc",
        deps = [
            ":client_message",
            ":connections",
            "//coord/tree:session_id",
        ],
    )
    _test(
        src = "digest_log_test.cc",
        deps = [
            ":digest_log",
            "//coord/consensus:zxid",
        ],
    )
    _test(
        src = "error_test.cc",
        deps = [
            ":error",
            "//coord/consensus:rule",
            "@com_google_absl//absl/status",
        ],
    )
    _test(
        src = "peer_message_test.cc",
        deps = [
            ":peer_message",
            "//coord/base:ids",
            "//coord/consensus:zxid",
            "//coord/tree:session_id",
            "@com_google_absl//absl/status",
        ],
    )
    _test(
        src = "pending_writes_test.cc",
        deps = [
            ":client_message",
            ":peer_message",
            ":pending_writes",
            "//coord/tree:request",
            "//coord/tree:session_id",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "proposer_test.cc",
        deps = [
            ":error",
            ":options",
            ":peer_message",
            ":proposer",
            "//coord/base:check",
            "//coord/base:ids",
            "//coord/consensus:core",
            "//coord/consensus:durable_state",
            "//coord/consensus:options",
            "//coord/consensus:output",
            "//coord/consensus:record",
            "//coord/consensus:zxid",
            "//coord/tree:acl",
            "//coord/tree:error",
            "//coord/tree:request",
            "//coord/tree:session_id",
            "//coord/tree:state_machine",
            "//coord/tree:txn_codec",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "read_batches_test.cc",
        deps = [
            ":client_message",
            ":read_batches",
            "//coord/consensus:zxid",
        ],
    )
    _test(
        src = "recent_sessions_test.cc",
        deps = [
            ":recent_sessions",
            "//coord/tree:session_id",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "recent_writes_test.cc",
        deps = [
            ":pending_writes",
            ":recent_writes",
            "//coord/tree:session_id",
            "@com_google_absl//absl/status",
        ],
    )
    _test(
        src = "refused_changes_test.cc",
        deps = [
            ":refused_changes",
            "//coord/consensus:admission",
            "//coord/consensus:rule",
            "@com_google_absl//absl/status",
        ],
    )
    _test(
        src = "replica_limits_test.cc",
        deps = [
            ":client_message",
            ":error",
            ":options",
            ":output",
            ":peer_message",
            "//coord/consensus:message",
            "//coord/replica/testing:harness",
            "//coord/tree:request",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "replica_reads_test.cc",
        deps = [
            ":client_message",
            ":error",
            ":options",
            ":peer_message",
            "//coord/consensus:message",
            "//coord/replica/testing:harness",
            "//coord/tree:error",
            "//coord/tree:reads",
            "//coord/tree:request",
            "//coord/tree:watches",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "replica_removal_test.cc",
        deps = [
            "//coord/base:ids",
            "//coord/consensus:admission",
            "//coord/consensus:configuration",
            "//coord/replica/testing:harness",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "replica_sessions_test.cc",
        deps = [
            ":client_message",
            ":error",
            ":options",
            ":peer_message",
            "//coord/consensus:message",
            "//coord/consensus:zxid",
            "//coord/replica/testing:harness",
            "//coord/tree:error",
            "//coord/tree:request",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "replica_snapshots_test.cc",
        deps = [
            ":client_message",
            ":digest_log",
            ":error",
            ":options",
            ":output",
            ":peer_message",
            ":snapshotter",
            "//coord/consensus:message",
            "//coord/consensus:zxid",
            "//coord/replica/testing:harness",
            "//coord/tree:digest",
            "//coord/tree:error",
            "//coord/tree:request",
            "//coord/tree:watches",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "replica_unsafe_test.cc",
        deps = [
            ":client_message",
            ":options",
            "//coord/consensus:core",
            "//coord/replica/testing:harness",
            "@com_google_absl//absl/status",
        ],
    )
    _test(
        src = "replica_watches_test.cc",
        deps = [
            ":client_message",
            ":error",
            ":options",
            "//coord/consensus:zxid",
            "//coord/replica/testing:harness",
            "//coord/tree:acl",
            "//coord/tree:error",
            "//coord/tree:event",
            "//coord/tree:request",
            "//coord/tree:session_id",
            "//coord/tree:watches",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "replica_writes_test.cc",
        deps = [
            ":client_message",
            ":error",
            ":peer_message",
            "//coord/consensus:message",
            "//coord/replica/testing:harness",
            "//coord/tree:error",
            "//coord/tree:request",
            "//coord/tree:state_machine",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "session_clock_test.cc",
        deps = [
            ":session_clock",
            "//coord/base:seeded_random",
            "//coord/tree:session_id",
            "//tests/support:test_seed",
        ],
    )
    _test(
        src = "snapshotter_test.cc",
        deps = [
            ":output",
            ":record_codec",
            ":snapshotter",
            "//coord/base:ids",
            "//coord/consensus:configuration",
            "//coord/consensus:configuration_history",
            "//coord/consensus:zxid",
            "//coord/tree:acl",
            "//coord/tree:snapshot",
            "//coord/tree:state_machine",
            "//coord/tree:txn",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "txn_bound_test.cc",
        deps = [
            ":txn_bound",
            "//coord/base:seeded_random",
            "//coord/consensus:zxid",
            "//coord/tree:acl",
            "//coord/tree:outstanding",
            "//coord/tree:request",
            "//coord/tree:session_id",
            "//coord/tree:state_machine",
            "//coord/tree:txn",
            "//coord/tree:txn_codec",
            "//tests/support:test_seed",
            "@com_google_absl//absl/strings",
        ],
    )
    _test(
        src = "watch_history_test.cc",
        deps = [
            ":watch_history",
            "//coord/consensus:zxid",
            "//coord/tree:acl",
            "//coord/tree:event",
            "//coord/tree:watches",
            "@com_google_absl//absl/strings",
        ],
    )
