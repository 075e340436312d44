#!/usr/bin/env python3
"""Collects the results of scripts/test.sh: one record a case in a file of JSON lines, counted at the end.

usage: test_report.py add RESULTS passed|failed|skipped NAME [REASON]
       test_report.py ctest RESULTS SUITE BUILD_DIR [ABSENT...]   after `ctest --output-junit report/ctest.xml`
       test_report.py verify RESULTS SUITE LOG                    after `facet verify ... >LOG`
       test_report.py summary RESULTS

ctest counts GoogleTest cases one by one, from the files that GTEST_OUTPUT=xml:BUILD_DIR/report/ makes; any other test is
one case. ABSENT are folders of test data that this machine does not have: failures that name one are skips.
summary prints skips and failures by name, closes with `N passed, N failed, N skipped`, and is 1 if any failed.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

STATUSES = ("passed", "failed", "skipped")
VERDICTS = {"PASS": "passed", "FAIL": "failed", "SKIP": "skipped"}
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
TAIL_LINES = 40

Case = collections.namedtuple("Case", "status name reason")


def tail(text):
    return "\n".join(text.strip().splitlines()[-TAIL_LINES:])


def gtest_cases(path, suite):
    """Cases of one GoogleTest XML file. The reason of a failure is its whole text."""
    for element in xml.parse(path).getroot().iter("testcase"):
        name = f"{suite}: {element.get('classname')}.{element.get('name')}"
        failures = [failure.get("message") or failure.text or "" for failure in element.findall("failure")]
        skip = element.find("skipped")
        if failures:
            yield Case("failed", name, "\n".join(failures))
        elif element.get("status") == "notrun":
            yield Case("failed", name, "disabled in the source: mend it or delete it")
        elif skip is not None or element.get("result") == "skipped":
            message = (skip.get("message") or skip.text or "") if skip is not None else ""
            yield Case("skipped", name, re.sub(r"^\S+:\d+\s+", "", message.strip()) or "no reason given")
        else:
            yield Case("passed", name, "")


def executable(command, build_dir):
    """The name of what a command runs: behind an emulator, if there is one, stands a file of the build."""
    build = pathlib.Path(build_dir).resolve()
    built = [word for word in command if build in pathlib.Path(word).parents]
    return pathlib.Path((built or command)[0]).name


def executables(build_dir):
    """ctest's name of each test -> name of its executable."""
    listing = subprocess.run(["ctest", "--test-dir", build_dir, "--show-only=json-v1"], check=True, capture_output=True)
    return {test["name"]: executable(test["command"], build_dir)
            for test in json.loads(listing.stdout)["tests"] if test.get("command")}


def says_it_skips(element):
    """By its exit status (SKIP_RETURN_CODE). ctest skips what was not built, too."""
    skipped = element.find("skipped")
    return skipped is not None and skipped.get("message", "").startswith("SKIP_RETURN_CODE")


def ctest_cases(suite, report_dir, executable_of):
    """Cases of the tests that ctest ran: report_dir holds its ctest.xml and the GoogleTest files."""
    for element in xml.parse(report_dir / "ctest.xml").getroot().iter("testcase"):
        test = element.get("name")
        output = element.findtext("system-out") or ""
        gtest_file = report_dir / f"{executable_of.get(test, test)}.xml"
        cases = list(gtest_cases(gtest_file, suite)) if gtest_file.exists() else []
        yield from cases
        ran_well = element.get("status") == "run"
        if ran_well and not cases and gtest_file.exists():
            yield Case("failed", f"{suite}: {test}", "none of its cases ran: is the filter right?")
        elif ran_well and not cases:
            yield Case("passed", f"{suite}: {test}", "")
        elif says_it_skips(element):
            yield Case("skipped", f"{suite}: {test}", (output.strip().splitlines() or ["no reason given"])[-1])
        elif not ran_well and not any(case.status == "failed" for case in cases):
            # A crash, a time limit, a leak found at exit, or an executable that was not built.
            failure = element.find("failure")
            why = failure.get("message", "") if failure is not None else element.get("status")
            yield Case("failed", f"{suite}: {test}", f"{why}\n{tail(output)}")


def excuse_absent_data(case, absent):
    for folder in absent:
        if case.status == "failed" and folder in case.reason:
            return Case("skipped", case.name, f"needs {folder}, which is not on this machine")
    return case


def verify_cases(suite, log):
    """`facet verify` prints `PASS|FAIL|SKIP NAME  DETAIL` a case and closes with the counts."""
    lines = log.strip().splitlines()
    match = COUNTS.match(lines[-1]) if lines else None
    if not match:
        return [Case("failed", f"{suite}: facet verify", f"no closing line with the counts\n{tail(log)}")]
    cases = []
    for line in lines:
        verdict, _, rest = line.partition(" ")
        if verdict in VERDICTS:
            name, _, detail = rest.partition("  ")
            cases.append(Case(VERDICTS[verdict], f"{suite}: {name}", detail))
    found = [sum(case.status == status for case in cases) for status in STATUSES]
    if found != [int(n) for n in match.groups()]:
        cases.append(Case("failed", f"{suite}: facet verify", f"its lines give {found}, its closing line says {lines[-1]}"))
    return cases


def append(results, cases):
    """Records the cases, prints the failed ones, and is 1 if there are any."""
    with open(results, "a", encoding="utf-8") as file:
        for case in cases:
            file.write(json.dumps(case) + "\n")
    failed = [case for case in cases if case.status == "failed"]
    for case in failed:
        print(f"FAILED {case.name}\n{case.reason}".rstrip())
    return 1 if failed else 0


def summary(results):
    path = pathlib.Path(results)
    cases = [Case(*json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    for status in ("skipped", "failed"):
        for case in cases:
            if case.status == status:
                first_line = case.reason.strip().split("\n")[0]
                print(f"{status} {case.name}" + (f": {first_line}" if first_line else ""))
    counts = collections.Counter(case.status for case in cases)
    print(", ".join(f"{counts[status]} {status}" for status in STATUSES))
    # Nothing counted means that nothing ran, which is no success.
    return 1 if counts["failed"] or not cases else 0


def main(argv):
    match argv:
        case ["add", results, status, name, *reason] if status in STATUSES:
            return append(results, [Case(status, name, " ".join(reason))])
        case ["ctest", results, suite, build_dir, *absent]:
            cases = ctest_cases(suite, pathlib.Path(build_dir) / "report", executables(build_dir))
            return append(results, [excuse_absent_data(case, absent) for case in cases])
        case ["verify", results, suite, log]:
            return append(results, verify_cases(suite, pathlib.Path(log).read_text(encoding="utf-8", errors="replace")))
        case ["summary", results]:
            return summary(results)
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
