"""Shows that purity.py refuses impure code, and spares what is allowed.

Usage: purity_self_test.py ARCHIVE...   (the compiled impure.cc)
"""

import contextlib
import io
import sys
import unittest

import purity

IMPURE_ARCHIVES = sys.argv[1:]


class PurityTest(unittest.TestCase):

    def run_on(self, archives):
        """Returns the exit status and the output of purity.py."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            with self.assertRaises(SystemExit) as exit_:
                purity.main(archives)
        return exit_.exception.code, output.getvalue()

    def test_refuses_each_kind_in_compiled_code(self):
        status, output = self.run_on(IMPURE_ARCHIVES)
        self.assertEqual(status, 1)
        for what in set(purity.BANNED_C) | {"chance", "threads"}:
            self.assertIn(f": impure ({what}): ", output)
        for symbol in ("socket", "getenv", "random_device", "steady_clock"):
            self.assertRegex(output, rf"impure \(\w+\): \w*{symbol}")

    def test_refuses_to_pass_without_looking(self):
        self.assertNotIn(self.run_on([])[0], (0, None))

    def test_refuses(self):
        for symbol in (
                "clock_gettime@GLIBC_2.17", "gettimeofday", "time", "clock",
                "pthread_create", "pthread_mutex_lock@GLIBC_2.2.5", "rand",
                "open", "openat64", "read", "__read_chk", "write", "pwritev",
                "fopen64", "recv", "recvfrom", "getrandom", "nanosleep",
                "clock_nanosleep", "__printf_chk", "stdout", "exit",
                "_ZN4absl12lts_202206233NowEv", "_ZN4absl3NowEv",
                "_ZN4absl12lts_202206235Mutex4LockEv", "_ZSt4cout",
                "_ZNSt6chrono3_V212system_clock3nowEv",
                "_ZNSt18condition_variable10notify_oneEv",
                "_ZN4grpc13ServerBuilderC1Ev",
                "_ZNK6google8protobuf11MessageLite17SerializeAsStringB5cxx11Ev",
        ):
            self.assertIsNotNone(purity.refusal(symbol), symbol)

    def test_spares_a_lock_in_storage_alone(self):
        lock = "pthread_mutex_lock@GLIBC_2.2.5"
        self.assertIsNone(purity.refusal(lock, "bin/coord/storage/liba.a"))
        self.assertIsNotNone(purity.refusal(lock, "bin/coord/tree/liba.a"))
        self.assertIsNotNone(
            purity.refusal("pthread_create", "bin/coord/storage/liba.a"))

    def test_spares(self):
        for symbol in (
                "abort", "memcpy", "__memcpy_chk", "fprintf", "__fprintf_chk",
                "stderr", "fwrite", "snprintf", "strlen", "_Znwm", "_ZdlPvm",
                "malloc", "__cxa_throw", "__cxa_atexit", "__stack_chk_fail",
                "_Unwind_Resume", "__libc_single_threaded", "strtol", "log2",
                "__pthread_key_create", "_ZSt20__throw_length_errorPKc",
                "_ZN4absl7debian36StrCatERKNS0_8AlphaNumES3_", "bsearch",
                "_ZN4absl7debian36Status12UnrefNonInlinedEm", "timely",
                "_ZNSt7__cxx1112basic_stringIcE9_M_createERmm", "qsort",
                "_ZN7quorate12SeededRandom4NextEv", "readable",
        ):
            self.assertIsNone(purity.refusal(symbol), symbol)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
