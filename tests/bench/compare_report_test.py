"""Tests of compare_report: medians, ratios, verdicts; that targets are missed
when they are."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

import compare_report  # pylint: disable=wrong-import-position


def rounds(**medians):
    """Three rounds around a rate of each system."""
    return [(system, "writes_64x4", {"rate": rate * factor})
            for factor in (0.5, 1, 4) for system, rate in medians.items()]


def verdicts(**medians):
    target = compare_report.TARGETS[0]
    return compare_report.judge(target,
                                compare_report.summarise(rounds(**medians)))


class CompareReportTest(unittest.TestCase):

    def test_median_and_spread(self):
        summary = compare_report.summarise(rounds(quorate=100))
        self.assertEqual(summary["writes_64x4.rate"]["quorate"],
                         {"median": 100, "min": 50, "max": 400, "rounds": 3})

    def test_missing_values_are_no_values(self):
        summary = compare_report.summarise(
            [("etcd", "writes_64x4", {"cpu_ms": None})])
        self.assertEqual(summary, {})

    def test_met_and_missed(self):
        (_, ratio, met), (_, _, met_etcd) = verdicts(quorate=350,
                                                     zookeeper=100, etcd=90)
        self.assertAlmostEqual(ratio, 3.5)
        self.assertTrue(met)
        self.assertFalse(met_etcd)

    def test_a_system_that_is_left_out_is_not_judged(self):
        (_, _, met), (_, ratio, _) = verdicts(quorate=100, zookeeper=100)
        self.assertIs(met, False)
        self.assertIsNone(ratio)

    def test_a_bound_without_a_peer(self):
        target = [each for each in compare_report.TARGETS
                  if each.measure == "idle.leader_cores"][0]
        for cores, met in ((0.01, True), (0.05, False)):
            summary = compare_report.summarise(
                [("quorate", "idle", {"leader_cores": cores})])
            self.assertIs(compare_report.judge(target, summary)[0][2], met)

    def test_table_and_page_name_what_was_missed(self):
        summary = compare_report.summarise(rounds(quorate=100, zookeeper=100,
                                                  etcd=10))
        systems = ["quorate", "zookeeper", "etcd"]
        table = compare_report.table(summary, systems)
        self.assertIn("MISSED", table)
        self.assertIn("met", table)
        page = compare_report.page(summary, systems, "a <fact>")
        self.assertIn('class="MISSED"', page)
        self.assertIn("a &lt;fact&gt;", page)
        self.assertEqual(page.count("<svg"), 1)
        self.assertNotIn("<script", page)

    def test_every_target_names_a_work(self):
        import compare_works
        for target in compare_report.TARGETS:
            self.assertIn(target.measure.split(".")[0], compare_works.WORKS)


if __name__ == "__main__":
    unittest.main()
