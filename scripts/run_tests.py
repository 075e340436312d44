#!/usr/bin/env python3
"""Runs the stages of scripts/test.sh one after another and adds up what they report. A stage that breaks counts as one
failure and does not keep the next from running. Standard library only."""
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOBS = str(os.cpu_count() or 2)
FUZZ_SECONDS = 20
totals = {"passed": 0, "failed": 0, "skipped": 0}
skips, failures = [], []


def count(passed=0, failed=0, skipped=0):
    totals["passed"] += passed
    totals["failed"] += failed
    totals["skipped"] += skipped


def fail(what):
    print(f"FAILED: {what}", flush=True)
    failures.append(what)
    count(failed=1)


def sh(*command, env=None, quiet=False):
    """Runs a command; returns (exit status, output). The output is shown unless quiet and successful."""
    process = subprocess.run(command, cwd=ROOT, env={**os.environ, **(env or {})}, text=True, errors="replace",
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if process.returncode != 0 or not quiet:
        print(process.stdout[-12000:], flush=True)
    return process.returncode, process.stdout


def build(preset, *targets):
    for command in (["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset, "-j", JOBS] +
                    (["--target", *targets] if targets else [])):
        status, _ = sh(*command, quiet=True)
        if status != 0:
            fail(f"{preset}: {' '.join(command[:3])}")
            return False
    return True


def run_gtest(binary, label, env=None, args=()):
    """One GoogleTest program; its cases are counted one by one."""
    report = ROOT / "build" / "reports" / f"{label}.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    status, output = sh(str(binary), f"--gtest_output=json:{report}", "--gtest_brief=1", *args, env=env, quiet=True)
    if not report.exists():
        fail(f"{label}: no report (exit status {status})")
        return
    n_failed = 0
    for suite in json.loads(report.read_text())["testsuites"]:
        for case in suite["testsuite"]:
            name = f"{label}: {suite['name']}.{case['name']}"
            if case.get("result") == "SKIPPED":
                reason = next((m["message"] for m in case.get("skipped", [])), "")
                skips.append(f"{name}: {reason.strip().splitlines()[-1] if reason.strip() else 'no reason given'}")
                count(skipped=1)
            elif case.get("failures"):
                n_failed += 1
                failures.append(name)
                count(failed=1)
            else:
                count(passed=1)
    if status != 0 and n_failed == 0:
        fail(f"{label}: exit status {status} although no case failed")


def test_binaries(preset):
    folder = ROOT / "build" / preset
    return sorted(p for p in folder.rglob("*_test") if p.is_file() and os.access(p, os.X_OK))


def unit_tests(preset, env=None, only=None, args=()):
    for binary in test_binaries(preset):
        if only is None or binary.name in only:
            run_gtest(binary, f"{preset}/{binary.name}", env, args)


def verify(backend, *args):
    goldens = os.environ.get("FACET_GOLDENS", "../shared/goldens")
    conformance = os.environ.get("FACET_CONFORMANCE", "../shared/conformance")
    paths = [p for p in (goldens, conformance) if (ROOT / p).exists()]
    if not paths:
        skips.append(f"verify {backend}: no golden files (set FACET_GOLDENS and FACET_CONFORMANCE)")
        count(skipped=1)
        return
    status, output = sh("build/release/facet", "verify", *paths, "--backend", backend, *args, quiet=True)
    closing = re.search(r"(\d+) passed, (\d+) failed, (\d+) skipped\s*$", output)
    if not closing:
        fail(f"verify {backend}: exit status {status}")
        return
    count(*map(int, closing.groups()))
    for line in output.splitlines():
        if line.startswith("SKIP "):
            skips.append(f"verify {backend}: {line[5:]}")
        if line.startswith("FAIL "):
            failures.append(f"verify {backend}: {line[5:]}")


def fuzz():
    if not build("fuzz"):
        return
    targets = sorted(p for p in (ROOT / "build" / "fuzz" / "fuzz").glob("*_fuzz") if os.access(p, os.X_OK))
    running = []

    def wait_one():
        target, process, log = running.pop(0)
        process.wait()
        if process.returncode == 0:
            count(passed=1)
        else:
            print(Path(log.name).read_text(errors="replace")[-6000:])
            fail(f"fuzz: {target.name}")

    for target in targets:
        corpus = ROOT / "fuzz" / "corpus" / target.name.removesuffix("_fuzz")
        work = ROOT / "build" / "fuzz" / "work" / target.name
        work.mkdir(parents=True, exist_ok=True)
        log = open(work.with_suffix(".log"), "w")
        command = [str(target), f"-max_total_time={FUZZ_SECONDS}", "-rss_limit_mb=1024", "-timeout=10",
                   f"-artifact_prefix={work}/", str(work)] + ([str(corpus)] if corpus.exists() else [])
        running.append((target, subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT), log))
        if len(running) >= int(JOBS):
            wait_one()
    while running:
        wait_one()


def check(name, *command):
    status, _ = sh(*command, quiet=True)
    if status == 0:
        count(passed=1)
    else:
        fail(name)


def stage(title, function, *args, **kwargs):
    start = time.time()
    print(f"== {title}", flush=True)
    try:
        function(*args, **kwargs)
    except Exception as error:  # a broken stage must not hide the others
        fail(f"{title}: {error}")
    print(f"   {time.time() - start:.0f} s", flush=True)


def main():
    fast = "--fast" in sys.argv[1:]
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=1:allocator_may_return_null=1")
    stage("assets", check, "fetch-test-assets", "scripts/fetch-test-assets.sh")
    stage("includes", check, "includes point down", "python3", "scripts/check_includes.py")
    stage("release build", build, "release")
    stage("unit tests", unit_tests, "release")
    if not fast:
        stage("verify, cpu backend", verify, "cpu")
        stage("verify, ref backend", verify, "ref")
        stage("ASan and UBSan build", build, "asan")
        stage("tests under ASan and UBSan", unit_tests, "asan")
        stage("TSan build", build, "tsan")
        stage("tests under TSan", unit_tests, "tsan", only={"base_test", "ops_test", "runtime_test", "cross_test"})
        stage("fuzzing", fuzz)
    for line in skips:
        print(f"skipped: {line}")
    for line in failures:
        print(f"failed: {line}")
    print(f"{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped")
    return 1 if totals["failed"] else 0


sys.exit(main())
