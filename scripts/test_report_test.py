"""Tests of test_report.py on reports as GoogleTest, ctest and facet write them."""
import contextlib
import io
import pathlib
import tempfile
import unittest

import test_report

GTEST = """<testsuites tests="4"><testsuite name="Q">
<testcase name="Good" status="run" result="completed" classname="Q" />
<testcase name="Bad" status="run" result="completed" classname="Q">
 <failure message="q_test.cpp:9&#x0A;Expected 1" type=""><![CDATA[q_test.cpp:9]]></failure></testcase>
<testcase name="Away" status="run" result="skipped" classname="Q"><skipped message="q_test.cpp:12&#x0A;no AMX here"/></testcase>
<testcase name="Off" status="notrun" result="suppressed" classname="Q" />
</testsuite></testsuites>"""
GTEST_GOOD = '<testsuites><testcase name="Good" status="run" result="completed" classname="Q"/></testsuites>'


def ctest_xml(name, status, message=""):
    failure = f'<failure message="{message}"/>' if message else ""
    return (f'<testsuite><testcase name="{name}" status="{status}">{failure}'
            f"<system-out>line 1\nSegmentation fault</system-out></testcase></testsuite>")


class TestReport(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def ctest(self, ctest, gtest=None):
        (self.folder / "ctest.xml").write_text(ctest, encoding="utf-8")
        if gtest:
            (self.folder / "quant_test.xml").write_text(gtest, encoding="utf-8")
        return list(test_report.ctest_cases("release", self.folder, {"quant": "quant_test"}))

    def test_googletest_cases_count_one_by_one(self):
        cases = self.ctest(ctest_xml("quant", "fail", "Failed"), GTEST)
        self.assertEqual([(case.status, case.name) for case in cases],
                         [("passed", "release: Q.Good"), ("failed", "release: Q.Bad"), ("skipped", "release: Q.Away"),
                          ("failed", "release: Q.Off")])
        self.assertIn("Expected 1", cases[1].reason)
        self.assertEqual(cases[2].reason, "no AMX here")

    def test_an_emulator_is_not_what_a_command_runs(self):
        for command, name in ((["/build/src/quant_test"], "quant_test"),
                              (["qemu-aarch64", "-L", "/usr/lib", "/build/src/quant_test"], "quant_test"),
                              (["/usr/bin/python3", "-m", "unittest"], "python3")):
            self.assertEqual(test_report.executable(command, "/build"), name)

    def test_a_crash_is_a_failure_with_the_end_of_its_output(self):
        [case] = self.ctest(ctest_xml("quant", "fail", "SEGFAULT"))
        self.assertEqual((case.status, case.name), ("failed", "release: quant"))
        self.assertIn("Segmentation fault", case.reason)

    def test_a_failed_exit_after_good_cases_is_a_failure(self):
        cases = self.ctest(ctest_xml("quant", "fail", "Failed"), GTEST_GOOD)
        self.assertEqual([case.status for case in cases], ["passed", "failed"])

    def test_an_executable_that_was_not_built_is_a_failure(self):
        self.assertEqual([case.status for case in self.ctest(ctest_xml("quant", "notrun"))], ["failed"])

    def test_what_says_that_it_skips_gives_its_last_line_as_the_reason(self):
        skipped = ('<testsuite><testcase name="page" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>'
                   "<system-out>line 1\nneeds chromium\n</system-out></testcase></testsuite>")
        self.assertEqual(self.ctest(skipped), [test_report.Case("skipped", "release: page", "needs chromium")])

    def test_an_executable_none_of_whose_cases_ran_is_a_failure(self):
        self.assertEqual([case.status for case in self.ctest(ctest_xml("quant", "run"), "<testsuites/>")], ["failed"])

    def test_other_tests_are_one_case(self):
        self.assertEqual(self.ctest(ctest_xml("scripts", "run")), [test_report.Case("passed", "release: scripts", "")])

    def test_failures_for_want_of_absent_data_are_skips(self):
        case = test_report.Case("failed", "Q.Bad", "../data/q4_0.safetensors: cannot open")
        self.assertEqual(test_report.excuse_absent_data(case, ["../data"]).status, "skipped")
        self.assertEqual(test_report.excuse_absent_data(case, []), case)
        self.assertEqual(test_report.excuse_absent_data(case, ["../other"]), case)

    def test_verify_lines_become_cases(self):
        log = ("PASS tiny/text/p1  logits 1e-05\nFAIL tiny/text/p7  3 off\nSKIP tiny/audio  no audio tower\n"
               "1 passed, 1 failed, 1 skipped\n")
        self.assertEqual(test_report.verify_cases("cpu", log),
                         [test_report.Case("passed", "cpu: tiny/text/p1", "logits 1e-05"),
                          test_report.Case("failed", "cpu: tiny/text/p7", "3 off"),
                          test_report.Case("skipped", "cpu: tiny/audio", "no audio tower")])

    def test_verify_counts_that_differ_from_its_lines_are_a_failure(self):
        cases = test_report.verify_cases("cpu", "PASS a\n2 passed, 0 failed, 0 skipped\n")
        self.assertEqual([case.status for case in cases], ["passed", "failed"])

    def test_verify_without_its_closing_line_is_a_failure(self):
        self.assertEqual([case.status for case in test_report.verify_cases("cpu", "killed")], ["failed"])
        self.assertEqual([case.status for case in test_report.verify_cases("cpu", "")], ["failed"])

    def summary(self, *cases):
        results = self.folder / "results.jsonl"
        with contextlib.redirect_stdout(io.StringIO()) as out:
            for case in cases:
                test_report.main(["add", str(results), *case])
            status = test_report.main(["summary", str(results)])
        return status, out.getvalue().splitlines()

    def test_the_summary_closes_with_the_counts(self):
        status, lines = self.summary(("passed", "a"), ("skipped", "b", "no GPU"), ("failed", "c", "wrong"), ("passed", "d"))
        self.assertEqual(status, 1)
        self.assertEqual(lines[-3:], ["skipped b: no GPU", "failed c: wrong", "2 passed, 1 failed, 1 skipped"])

    def test_the_summary_succeeds_when_nothing_failed(self):
        self.assertEqual(self.summary(("passed", "a"))[0], 0)

    def test_a_summary_of_nothing_fails(self):
        self.assertEqual(self.summary(), (1, ["0 passed, 0 failed, 0 skipped"]))


if __name__ == "__main__":
    unittest.main()
