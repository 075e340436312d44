"""facet bench and facet doctor: the contract of their JSON, and figures that agree with one another."""
import json
import pathlib
import tempfile
import unittest

from facet_terminal import checkpoint, run


class Bench(unittest.TestCase):
    def bench(self, *flags):
        done = run("bench", "-m", checkpoint("tiny-e2b"), "--prefill", "40", "--decode", "6", "--repeats", "2", *flags,
                   FACET_HOME="/nonexistent")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_json(self):
        done = self.bench("--json")
        self.assertEqual(done.stderr, "")
        result = json.loads(done.stdout)
        for key in ("model", "threads", "load_ms", "first_token_ms", "ceiling", "prefill", "decode", "peak_rss_bytes"):
            self.assertIn(key, result)
        prefill, decode, ceiling = result["prefill"], result["decode"], result["ceiling"]
        self.assertEqual((prefill["tokens"], decode["tokens"]), (40, 6))
        for figure in (result["load_ms"], result["first_token_ms"], prefill["tokens_per_s"], decode["tokens_per_s"],
                       ceiling["read_gb_s"], ceiling["gflop_s"], result["peak_rss_bytes"]):
            self.assertGreater(figure, 0)
        self.assertAlmostEqual(prefill["share_of_ceiling"], prefill["gflop_s"] / ceiling["gflop_s"])
        self.assertAlmostEqual(decode["share_of_ceiling"], decode["gb_s"] / ceiling["read_gb_s"])
        self.assertAlmostEqual(decode["gb_s"], decode["tokens_per_s"] * decode["bytes_per_token"] / 1e9)
        # A probe's buffer is 256 MB; what the tiny model itself takes is a tenth of it.
        self.assertLess(result["peak_rss_bytes"], 128e6)

    def test_work_grows_with_depth_and_is_shared_by_a_batch(self):
        def bytes_per_token(*flags):
            return json.loads(self.bench("--json", *flags).stdout)["decode"]["bytes_per_token"]
        alone = bytes_per_token()
        self.assertGreater(bytes_per_token("--depth", "100"), alone)
        self.assertLess(bytes_per_token("--batch", "3"), alone)
        # Up to 32 share what a step reads.
        self.assertLess(bytes_per_token("--sessions", "32"), bytes_per_token("--sessions", "33"))

    def test_the_logits_are_the_same_in_every_run(self):
        hashes = {json.loads(self.bench("--json", "--threads", threads).stdout)["logits_hash"] for threads in "112"}
        self.assertEqual(len(hashes), 1)

    def test_ops(self):
        done = self.bench("--ops", "--json")
        result = json.loads(done.stdout)
        for phase in ("prefill", "decode"):
            ops = result["ops"][phase]
            self.assertAlmostEqual(sum(op["share_of_time"] for op in ops), 1)
            self.assertEqual(ops, sorted(ops, key=lambda op: -op["seconds"]))
            by_name = {op["op"]: op for op in ops}
            self.assertGreater(by_name["attention"]["gb_s"], 0)
            self.assertEqual(by_name["rope"]["gb_s"], 0)
            self.assertTrue(any(name.startswith("gated_linear ") for name in by_name), by_name.keys())
        # Two rounds of one step ahead and six: 15 layers' attention each.
        self.assertEqual({op["op"]: op["calls"] for op in result["ops"]["decode"]}["attention"], 2 * 7 * 15)
        self.assertNotIn("ops", json.loads(self.bench("--json").stdout))
        self.assertRegex(self.bench("--ops").stdout, r"decode, all rounds(.|\n)*attention +210 ")

    def test_text(self):
        self.assertRegex(self.bench().stdout, r"decode +[\d.]+ tokens/s +[\d.]+ of [\d.]+ GB/s, \d+ %")


