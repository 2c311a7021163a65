"""Shows that every rule of tools/style bites, and only where it should.

Each case is a small tree of files and the findings expected in it.
"""

import importlib.machinery
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
STYLE = "tools/style"  # Relative to the runfiles, where Bazel runs tests.
style = importlib.machinery.SourceFileLoader("style", STYLE).load_module()

# Built from pieces, so that this file passes the rules that it tests.
MARKER = "TO" "DO"
MACHINE = "/ho" "me/"


def header(path, body=""):
    """Returns a header with the guard that belongs at `path`."""
    guard = "QUORATE_" + path.upper().replace("/", "_").replace(".", "_") + "_"
    return f"#ifndef {guard}\n#define {guard}\n{body}\n#endif  // {guard}\n"


def function(lines):
    """Returns a C++ function of so many lines."""
    return "int F(int x) {\n" + "  ++x;\n" * (lines - 2) + "}\n"


def write(root, files):
    """Writes `files`, path to text, below the folder `root`."""
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


class StyleTest(unittest.TestCase):

    def findings(self, files):
        """Returns "path:line: rule" of every finding in a tree of `files`."""
        with tempfile.TemporaryDirectory() as root:
            write(root, files)
            checker = style.Checker(root)
            checker.check()
        return [": ".join(line.split(": ")[:2]) for line in checker.findings]

    def cxx(self, text, path="coord/consensus/a.cc"):
        """Returns the findings in one C++ file that has a target."""
        folder, name = os.path.split(path)
        return self.findings({
            path: text, f"{folder}/BUILD": f'srcs = ["{name}"]'})

    def assert_rule(self, rule, text, line=1, path="coord/consensus/a.cc"):
        self.assertEqual(self.cxx(text, path), [f"{path}:{line}: {rule}"])

    def test_program_prints_and_fails(self):
        for text, status, out in (("#!/bin/sh\n", 0, ""), (
                f"#!/bin/sh\n# {MARKER}\n", 1,
                f"a/b:2: owner: write who will do it: {MARKER}(name)\n")):
            with tempfile.TemporaryDirectory() as root:
                write(root, {"a/b": text})
                run = subprocess.run(
                    [sys.executable, STYLE, root], text=True,
                    stdout=subprocess.PIPE, check=False)
            self.assertEqual((run.returncode, run.stdout), (status, out))

    def test_clean_file_passes(self):
        self.assertEqual(self.cxx("int F() { return 1; }\n"), [])

    def test_file_length(self):
        self.assertEqual(self.cxx("int x;\n" * 600), [])
        self.assert_rule("file-length", "int x;\n" * 601, line=601)

    def test_function_length(self):
        self.assertEqual(self.cxx(function(70)), [])
        self.assert_rule("function-length", function(71))

    def test_function_length_in_containers(self):
        text = "namespace a {\nclass B {\n" + function(71) + "};\n}\n"
        self.assert_rule("function-length", text, line=3)
        self.assert_rule("function-length",
                         "template <class T>\n" + function(70))
        self.assertEqual(self.cxx(
            "namespace a {\nclass B : C<int()> {\n" + "int x;\n" * 71
            + "};\n}\n"), [])

    def test_function_length_ignores_data_comments_and_literals(self):
        self.assertEqual(
            self.cxx("int k[] = {\n" + "1,\n" * 100 + "};\n"), [])
        self.assertEqual(self.cxx(
            "int F() {\n  // {\n  g(\"{\", '{', 1'000);\n}\n"
            + "int x;\n" * 80), [])
        self.assert_rule("function-length",
                         'int G() { return h(R"(})"); }\n' + function(71),
                         line=2)

    def test_function_length_of_constructor(self):
        self.assert_rule(
            "function-length",
            "A::A(int x) : a_{x}, b_{1} {\n" + "  ++a_;\n" * 70 + "}\n")

    def test_line_length(self):
        self.assertEqual(self.cxx("//" + "x" * 78 + "\n"), [])
        self.assert_rule("line-length", "//" + "x" * 79 + "\n")
        self.assertEqual(self.cxx("// https://" + "x" * 80 + "\n"), [])
        self.assertEqual(self.cxx(f'#include "{"x" * 80}.h"\n'), [])

    def test_owner(self):
        self.assert_rule("owner", f"// {MARKER}: later\n")
        self.assertEqual(self.cxx(f"// {MARKER}(ada): later\n"), [])
        self.assertEqual(self.findings({"tools/x": f"#!/bin/sh\n# {MARKER}"}),
                         ["tools/x:2: owner"])

    def test_machine_path(self):
        self.assert_rule("machine-path", f"// see {MACHINE}ada/x\n")
        self.assertEqual(self.cxx(f"// see coord{MACHINE}ada/x\n"), [])
        self.assertEqual(self.findings({"README.md": f"`{MACHINE}x`"}),
                         ["README.md:1: machine-path"])

    def test_pure_includes(self):
        for name in ("thread", "mutex", "condition_variable", "chrono",
                     "fstream", "iostream", "random", "future", "atomic",
                     "sys/socket.h", "unistd.h", "fcntl.h", "ctime",
                     "grpcpp/grpcpp.h", "google/protobuf/message.h",
                     "proto/coord/v1/session.pb.h", "absl/time/clock.h",
                     "absl/synchronization/mutex.h", "absl/random/random.h"):
            for layer in ("base", "consensus", "tree"):
                self.assert_rule("pure-include",
                                 f"// A.\n#include <{name}>\n", line=2,
                                 path=f"coord/{layer}/a.cc")
            self.assertEqual(self.cxx(f'#include "{name}"\n',
                                      path="coord/server/a.cc"), [])

    def test_pure_includes_allow_the_rest(self):
        for name in ("vector", "absl/time/time.h", "coord/base/random.h",
                     "absl/status/status.h"):
            self.assertEqual(self.cxx(f"#include <{name}>\n"), [])

    def test_members_wait_by_the_monotonic_clock(self):
        for call in ("mutex_.AwaitWithTimeout(c, t);",
                     "changed_.WaitWithDeadline(&mutex_, t);"):
            for layer in ("server", "rpc", "client"):
                self.assert_rule("wall-clock-wait", f"// A.\n{call}\n", line=2,
                                 path=f"coord/{layer}/a.cc")
            for path in ("tools/quorate/a.cc", "coord/server/a_test.cc"):
                self.assertEqual(self.cxx(f"{call}\n", path=path), [])
        self.assertEqual(self.cxx("mutex_.Await(c);\n",
                                  path="coord/server/a.cc"), [])

    def test_random_is_for_seeded_random_alone(self):
        path = "coord/base/seeded_random.h"
        self.assertEqual(self.cxx(header(path, "#include <random>"), path), [])
        self.assert_rule("pure-include", header(path, "#include <ctime>"),
                         line=3, path=path)

    def test_pure_calls(self):
        for call in ("std::random_device d;", "system_clock::now();",
                     "std::chrono::steady_clock::now();", "rand();",
                     "std::rand();", "time(nullptr);", "std::time(&t);",
                     'std::getenv("A");', 'printf("a");', 'std::printf("a");',
                     'puts("a");', "std::cout << 1;", 'fputs("a", stdout);',
                     'absl::PrintF("a");'):
            self.assert_rule("pure-call", call + "\n")
            self.assertEqual(self.cxx(call, path="coord/server/a.cc"), [])

    def test_pure_calls_allow_the_rest(self):
        for call in ("random.rand();", "r->rand();", "// rand()", '"rand()"',
                     'std::fprintf(stderr, "a");', "ElectionTime(1);",
                     "session.time();", 'snprintf(a, 1, "a");'):
            self.assertEqual(self.cxx(call + "\n"), [])

    def test_header_guard(self):
        path = "coord/tree/stat_view.h"
        self.assertEqual(self.cxx(header(path), path), [])
        self.assert_rule("header-guard", header("coord/tree/stat.h"),
                         path=path)
        self.assert_rule("header-guard", "#pragma once\n", path=path)

    def test_own_header_first(self):
        files = {
            "coord/rpc/BUILD": '"a.cc", "a_test.cc", "a.h"',
            "coord/rpc/a.h": header("coord/rpc/a.h"),
            "coord/rpc/a.cc": '#include "coord/rpc/a.h"\n#include <map>\n',
            "coord/rpc/a_test.cc": "#include <map>\n",
        }
        self.assertEqual(self.findings(files),
                         ["coord/rpc/a_test.cc:1: own-header-first"])

    def test_every_file_has_a_target(self):
        files = {
            "tests/BUILD": 'srcs = glob(["commands/*.cc"]) + ["a.cc"]\n'
                           '# "b.cc" is only mentioned.\n',
            "tests/a.cc": "",
            "tests/b.cc": "",
            "tests/commands/c.cc": "",
            "tests/other/d.cc": "",
            "broker/e.cc": "",
        }
        self.assertEqual(self.findings(files), [
            "broker/e.cc:1: no-target", "tests/b.cc:1: no-target",
            "tests/other/d.cc:1: no-target"])

    def test_generated_folders_are_skipped(self):
        text = f"#!/bin/sh\n# {MARKER}\n"
        self.assertEqual(self.findings({
            "out/a": text, "bazel-out/a": text, ".git/a": text}), [])


if __name__ == "__main__":
    unittest.main()
