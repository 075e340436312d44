"""Rows of scores.json. python -m unittest nano.golden_scores_test"""
import json
import pathlib
import tempfile
import unittest

from . import golden_scores


class GoldenScores(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def printed(self, **accuracies: float | None) -> str:
        """A file with what `facet eval --json` prints."""
        skills = {name: {"accuracy": x, "n": 0 if x is None else 3, "right": 0, "skipped": 3 if x is None else 0, "seconds": 1.0}
                  for name, x in accuracies.items()}
        path = self.folder / f"{len(list(self.folder.iterdir()))}.json"
        path.write_text(json.dumps({"set": "x", "model": "y", "skills": skills}) + "\n")
        return str(path)

    def test_a_row_has_the_skills_that_were_asked(self):
        path = self.folder / "scores.json"
        golden_scores.write(path, ["default=" + self.printed(copy=1.0, beeps=0.5), "quick nano-moe=" + self.printed(copy=2 / 3, beeps=None)])
        self.assertEqual(json.loads(path.read_text()), {"default": {"beeps": 0.5, "copy": 1.0}, "quick nano-moe": {"copy": 0.6667}})

    def test_other_rows_stay_and_rows_keep_their_places(self):
        path = self.folder / "scores.json"
        path.write_text('{"default": {"copy": 1, "gone": 1}, "quick": {"copy": 0.5}}')
        golden_scores.write(path, ["nano-moe=" + self.printed(copy=0.0), "default=" + self.printed(copy=0.75)])
        rows = {"default": {"copy": 0.75}, "quick": {"copy": 0.5}, "nano-moe": {"copy": 0.0}}
        self.assertEqual(path.read_text(), json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    unittest.main()
