"""What tests/bench/compare measures. A work is a function of a started system
and the sizes; it returns measures by name. It may be told to skip a system."""

import collections
import signal
import threading
import time

from compare_systems import Failed

Sizes = collections.namedtuple(
    "Sizes", "seconds gap_seconds pause_seconds znodes watchers idle")
QUICK = Sizes(seconds=3, gap_seconds=8, pause_seconds=20, znodes=20_000,
              watchers=200, idle=500)
NORMAL = Sizes(seconds=10, gap_seconds=15, pause_seconds=40, znodes=100_000,
               watchers=2_000, idle=2_000)
FULL = Sizes(seconds=30, gap_seconds=20, pause_seconds=60, znodes=1_000_000,
             watchers=100_000, idle=10_000)


def flags(seconds, **options):
    words = ["--duration", "%ds" % seconds]
    for name, value in options.items():
        words += ["--" + name.replace("_", "-"), str(value)]
    return words


def cpu_ms_per_1000(result):
    """Of all members; None if it is not known of each."""
    each = [process["cpu_seconds_per_1000"] for process in result["processes"]]
    return sum(each) * 1000 if each and None not in each else None


def loaded(system, result, **measures):
    """Adds what tells how far the load generator itself was the limit."""
    measures["load_generator_cores"] = (
        result["own"]["cpu_seconds"] / result["seconds"])
    measures["errors"] = result["errors"]
    return measures


def writes(outstanding, size):
    def work(system, sizes):
        result = system.load(*flags(sizes.seconds, op="set", sessions=64,
                                    outstanding=outstanding, size=size))
        return loaded(system, result, rate=result["requests_per_second"],
                      p99_ms=result["latency_us"]["p99"] / 1000,
                      cpu_ms=cpu_ms_per_1000(result))
    return work


def one_write(system, sizes):
    result = system.load(*flags(sizes.seconds, op="set", sessions=1,
                                outstanding=1, size=100))
    return loaded(system, result, rate=result["requests_per_second"],
                  p50_ms=result["latency_us"]["p50"] / 1000)


def reads(op):
    def work(system, sizes):
        result = system.load(*flags(sizes.seconds, op=op, sessions=64,
                                    outstanding=4, size=100))
        return loaded(system, result, rate=result["requests_per_second"],
                      p99_ms=result["latency_us"]["p99"] / 1000,
                      cpu_ms=cpu_ms_per_1000(result))
    return work


class Background:
    """A load that runs beside what is done to the members."""

    def __init__(self, system, *words):
        self.result = None
        self.error = None
        self.thread = threading.Thread(target=self.run, args=(system, words))
        self.thread.start()

    def run(self, system, words):
        try:
            self.result = system.load(*words)
        except Failed as error:
            self.error = error

    def end(self):
        self.thread.join()
        if self.error:
            raise self.error
        return self.result


def write_gap(system, seconds, disturb, mend):
    """Longest time in which no write of any session succeeded, in ms."""
    load = Background(system, *flags(seconds, op="set", sessions=16,
                                     outstanding=1, size=100, warm_up="2s"))
    time.sleep(4)
    leader = system.leader()
    disturb(leader)
    result = load.end()
    mend(leader)
    if result["longest_gap_ms"] >= (seconds - 3) * 1000:
        raise Failed("%s did not write again within %d s" % (system.name,
                                                             seconds))
    return {"gap_ms": result["longest_gap_ms"]}


def kill_leader(system, sizes):
    return write_gap(system, sizes.gap_seconds, system.kill, system.restart)


def pause_leader(system, sizes):
    return write_gap(system, sizes.pause_seconds,
                     lambda member: system.signal(member, signal.SIGSTOP),
                     lambda member: system.signal(member, signal.SIGCONT))


def fill(system, znodes):
    """Leaves so many znodes of 100 bytes behind."""
    each = 100_000
    for first in range(0, znodes, each):
        root = [] if system.name == "quorate" else [
            "--root", "/fill-%d" % first]
        system.load(*flags(1, op="idle", sessions=16, outstanding=16, size=100,
                           keys=min(each, znodes - first)), *root)


def memory(system, sizes):
    before = system.resident()
    fill(system, sizes.znodes)
    each = (system.resident() - before) / len(system.pids()) / sizes.znodes
    return {"bytes_per_znode": each}


def restart(system, sizes):
    """Of a follower that was killed, with the znodes that memory() has made."""
    leader = system.leader()
    member = [other for other in system.pids() if other != leader][0]
    system.kill(member)
    return {"seconds": system.restart(member)}


def snapshot(system, sizes):
    """The longest write while members take snapshots; quorate alone has a
    command for it."""
    if system.name != "quorate":
        return None
    load = Background(system, *flags(sizes.seconds + 3, op="set", sessions=1,
                                     outstanding=1, size=100))
    time.sleep(2)
    begin = time.monotonic()
    try:
        system.ask("snapshot", "take")
    finally:
        took = time.monotonic() - begin
        result = load.end()
    return {"longest_write_ms": result["latency_us"]["max"] / 1000,
            "p50_ms": result["latency_us"]["p50"] / 1000, "took_s": took}


def fan_out(system, sizes):
    if system.name == "etcd":
        return None
    result = system.load(*flags(sizes.seconds, op="watch-fanout", keys=1,
                                sessions=sizes.watchers, outstanding=1))
    if "round_us" not in result:
        raise Failed("no change reached all watchers")
    return {"all_told_ms": result["round_us"]["p50"] / 1000,
            "write_p50_ms": result["write_us"]["p50"] / 1000,
            "errors": result["errors"]}


def idle(system, sizes):
    if system.name == "etcd":
        return None
    leader = system.leader()
    result = system.load(*flags(sizes.seconds + 2, op="idle", keys=1,
                                sessions=sizes.idle, outstanding=1))
    for process in result["processes"]:
        if process["name"] == "member %d" % leader:
            return {"leader_cores": process["cpu_seconds"] / result["seconds"]}
    raise Failed("the leader's CPU time is not known")


# In this order on one ensemble, so that what leaves traces comes late.
WORKS = {
    "one_write": one_write,
    "writes_64x4": writes(4, 100),
    "writes_64x16": writes(16, 100),
    "writes_1k_64x4": writes(4, 1024),
    "reads_local": reads("get-local"),
    "reads_linearizable": reads("get-linearizable"),
    "fan_out": fan_out,
    "idle": idle,
    "memory": memory,
    "snapshot": snapshot,
    "restart": restart,
    "kill_leader": kill_leader,
    "pause_leader": pause_leader,
}
