"""The tests of what coord/replica keeps on disk, one for each *_test.cc."""

def _test(src, deps):
    native.cc_test(
        name = src[:-len(".cc")],
        size = "small",
        srcs = [src],
        deps = deps + ["@com_google_googletest//:gtest_main"],
    )

def storage_tests():
    """Declares a small test of each file, named without its ".cc"."""
    _test(
        src = "record_codec_test.cc",
        deps = [
            ":record_codec",
            "//coord/base:bytes",
            "//coord/base:ids",
            "//coord/base:seeded_random",
            "//coord/consensus:configuration",
            "//coord/consensus:durable_state",
            "//coord/consensus:limits",
            "//coord/consensus:record",
            "//coord/consensus:zxid",
            "//coord/storage:hard_state_file",
            "//coord/storage:log_record",
            "//tests/support:test_seed",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "recovery_test.cc",
        deps = [
            ":record_codec",
            ":recovery",
            "//coord/base:bytes",
            "//coord/base:ids",
            "//coord/consensus:configuration",
            "//coord/consensus:durable_state",
            "//coord/consensus:record",
            "//coord/consensus:zxid",
            "//coord/storage:file_system",
            "//coord/storage:log_record",
            "//coord/storage:member_storage",
            "//coord/storage:storage_error",
            "//coord/storage/testing:fault_file_system",
            "//coord/tree:acl",
            "//coord/tree:snapshot",
            "//coord/tree:state_machine",
            "//coord/tree:txn",
            "//coord/tree:txn_codec",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "rescue_test.cc",
        deps = [
            ":record_codec",
            ":recovery",
            ":rescue",
            "//coord/base:bytes",
            "//coord/base:ids",
            "//coord/consensus:configuration",
            "//coord/consensus:core",
            "//coord/consensus:durable_state",
            "//coord/consensus:message",
            "//coord/consensus:options",
            "//coord/consensus:output",
            "//coord/consensus:record",
            "//coord/consensus:zxid",
            "//coord/storage:hard_state_file",
            "//coord/storage:inspect",
            "//coord/storage:member_storage",
            "//coord/storage:storage_error",
            "//coord/storage/testing:fault_file_system",
            "//coord/tree:acl",
            "//coord/tree:snapshot",
            "//coord/tree:state_machine",
            "//coord/tree:tree",
            "//coord/tree:txn",
            "//coord/tree:txn_codec",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "restore_test.cc",
        deps = [
            ":recovery",
            ":restore",
            "//coord/base:bytes",
            "//coord/consensus:configuration",
            "//coord/consensus:core",
            "//coord/consensus:durable_state",
            "//coord/consensus:options",
            "//coord/consensus:output",
            "//coord/consensus:record",
            "//coord/consensus:rule",
            "//coord/consensus:zxid",
            "//coord/storage:member_storage",
            "//coord/storage:storage_error",
            "//coord/storage/testing:fault_file_system",
            "//coord/tree:acl",
            "//coord/tree:snapshot",
            "//coord/tree:state_machine",
            "//coord/tree:tree",
            "//coord/tree:txn",
            "//coord/tree:txn_codec",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "saved_snapshot_test.cc",
        deps = [
            ":saved_snapshot",
            ":stream_hash",
            "//coord/consensus:zxid",
            "//coord/storage:storage_error",
            "//coord/storage/testing:fault_file_system",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ],
    )
    _test(
        src = "stream_hash_test.cc",
        deps = [
            ":stream_hash",
            "@com_google_absl//absl/strings",
        ],
    )
