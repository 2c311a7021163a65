"""Refuses compiled code that could reach time, chance, threads or files.

Usage: purity.py ARCHIVE...

Looks at the symbols that the archives use and do not define. Unlike the rules
of tools/style it cannot be deceived by a macro, a wrapper or a header. What a
failed check needs (fprintf to stderr, abort), memory and exceptions are free.
"""

import re
import subprocess
import sys

# C functions and variables, by what they give away. "*" stands for any end.
BANNED_C = {
    "time": "time times ftime clock clock_* gettimeofday localtime* gmtime* "
            "mktime timespec_get timer_* timerfd_* alarm setitimer",
    "sleep": "sleep usleep nanosleep",
    "chance": "rand rand_r srand random random_r srandom drand48* lrand48* "
              "mrand48* getrandom getentropy arc4random*",
    "threads": "pthread_* thrd_* mtx_* cnd_* sem_* sched_* fork vfork clone",
    "files": "open open64 openat* creat* read pread* readv write pwrite* "
             "writev close fopen* fdopen freopen* fread tmpfile* mkstemp* "
             "stat stat64 fstat* lstat* unlink* remove rename* mkdir* rmdir "
             "opendir readdir* fsync fdatasync mmap mmap64 ftruncate* lseek* "
             "fcntl* ioctl dup dup2 pipe*",
    "network": "socket* bind connect listen accept* send sendto sendmsg* recv "
               "recvfrom recvmsg* poll ppoll select epoll_* eventfd "
               "getaddrinfo gethostby* gethostname",
    "console": "stdin stdout printf vprintf puts putchar putc getchar gets "
               "scanf",
    "process": "getenv secure_getenv setenv putenv unsetenv getpid getppid "
               "gettid getuid exit _exit quick_exit system popen exec* "
               "posix_spawn* kill raise signal sigaction dlopen dlsym syscall",
}
# C++ symbols, by parts of their mangled names.
BANNED_CXX = {
    "time": r"^_ZNSt6chrono\w*_clock3nowEv|^_ZN4absl\w*3NowEv"
            r"|^_ZN4absl\w*GetCurrentTimeNanos",
    "sleep": r"AbslInternalSleepFor|^_ZNSt11this_thread",
    "chance": r"^_ZNSt13random_device|^_ZN4absl\w*(NonsecureURBG|RandenPool)"
              r"|^_ZN4absl\w*random_internal",
    "threads": r"^_ZNSt6thread|^_ZNSt18condition_variable|^_ZNSt10__\w*future"
               r"|^_ZNSt13__future_base|^_ZN4absl\w*(5Mutex|7CondVar)"
               r"|^_ZNSt28__atomic_futex",
    "files": r"^_ZNK?St\d+basic_\w*(fstream|filebuf)|^_ZNSt10filesystem"
             r"|^_ZNSt12__basic_file",
    # Not std::ios_base::Init: abseil's status.h includes <iostream>, and that
    # alone uses it.
    "console": r"^_ZSt[345]w?(cin|cout|cerr|clog)$",
    "rpc": r"^_ZNK?4grpc|^_ZNK?6google8protobuf|^_ZTIN?6google8protobuf",
}
# libstdc++ asks whether threads are there by a weak reference to this.
ALLOWED = {"__pthread_key_create"}
# Storage is used by the pure replica and is no pure layer itself: it reaches
# files through an interface, and may be called on several threads.
STORAGE = "coord/storage/"
ALLOWED_IN_STORAGE = {"pthread_mutex_lock", "pthread_mutex_unlock"}


def c_pattern(words):
    """Returns a pattern of the C names `words`, also as _FORTIFY_SOURCE's."""
    names = "|".join(re.escape(word).replace(r"\*", r"\w*")
                     for word in words.split())
    return f"(?:{names}|__(?:{names})_chk)$"


RULES = [(what, re.compile(pattern)) for what, pattern in [
    *((what, c_pattern(words)) for what, words in BANNED_C.items()),
    *BANNED_CXX.items(),
]]


def refusal(symbol, archive=""):
    """Returns what the undefined `symbol` reaches for, or None."""
    name = symbol.split("@")[0]
    if name in ALLOWED:
        return None
    if STORAGE in archive and name in ALLOWED_IN_STORAGE:
        return None
    for what, pattern in RULES:
        if pattern.match(name):
            return what
    return None


def undefined_symbols(archive):
    """Yields (object file, symbol) of each use of something undefined."""
    listing = subprocess.run(
        ["nm", "--undefined-only", "--print-file-name", "--", archive],
        check=True, text=True, stdout=subprocess.PIPE).stdout
    for line in listing.splitlines():
        place, _, symbol = line.rpartition(" ")
        yield place.split(":")[1], symbol


def main(archives):
    refused = looked_at = 0
    for archive in archives:
        for place, symbol in undefined_symbols(archive):
            looked_at += 1
            what = refusal(symbol, archive)
            if what:
                refused += 1
                print(f"{archive}({place}): impure ({what}): {symbol}")
    if looked_at == 0:
        sys.exit("no symbols in: " + " ".join(archives))
    print(f"{looked_at} uses of symbols, {refused} refused")
    sys.exit(1 if refused else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
