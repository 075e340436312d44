"""What the rules of the data find. python -m unittest nano.check_test"""
import unittest
from collections import Counter

from . import check
from .skills.text import TEXT


class Check(unittest.TestCase):
    def counts(self, train: int = 90, leaked: int = 0, commonest: int = 1) -> check.Counts:
        return check.Counts(100, train, 10, leaked, Counter({"yes": commonest} | {str(i): 1 for i in range(100 - commonest)}))

    def test_nothing_is_wrong_within_the_limits(self):
        self.assertEqual(check.faults("copy", self.counts(train=40, commonest=35)), [])

    def test_each_limit_has_its_line(self):
        self.assertEqual(check.faults("copy", self.counts(train=39, leaked=2, commonest=36)), [
            "copy: 2 test prompts occur in training", "copy: 39% of 100 training prompts are different; 40% have to be",
            "copy: 36% of answers are 'yes'; 35% may be"])

    def test_some_skills_may_be_narrow(self):
        self.assertEqual(check.faults("unknown", self.counts(commonest=100)), [])
        self.assertEqual(check.faults("spell", self.counts(train=15)), [])
        self.assertEqual(len(check.faults("spell", self.counts(train=14))), 1)

    def test_what_a_stage_turns_away(self):
        self.assertEqual(check.faults_of_mix("text", Counter(kept=95, duplicate=2, **{"too long": 3})), [])
        self.assertEqual(check.faults_of_mix("text", Counter(kept=94, duplicate=6)), ["stage text: 6% of conversations are turned away; 5% may be"])
        self.assertEqual(check.faults_of_mix("first", Counter(kept=94, duplicate=6)), [])

    def test_calls_are_answers_like_others(self):
        self.assertLess(check.count("tool_choice", 5, 50).commonest, .2)

    def test_exceptions_are_of_skills_that_there_are(self):
        self.assertEqual((check.FEW_DIFFERENT.keys() | check.MANY_ALIKE.keys()) - TEXT.keys(), set())


if __name__ == "__main__":
    unittest.main()
