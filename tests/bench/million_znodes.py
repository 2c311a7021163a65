#!/usr/bin/python3
"""Measures an ensemble that holds many znodes of 100 bytes.

Usage: tests/bench/million_znodes.py [--znodes N] [--seconds S] [--bin DIR]

Starts three members (out/bin must be built), fills the tree, then prints bytes
of memory a znode, how long a snapshot takes, the longest write with and without
a snapshot under way, and how long a killed member needs until it serves again.
Durations depend on the machine: compare those of one run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request


# Most that one run of the load generator fills in.
KEYS_A_RUN = 100_000


class Cluster:
    """A local ensemble, driven through the command line tool."""

    def __init__(self, binaries, directory):
        self.tool = os.path.join(binaries, "quorate")
        self.directory = directory

    def run(self, *words):
        """Runs a verb; returns the JSON objects that it printed."""
        done = subprocess.run(
            [self.tool, "--json", "--timeout", "600s", "--dir", self.directory,
             *words], check=True, stdout=subprocess.PIPE, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def members(self):
        return self.run("cluster", "status")

    def rss_bytes(self):
        """Resident memory of each member."""
        sizes = []
        for member in self.members():
            with open("/proc/%d/status" % member["pid"]) as status:
                for line in status:
                    if line.startswith("VmRSS:"):
                        sizes.append(int(line.split()[1]) * 1024)
        return sizes


def serves(metrics):
    try:
        with urllib.request.urlopen("http://%s/readyz" % metrics, timeout=5):
            return True
    except OSError:
        return False


def write_load(cluster, seconds):
    """Longest and 99th percentile of writes, in ms, and writes a second. One
    at a time, so that what is measured is not the queue of the load itself."""
    result, = cluster.run("bench", "--op", "set", "--sessions", "1",
                          "--outstanding", "1", "--size", "100",
                          "--duration", "%ds" % seconds)
    latency = result["latency_us"]
    return (latency["max"] / 1000, latency["p99"] / 1000,
            result["requests_per_second"])


def snapshot_under_load(cluster, seconds):
    """The same as write_load() while the leader takes a snapshot, and how long
    that took, in seconds."""
    took = []

    def take():
        time.sleep(1)
        # A member may be taking one by itself; then another is refused.
        for _ in range(10):
            begin = time.monotonic()
            try:
                cluster.run("snapshot", "take")
                took.append(time.monotonic() - begin)
                return
            except subprocess.CalledProcessError:
                time.sleep(1)

    thread = threading.Thread(target=take)
    thread.start()
    load = write_load(cluster, seconds)
    thread.join()
    if not took:
        sys.exit("no snapshot could be taken")
    return load + (took[0],)


def restart(cluster):
    """Seconds from the start of a killed member until it serves."""
    followers = [m for m in cluster.members() if m["role"] != "leader"]
    victim = followers[0]
    cluster.run("cluster", "kill", str(victim["id"]))
    begin = time.monotonic()
    cluster.run("cluster", "restart", str(victim["id"]))
    while not serves(victim["metrics"]):
        time.sleep(0.02)
    return time.monotonic() - begin


def measure(cluster, znodes, seconds):
    cluster.run("cluster", "up", "--members", "3")
    empty = cluster.rss_bytes()
    begin = time.monotonic()
    for left in range(znodes, 0, -KEYS_A_RUN):
        cluster.run("bench", "--op", "set", "--keys",
                    str(min(left, KEYS_A_RUN)), "--size", "100", "--sessions",
                    "16", "--outstanding", "64", "--duration", "1s", "--keep")
    print("filled %d znodes in %.1f s" % (znodes, time.monotonic() - begin))
    full = cluster.rss_bytes()
    each = [(f - e) / znodes for e, f in zip(empty, full)]
    print("resident memory a znode, by member: %s bytes" %
          " ".join("%.0f" % b for b in each))
    longest, p99, rate = write_load(cluster, seconds)
    print("writes without a snapshot: %.0f a second, p99 %.1f ms, longest "
          "%.1f ms" % (rate, p99, longest))
    longest, p99, rate, took = snapshot_under_load(cluster, seconds)
    print("writes with snapshots of all members, one after the other: %.0f a "
          "second, p99 %.1f ms, longest %.1f ms; the snapshots took %.1f s" %
          (rate, p99, longest, took))
    print("restart of a follower after kill -9: %.1f s" % restart(cluster))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--znodes", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--bin", default="out/bin")
    flags = parser.parse_args()
    if not os.access(os.path.join(flags.bin, "quorate"), os.X_OK):
        sys.exit("no quorate in %s: run tools/build first" % flags.bin)
    with tempfile.TemporaryDirectory(prefix="million-znodes-") as directory:
        cluster = Cluster(flags.bin, os.path.join(directory, "cluster"))
        try:
            measure(cluster, flags.znodes, flags.seconds)
        finally:
            cluster.run("cluster", "down")


if __name__ == "__main__":
    main()
