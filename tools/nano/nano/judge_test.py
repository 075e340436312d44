"""Answers are judged as facet judges them (src/evaluation/expectation_test.cpp). python -m unittest nano.judge_test"""
import random
import unittest

from . import chat, judge
from .skills import tools


def called(*bodies: str, before: str = "") -> str:
    """An answer with calls; ~ stands for the quote token."""
    return before + "".join(f"<|tool_call>call:{body}<tool_call|>" for body in bodies).replace("~", judge.QUOTE) + "<|tool_response>"


def calls(*some: tuple[str, dict]) -> dict:
    return {"calls": [{"name": name, "arguments": arguments} for name, arguments in some]}


class Reading(unittest.TestCase):
    def test_content_has_no_thought_no_call_and_no_end(self):
        self.assertEqual(judge.read("<|channel>thought\n1+1=2\n<channel|> Two. <turn|>\nmore"), ("Two.", []))
        self.assertEqual(judge.read("Two.<eos><eos>"), ("Two.", []))
        self.assertEqual(judge.read("<|channel>thought\nTwo.<turn|>"), ("", []))

    def test_values(self):
        for text, expected in {"f": {}, "f{}": {}, " f {a:1}": {"a": 1}, "f{a:1,b:-2.5,c:1e3}": {"a": 1, "b": -2.5, "c": 1000.0},
                               "f{a:~1~,b:~x, }~}": {"a": "1", "b": "x, }"},
                               "f{a:true,b:False,c:null,d:None}": {"a": True, "b": False, "c": None, "d": None},
                               "f{a:Paris,b:007,c:NaN}": {"a": "Paris", "b": "007", "c": "NaN"},
                               "f{o:{l:[1,[2,3],{c:~d~}]},e:{},n:[]}": {"o": {"l": [1, [2, 3], {"c": "d"}]}, "e": {}, "n": []},
                               "f{ a : [ 1 , 2 ] ,\n b : ~x~ }": {"a": [1, 2], "b": "x"}, "f{~a b~:1,a:2,a:3}": {"a b": 1, "a": 3},
                               "f{a:10:30}": {"a": "10:30"}, "f{o:{l:[1,2": {"o": {"l": [1, 2]}}}.items():
            self.assertEqual(judge.read(called(text)), ("", [{"name": "f", "arguments": expected}]), text)

    def test_every_call_that_is_taught_is_read_as_it_was_meant(self):
        rng = random.Random(1)
        for name, skill in tools.SKILLS.items():
            for _ in range(30):
                for turn in skill.make(rng, True).turns:
                    some = getattr(turn, "calls", [])
                    self.assertEqual(judge.read("".join(map(chat.call_text, some)))[1], [{"name": c.name, "arguments": c.args} for c in some], name)


class Judging(unittest.TestCase):
    def test_text_is_exact_but_for_white_space_around_it(self):
        for written, right in {"\n Hello, you. \n": True, "Hello,  you.": False, "hello, you.": False, "Hello, you.!": False,
                               "\u00a0Hello, you.": False, called("f{}", before="Hello, you."): False}.items():
            self.assertEqual(judge.is_right({"text": "Hello, you."}, written + "<turn|>"), right, written)
        self.assertTrue(judge.is_right({"text": " a "}, "a<turn|>"))

    def test_calls_are_compared_as_values_in_their_order(self):
        two = calls(("f", {"a": 1, "b": ["x", None]}), ("g", {}))
        for written, right in {called("f{b:[~x~,null],a:1.0}", "g{}"): True, called("f{a:1,b:[~x~,null]}", "g{}", before="Let me see."): True,
                               called("g{}", "f{a:1,b:[~x~,null]}"): False, called("f{a:1,b:[~x~,null]}"): False,
                               called("f{a:~1~,b:[~x~,null]}", "g{}"): False, called("f{a:true,b:[~x~,null]}", "g{}"): False,
                               called("f{a:1,b:[null,~x~]}", "g{}"): False, called("f{a:1,b:[~x~,null],c:0}", "g{}"): False,
                               called("F{a:1,b:[~x~,null]}", "g{}"): False}.items():
            self.assertEqual(judge.is_right(two, written), right, written)
        self.assertTrue(judge.is_right({"calls": []}, "There is no function for that.<turn|>"))
        self.assertFalse(judge.is_right({"calls": []}, called("f{}")))

    def test_json_is_compared_as_values(self):
        expect = {"json": {"name": "Ann", "tags": ["a", "b"], "n": 2}}
        for written, right in {'{"n": 2.0,\n "tags": ["a", "b"], "name": "Ann"}\n': True, '{"name":"Ann","tags":["b","a"],"n":2}': False,
                               '{"name":"Ann","tags":["a","b"],"n":true}': False, "Here it is: {}": False, "NaN": False}.items():
            self.assertEqual(judge.is_right(expect, written + "<turn|>"), right, written)

    def test_functions_are_run(self):
        def runs(function: str, *cases: list) -> bool:
            return judge.is_right({"python": {"cases": list(cases)}}, function + "<turn|>")
        self.assertTrue(runs("lambda a, b: (a + b, len(a), b == a)", [["x", "y"], ["xy", 1, False]], [["", ""], ["", 0.0, True]]))
        self.assertTrue(runs("lambda a: a * 3", [[0.1], 0.3]), "as close as rounding")
        self.assertFalse(runs("lambda a: a * 2", [[1], 2], [[2], 5]))
        self.assertFalse(runs("lambda a: a > 1", [[2], 1]), "a truth is no number")
        self.assertFalse(runs("lambda: open('/etc/passwd').read() and 1", [[], 1]), "out of reach")
        self.assertFalse(runs("lambda: len('x' * (1 << 34)) and 1", [[], 1]), "too large")
        self.assertFalse(runs("lambda: 1" + " " * judge.LONGEST + "+ 0", [[], 1]), "too long")
        self.assertFalse(runs("def f(x): return x", [[1], 1]), "a statement is no expression")


if __name__ == "__main__":
    unittest.main()
