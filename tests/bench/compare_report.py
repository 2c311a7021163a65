"""From measured values to medians, ratios, verdicts, a table and a page."""

import collections
import html
import statistics

Target = collections.namedtuple("Target", "what measure checks")
# `against` is (system, measure) or None: `limit` is of the value itself.
Check = collections.namedtuple("Check", "relation limit against")


def at_least(factor, system, measure=None):
    return Check("at least", factor, (system, measure))


def at_most(factor, system, measure=None):
    return Check("at most", factor, (system, measure))


def no_more_than(limit):
    return Check("at most", limit, None)


TARGETS = [
    Target("writes/s, 100 B, 64 x 4", "writes_64x4.rate",
           [at_least(3, "zookeeper"), at_least(5, "etcd")]),
    Target("writes/s, 100 B, 64 x 16", "writes_64x16.rate",
           [at_least(3, "zookeeper"), at_least(5, "etcd")]),
    Target("writes/s, 1 KiB, 64 x 4", "writes_1k_64x4.rate",
           [at_least(2.5, "zookeeper")]),
    Target("one write, p50, ms", "one_write.p50_ms", [at_most(1, "zookeeper")]),
    Target("local reads/s, 64 x 4", "reads_local.rate",
           [at_least(1.5, "zookeeper")]),
    Target("linearizable reads/s, 64 x 4", "reads_linearizable.rate",
           [at_least(8, "etcd"), at_least(1, "zookeeper", "reads_local.rate")]),
    Target("p99 of writes at 64 x 4, ms", "writes_64x4.p99_ms",
           [at_most(1 / 3, "zookeeper")]),
    Target("CPU ms per 1,000 writes, all members", "writes_64x4.cpu_ms",
           [at_most(1 / 3, "zookeeper")]),
    Target("memory per znode, bytes", "memory.bytes_per_znode",
           [at_most(1 / 4, "zookeeper")]),
    Target("write gap, leader killed, ms", "kill_leader.gap_ms",
           [at_most(1 / 2, "zookeeper")]),
    Target("write gap, leader paused, ms", "pause_leader.gap_ms",
           [at_most(1 / 2, "zookeeper")]),
    Target("longest write in a snapshot, ms", "snapshot.longest_write_ms",
           [no_more_than(20)]),
    Target("restart of a member, s", "restart.seconds",
           [at_most(1 / 3, "zookeeper")]),
    Target("a change told to all watchers, ms", "fan_out.all_told_ms", []),
    Target("idle sessions, cores of the leader", "idle.leader_cores",
           [no_more_than(0.02)]),
]


def summarise(rounds):
    """`rounds`: (system, work, measures) as they came. Returns, for each
    "work.measure" and system, median, least, greatest and how many."""
    values = collections.defaultdict(lambda: collections.defaultdict(list))
    for system, work, measures in rounds:
        for name, value in measures.items():
            if value is not None:
                values["%s.%s" % (work, name)][system].append(value)
    return {
        measure: {system: {"median": statistics.median(seen),
                           "min": min(seen), "max": max(seen),
                           "rounds": len(seen)}
                  for system, seen in by_system.items()}
        for measure, by_system in values.items()}


def judge(target, summary):
    """(text, met) for each check; met is None if a value is missing."""
    verdicts = []
    ours = summary.get(target.measure, {}).get("quorate")
    for check in target.checks:
        if check.against is None:
            wanted = "%s %g" % (check.relation, check.limit)
            figure = ours["median"] if ours else None
        else:
            system, measure = check.against
            wanted = "%s %.3g x %s" % (check.relation, check.limit, system)
            if measure:
                wanted += " (%s)" % measure
            theirs = summary.get(measure or target.measure, {}).get(system)
            figure = (ours["median"] / theirs["median"]
                      if ours and theirs and theirs["median"] else None)
        if figure is None:
            verdicts.append((wanted, None, None))
            continue
        met = (figure >= check.limit if check.relation == "at least"
               else figure <= check.limit)
        verdicts.append((wanted, figure, met))
    return verdicts


def number(value):
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return format(round(value), ",")
    return "%.3g" % value


def with_spread(value):
    if not value:
        return "-"
    if value["rounds"] == 1:
        return number(value["median"])
    return "%s (%s..%s)" % (number(value["median"]), number(value["min"]),
                            number(value["max"]))


def rows(summary, systems):
    """Heads, then a row for each check of each target that was measured."""
    yield ["work"] + list(systems) + ["target", "ratio", ""]
    for target in TARGETS:
        measured = summary.get(target.measure)
        if not measured:
            continue
        values = [with_spread(measured.get(system)) for system in systems]
        verdicts = judge(target, summary) or [("-", None, None)]
        for i, (wanted, figure, met) in enumerate(verdicts):
            head = [target.what] + values if i == 0 else [""] * (
                len(systems) + 1)
            verdict = {True: "met", False: "MISSED", None: ""}[met]
            yield head + [wanted, number(figure), verdict]


def table(summary, systems):
    lines = list(rows(summary, systems))
    widths = [max(len(line[i]) for line in lines)
              for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths))
        .rstrip() for line in lines)


COLOURS = {"quorate": "#1b7f5c", "zookeeper": "#b5651d", "etcd": "#3a6ea5"}
STYLE = """body { font: 15px sans-serif; margin: 2em auto; max-width: 62em;
color: #222; background: #fff } table { border-collapse: collapse }
td, th { text-align: left; padding: .25em .8em .25em 0;
border-bottom: 1px solid #ddd } .MISSED { color: #b00020 }
.met { color: #1b7f5c } svg { margin: .6em 1em .6em 0 }"""


def plot(target, measured, systems):
    """Bars of the medians, with a line from least to greatest."""
    present = [system for system in systems if system in measured]
    top = max(measured[system]["max"] for system in present) or 1
    width, bar, left = 420, 26, 90
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" role="img" width="%d" '
             'height="%d"><text x="0" y="14" font-weight="bold">%s</text>' %
             (width, 30 + bar * len(present), html.escape(target.what))]
    scale = (width - left - 100) / top
    for i, system in enumerate(present):
        value = measured[system]
        y = 24 + bar * i
        parts.append(
            '<text x="0" y="%d">%s</text><rect x="%d" y="%d" width="%.1f" '
            'height="%d" fill="%s"/><path d="M%.1f %d H%.1f" '
            'stroke="#222"/><text x="%.1f" y="%d">%s</text>' %
            (y + 14, system, left, y, value["median"] * scale, bar - 8,
             COLOURS.get(system, "#777"), left + value["min"] * scale, y + 9,
             left + value["max"] * scale, left + value["max"] * scale + 6,
             y + 14, number(value["median"])))
    return "".join(parts) + "</svg>"


def page(summary, systems, facts):
    """One HTML file that needs nothing else."""
    heads, *lines = rows(summary, systems)
    text = ["<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
            "<title>Quorate beside its peers</title><style>%s</style>"
            "<h1>Quorate beside its peers</h1>" % STYLE,
            "<p>%s</p>" % html.escape(facts),
            "<p>Medians of the rounds, with least and greatest in "
            "parentheses. Absolute figures are the machine's; compare those of "
            "one run.</p><table><tr>"]
    text += ["<th>%s</th>" % html.escape(head) for head in heads]
    for line in lines:
        text.append("</tr><tr>")
        text += ['<td class="%s">%s</td>' % (cell if cell in ("met", "MISSED")
                                             else "", html.escape(cell))
                 for cell in line]
    text.append("</tr></table>")
    text += [plot(target, summary[target.measure], systems)
             for target in TARGETS if summary.get(target.measure)]
    return "\n".join(text) + "</html>\n"
