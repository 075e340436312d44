"""facet verify on directories nobody has seen: other names and places, other numbers of cases, optional files and tensors
that are missing, damaged ones.

usage: FACET=build/release/facet python3 tests/verify_test.py     (from the repository's root)
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest

FACET = os.path.abspath(os.environ["FACET"])
GOLDENS = pathlib.Path(os.environ.get("FACET_GOLDENS", "../shared/goldens")).absolute()


def without_tensors(path, names):
    """Writes a safetensors file again without these tensors."""
    data = path.read_bytes()
    n = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8:8 + n]), data[8 + n:]
    kept, out = {}, b""
    for name, entry in header.items():
        if name in names:
            continue
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            entry = dict(entry, data_offsets=[len(out), len(out) + end - begin])
            out += body[begin:end]
        kept[name] = entry
    text = json.dumps(kept).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + out)


class Verify(unittest.TestCase):
    def setUp(self):
        self.assertTrue(GOLDENS.exists(), f"{GOLDENS}: not there")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def verify(self, *paths, status=0):
        done = subprocess.run([FACET, "verify", "--threads", "1", *map(str, paths)], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        *lines, last = done.stdout.splitlines()
        counts = {verdict: sum(line.startswith(verdict + " ") for line in lines) for verdict in ("PASS", "FAIL", "SKIP")}
        self.assertEqual(last, "{PASS} passed, {FAIL} failed, {SKIP} skipped".format(**counts))
        return lines

    def text_cases(self, name, cases):
        """A golden directory of its own, with its checkpoint beside it and no manifest."""
        shutil.copytree(GOLDENS / "checkpoints/tiny-gemma3", self.root / "checkpoints" / name)
        folder = self.root / name
        folder.mkdir()
        facts = json.loads((GOLDENS / "tiny-gemma3/text.json").read_text())
        kept = {new: dict(facts[old], file=f"text_{new}.safetensors") for new, old in cases.items()}
        for new, old in cases.items():
            shutil.copy(GOLDENS / f"tiny-gemma3/text_{old}.safetensors", folder / f"text_{new}.safetensors")
            (folder / f"text_{new}.safetensors").chmod(0o644)
        (folder / "text.json").write_text(json.dumps(kept))
        return folder

    def test_other_names_and_numbers_of_cases(self):
        self.text_cases("some-model", {"first": "p7", "second": "p33", "third": "nobos"})
        lines = self.verify(self.root)
        self.assertEqual([line.split()[1] for line in lines], [f"some-model/text/{c}" for c in ("first", "second", "third")])
        for line in lines:
            self.assertRegex(line, r"^PASS \S+  .*\d\.\d\de[-+]\d\d \(tolerance ")

    def test_a_checkpoint_inside_or_further_up(self):
        folder = self.text_cases("some-model", {"p7": "p7"})
        (self.root / "deep").mkdir()
        folder = folder.rename(self.root / "deep/some-model")
        self.assertEqual(len(self.verify(folder)), 1)
        shutil.move(self.root / "checkpoints/some-model", folder / "checkpoint")
        self.assertEqual(len(self.verify(folder)), 1)

    def test_tensors_and_facts_that_need_not_be_there(self):
        folder = self.text_cases("some-model", {"p7": "p7", "p33": "p33"})
        without_tensors(folder / "text_p7.safetensors", {"greedy_ids", "greedy_margins", "greedy_last_logits", "bf16_last_logits"})
        without_tensors(folder / "text_p33.safetensors", {"greedy_margins", "greedy_last_logits", "logits_pos"})
        (folder / "text.json").write_text('{"p7": {}, "p33": {}, "p150": {}, "note": "none"}')
        self.assertEqual([line.split()[:2] for line in self.verify(folder)],
                         [["PASS", "some-model/text/p33"], ["PASS", "some-model/text/p7"]])

    def test_one_damaged_case_fails_alone(self):
        folder = self.text_cases("some-model", {"a": "p7", "b": "p7", "c": "p7", "d": "p7"})
        (folder / "text_a.safetensors").write_bytes(b"\0" * 100)
        without_tensors(folder / "text_b.safetensors", {"input_ids"})
        (folder / "text_c.safetensors").unlink()
        self.assertEqual([line.split()[0] for line in self.verify(folder, status=1)], ["FAIL", "FAIL", "FAIL", "PASS"])

    def test_other_numbers_fail(self):
        folder = self.text_cases("some-model", {"p7": "p33", "p33": "p7"})
        shutil.rmtree(self.root / "checkpoints/some-model")
        shutil.copytree(GOLDENS / "checkpoints/tiny-e2b", self.root / "checkpoints/some-model")
        self.assertEqual([line.split()[0] for line in self.verify(folder, status=1)], ["FAIL", "FAIL"])

    def test_no_checkpoint(self):
        folder = self.text_cases("some-model", {"p7": "p7"})
        shutil.rmtree(self.root / "checkpoints")
        [line] = self.verify(folder, status=1)
        self.assertIn("no checkpoint beside it", line)

    def test_a_damaged_description_leaves_the_other_directories(self):
        self.text_cases("good", {"p7": "p7"})
        self.text_cases("bad", {"p7": "p7"})
        (self.root / "bad/text.json").write_text("{")
        lines = self.verify(self.root, status=1)
        self.assertEqual(sorted(line.split()[:2] for line in lines), [["FAIL", "bad"], ["PASS", "good/text/p7"]])

    def test_gguf_directories(self):
        folder = self.root / "other/gguf"
        folder.mkdir(parents=True)
        shutil.copy(GOLDENS / "tiny-e4b/gguf/tiny-e4b-q4_0.gguf", folder / "any.gguf")
        facts = json.loads((GOLDENS / "tiny-e4b/gguf/logits.json").read_text())["tiny-e4b-q4_0.gguf"]
        name, case = next(iter(facts.items()))
        bare = {key: value for key, value in case.items() if not key.startswith("greedy")}
        (folder / "logits.json").write_text(json.dumps({"any.gguf": {"whole": case, "bare": bare}, "absent.gguf": {name: case}}))
        self.assertEqual([line.split()[:2] for line in self.verify(self.root, status=1)],
                         [["FAIL", f"other/gguf/absent.gguf/{name}"], ["PASS", "other/gguf/any.gguf/bare"],
                          ["PASS", "other/gguf/any.gguf/whole"]])

    def test_a_real_model_that_is_not_there_is_skipped_by_name(self):
        folder = self.root / "some-real-model"
        folder.mkdir()
        (folder / "README.md").write_text("The weights: `some-real-model.gguf`.")
        (folder / "greedy.json").write_text("[]")
        [line] = self.verify(folder)
        self.assertRegex(line, r"^SKIP some-real-model/\*  some-real-model\.gguf was not downloaded")

    def test_a_real_model_beside_its_cases(self):
        folder = self.root / "some-real-model"
        folder.mkdir()
        shutil.copy(GOLDENS / "tiny-e4b/gguf/tiny-e4b-q4_0.gguf", folder / "tiny.gguf")
        (folder / "README.md").write_text("The weights: `tiny.gguf`.")
        facts = json.loads((GOLDENS / "tiny-e4b/gguf/logits.json").read_text())["tiny-e4b-q4_0.gguf"]["p7"]
        (folder / "greedy.json").write_text(json.dumps([{"id": "one", "tokens": facts["tokens"],
                                                         "exact": {"generated": facts["greedy"][:4]}}]))
        (folder / "ppl_text.txt").write_text("text")
        self.assertEqual([line.split()[:2] for line in self.verify(folder)],
                         [["PASS", "some-real-model/greedy/one"], ["SKIP", "some-real-model/ppl_text"]])

    def test_paths(self):
        done = subprocess.run([FACET, "verify", self.root / "nothing"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"\Afacet: error: [^\n]*nothing: no such file or folder\n\Z")


if __name__ == "__main__":
    unittest.main()