class Doctor(unittest.TestCase):
    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name
        self.models = pathlib.Path(home.name) / "models"

    def doctor(self, *flags, status=0):
        done = run("doctor", "--json", *flags, FACET_HOME=self.home, FACET_ISA="")
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)

    def test_machine(self):
        report = self.doctor()
        machine = report["machine"]
        self.assertEqual([k["chosen"] for k in machine["kernels"] if k["runs_here"]][0], True)
        self.assertEqual(machine["kernels"][-1]["name"], "scalar")
        self.assertGreater(machine["ceiling"]["read_gb_s"], 0)
        self.assertGreaterEqual(machine["memory_bytes"], machine["available_bytes"])
        self.assertTrue(any("library is empty" in hint for hint in report["hints"]))
        needs = {(o["model"], o["type"]): o["memory_bytes"] for o in report["runs_here"]}
        self.assertLess(needs["Gemma 4 E2B", "q4_0"], needs["Gemma 4 31B", "bf16"])

    def test_library(self):
        self.models.mkdir()
        (self.models / "broken.gguf").write_bytes(b"nothing of the kind")
        (self.models / "tiny").symlink_to(pathlib.Path(checkpoint("tiny-e2b")).resolve())
        broken, tiny = self.doctor()["library"]["models"]
        self.assertFalse(broken["runs"])
        self.assertIn("broken.gguf", broken["error"])
        self.assertTrue(tiny["runs"] and tiny["fits"])
        self.assertEqual(tiny["types"][0]["type"], "bf16")

    def test_a_model_that_does_not_run(self):
        file = pathlib.Path(self.home) / "bad.gguf"
        file.write_bytes(b"GGUF")
        self.assertIn("bad.gguf", self.doctor("-m", str(file), status=2)["model"]["error"])

    def test_forced_kernels_are_noticed(self):
        done = run("doctor", FACET_HOME=self.home, FACET_ISA="scalar")
        sets = self.doctor()["machine"]["kernels"]
        self.assertEqual("FACET_ISA keeps facet from" in done.stdout, sum(k["runs_here"] for k in sets) > 1)


class Tuning(unittest.TestCase):
    """What `facet doctor --tune` keeps, and who goes by it."""

    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.environment = {"FACET_HOME": home.name + "/new", "FACET_ISA": ""}
        self.file = pathlib.Path(home.name) / "new/tuning.json"

    def run_json(self, *command, **environment):
        done = run(*command, "--json", **{**self.environment, **environment})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout), done.stderr

    def bench(self, *flags, **environment):
        return self.run_json("bench", "-m", checkpoint("tiny-e2b"), "--prefill", "20", "--decode", "2", "--repeats", "1",
                             *flags, **environment)

    def test_shows_the_figures(self):
        done = run("doctor", "--tune", **self.environment)
        self.assertRegex(done.stdout, r"decoding, GB/s of weights +q4_0 +q4_k\n(.*\n)* +\w+ +[\d.]+ +[\d.]+  chosen\n")

    def test_is_measured_kept_and_read(self):
        untuned = self.run_json("doctor")[0]
        self.assertIsNone(untuned["machine"]["tuning"])
        self.assertTrue(any("doctor --tune" in hint for hint in untuned["hints"]))
        result = self.run_json("doctor", "--tune")[0]
        self.assertEqual(result["path"], str(self.file))
        self.assertEqual(result["tuning"], json.loads(self.file.read_text()))
        tuned = self.run_json("doctor")[0]
        self.assertEqual(tuned["machine"]["tuning"], result["tuning"]["choice"])
        self.assertFalse(any("doctor --tune" in hint for hint in tuned["hints"]))
        self.assertEqual(tuned["machine"]["threads"], result["tuning"]["choice"]["threads"])

    def choose(self, **choice):
        """Changes what the file says was chosen."""
        self.run_json("doctor", "--tune")
        tuning = json.loads(self.file.read_text())
        tuning["choice"].update(choice)
        self.file.write_text(json.dumps(tuning))

    def test_decides_unless_asked_otherwise(self):
        self.choose(prompts="scalar", threads=1)
        best = [k["name"] for k in self.run_json("doctor")[0]["machine"]["kernels"] if k["runs_here"]][0]
        result, complaints = self.bench()
        self.assertEqual(complaints, "")
        self.assertEqual(result["threads"], 1)
        decode = json.loads(self.file.read_text())["choice"]["decode"]
        self.assertEqual(result["isa"], decode if best == "scalar" else decode + "+scalar")
        self.assertEqual(self.bench("--threads", "2")[0]["threads"], 2)
        self.assertEqual(self.bench(FACET_ISA=best)[0]["isa"], best)

    def test_of_no_use_is_left_alone_with_a_line(self):
        untuned = self.bench()[0]
        self.choose(prompts="scalar", threads=1)
        tuning = json.loads(self.file.read_text())
        tuning["machine"]["cpu"] = "Another"
        for content, reason in ((json.dumps(tuning), 'measured on "Another"'), ("{", "damaged: "),
                                (json.dumps(tuning)[:-9], "damaged: ")):
            self.file.write_text(content)
            result, complaints = self.bench()
            self.assertEqual((result["isa"], result["threads"]), (untuned["isa"], untuned["threads"]))
            self.assertRegex(complaints, rf"\Afacet: [^\n]*tuning.json: {reason}[^\n]*`facet doctor --tune`[^\n]*\n\Z")
            self.assertEqual(self.file.read_text(), content)

    def test_of_a_number_of_threads_is_refused(self):
        done = run("doctor", "--tune", "--threads", "2", **self.environment)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--tune measures the machine with all its threads: leave out --threads", done.stderr)


if __name__ == "__main__":
    unittest.main()
