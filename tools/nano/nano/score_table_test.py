"""The table of scores. python -m unittest nano.score_table_test"""
import json
import pathlib
import tempfile
import unittest

from . import score_table


class ScoreTable(unittest.TestCase):
    def test_scores_stand_on_the_last_line_and_what_was_not_asked_is_no_score(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "moe.json"
            scores = {"copy": {"accuracy": 0.97, "n": 100}, "beeps": {"accuracy": None, "n": 0}, "add": {"accuracy": 0.0, "n": 5}}
            path.write_text("copy is done\n" + json.dumps({"skills": scores}) + "\n")
            self.assertEqual(score_table.read(str(path)), {"copy": 0.97, "add": 0.0})

    def test_a_skill_that_one_model_was_not_asked_is_empty_and_counts_for_nothing(self):
        table = score_table.markdown({"nano": {"copy": 0.984, "beeps": 0.5, "lines_70": 0.2}, "nano-moe": {"copy": 0.9, "lines_70": 0.38}})
        self.assertIn("| `beeps` | 50 |  | 90 |\n", table)
        self.assertIn("| `copy` | 98 | 90 | 98 |\n", table)
        self.assertIn("| `lines_70` | 20 | 38 | at most 37 (chance) |\n", table)
        self.assertTrue(table.endswith("| at target | 2 of 3 | 0 of 2 |  |\n"))


if __name__ == "__main__":
    unittest.main()
