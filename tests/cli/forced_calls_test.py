"""Forced calls of a real model, the 270M one: each is whole and as it is declared, in as few tokens as there are."""

import json
import sys
import unittest
from pathlib import Path

from facet_cli import ASSETS, BINARY, CliTest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench" / "structure"))
from forced_calls import Server, with_chat_format  # noqa: E402

MODEL = ASSETS / "gemma-3-270m-q4_k_m.gguf"


def function(name, required, **properties):
    return {"name": name, "parameters": {"type": "object", "properties": properties, "required": required,
                                         "additionalProperties": False}}


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
SETS = [
    [function("search", ["query"], query=TEXT, limit={"type": "integer", "minimum": 1, "maximum": 50}),
     function("open_page", ["url"], url={"type": "string", "pattern": "^https?://[a-z.]+/"})],
    [function("add_event", ["title", "day", "guests"], title=TEXT, day={"type": "string", "format": "date"},
              guests={"type": "array", "items": TEXT, "minItems": 2, "uniqueItems": True})],
    [function("draw", ["points"], points={"type": "array", "minItems": 2, "items": {
        "type": "object", "properties": {"x": NUMBER, "y": NUMBER}, "required": ["x", "y"]}}),
     function("clear", [])],
]


class ForcedCalls(CliTest):
    def test_each_is_whole(self):
        if not MODEL.exists():
            self.skipTest(f"needs {MODEL}")
        model = with_chat_format(MODEL, self.folder)
        with Server(BINARY, model, self.folder) as server:
            for functions in SETS:
                for seed in (1, 2):
                    message, finish = server.answer(functions, seed, 64)
                    self.assertEqual((finish, len(message["tool_calls"])), ("tool_calls", 1), message)
                    call = message["tool_calls"][0]["function"]
                    declared = {f["name"]: f["parameters"] for f in functions}[call["name"]]
                    arguments = json.loads(call["arguments"])
                    self.assertLessEqual(set(declared["required"]), set(arguments))
                    self.assertLessEqual(set(arguments), set(declared["properties"]))


if __name__ == "__main__":
    unittest.main()
