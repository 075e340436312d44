"""Tests of the exports: what is written says the same as what training used. python -m unittest nano.export_test"""
import os
import random
import tempfile
import unittest

import gguf
import numpy as np
import torch
from transformers.utils.chat_template_utils import render_jinja_template

from . import chat, export_gguf, export_hf, model, tokenizer
from .items import Call, Item, Model, Results, User
from .skills.text import TEXT

PROPERTIES = {
    "what": {"type": "string", "description": "What to find.", "enum": ["key", "Map"]},
    "where": {"type": "object", "properties": {"room": {"type": "integer"}}, "required": ["room"]},
    "Names": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}}}
TOOL = {"name": "find", "description": "Finds things.",
        "parameters": {"type": "object", "required": ["what"], "properties": PROPERTIES}}


def messages(turns: list) -> list[dict]:
    """The turns as a client's request has them."""
    out: list[dict] = []
    ids: list[str] = []
    for turn in turns:
        if isinstance(turn, User):
            media = [{"type": m.kind} for m in turn.media]
            out.append({"role": "user", "content": media + [{"type": "text", "text": turn.text}]})
        elif isinstance(turn, Results):
            out += [{"role": "tool", "tool_call_id": i, "content": text} for i, (_, text) in zip(ids, turn.values)]
        else:
            ids = [f"{len(out)}.{k}" for k in range(len(turn.calls))]
            calls = [{"id": i, "type": "function", "function": {"name": c.name, "arguments": c.args}}
                     for i, c in zip(ids, turn.calls)]
            out.append({"role": "assistant", "content": turn.text, "reasoning_content": turn.thought,
                        "tool_calls": calls})
    return out


def render(item: Item, turns: list, large: bool) -> str:
    system = [{"role": "system", "content": item.system}] if item.system else []
    tools = [{"type": "function", "function": tool} for tool in item.tools] or None
    texts, _ = render_jinja_template([system + messages(turns)], tools=tools, bos_token="<bos>",
                                     chat_template=export_hf.chat_template(large), add_generation_prompt=True,
                                     enable_thinking=item.think)
    return texts[0]


class ChatTemplate(unittest.TestCase):
    def test_a_prompt_is_what_training_shows_before_an_answer(self):
        rng = random.Random(1)
        for name, skill in TEXT.items():
            for large in (False, True):
                item = skill.make(rng, True)
                turns = item.turns[:chat.scored_turn(item) + 1]
                segments = chat.render(Item(name, turns, item.tools, item.system, item.think), large)
                last = max(label for _, label in segments)
                expected = "<bos>" + "".join(text for text, label in segments if label != last).removesuffix("\n")
                prompt = render(item, turns[:-1], large).removesuffix("<|channel>thought\n")
                if large and isinstance(turns[-2], Results):  # the empty thought is no part of the history
                    expected = expected.replace(chat.EMPTY_THOUGHT, "")
                self.assertEqual(prompt.removesuffix("\n"), expected.removesuffix("\n"), name)

    def test_a_tool_loop(self):
        call = Call("find", {"what": "key", "Names": []})
        turns = [User("Find the key."), Model(thought="It is near.", calls=[call]), Results([("find", "done")])]
        item = Item("", turns, [TOOL], "Be brief.", True)
        expected = (
            '<bos><|turn>system\n<|think|>\nBe brief.<|tool>declaration:find{description:"Finds things.",parameters:{'
            'properties:{Names:{items:{properties:{name:{type:"STRING"}},type:"OBJECT"},type:"ARRAY"},'
            'what:{description:"What to find.",enum:["key","Map"],type:"STRING"},'
            'where:{properties:{room:{type:"INTEGER"}},required:["room"],type:"OBJECT"}},required:["what"],'
            'type:"OBJECT"}}<tool|><turn|>\n<|turn>user\nFind the key.<turn|>\n<|turn>model\n'
            '<|channel>thought\nIt is near.\n<channel|><|tool_call>call:find{Names:[],what:"key"}<tool_call|>'
            '<|tool_response>response:find{value:"done"}<tool_response|><|channel>thought\n').replace('"', '<|"|>')
        for large in (False, True):
            self.assertEqual(render(item, turns, large), expected)

    def test_the_end_of_the_template_tells_the_large_form(self):
        for large in (False, True):
            end = export_hf.chat_template(large).rpartition("add_generation_prompt")[2]
            self.assertEqual("<|channel>thought" in end, large)


class Files(unittest.TestCase):
    def test_gguf_holds_the_weights_of_the_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            rng = random.Random(1)
            texts = [chat.text_of(skill.make(rng, False)) for skill in TEXT.values() for _ in range(20)]
            tokenizer.build(texts, folder + "/tokenizer")
            for kind in ("e", "moe"):
                torch.save({"model": model.build(kind).state_dict(), "kind": kind}, folder + "/last.pt")
                hf = os.path.join(folder, kind)
                export_hf.export(folder + "/last.pt", folder + "/tokenizer", hf)
                weights = export_gguf.load(hf)
                for type, tolerance in (("bf16", 0), ("q8_0", 0.01), ("q4_0", 0.15)):
                    export_gguf.export(hf, folder + "/text.gguf", type)
                    generated = {"rope_freqs.weight"}
                    self.compare(folder + "/text.gguf", weights, export_gguf.text_name, tolerance, generated)
                export_gguf.export_mmproj(hf, folder + "/mmproj.gguf")
                self.compare(folder + "/mmproj.gguf", weights, export_gguf.encoder_name, 0, set())

    def compare(self, path: str, weights: dict, name_of, tolerance: float, generated: set) -> None:
        stored = {t.name: t for t in gguf.GGUFReader(path).tensors}
        names = {name_of(name): x for name, x in weights.items() if name_of(name)}
        self.assertEqual(set(stored), set(names) | generated)
        for name, x in names.items():
            x = export_gguf.encoder_values(name, x)
            got = gguf.quants.dequantize(stored[name].data, stored[name].tensor_type).reshape(x.shape)
            self.assertLessEqual(float(np.abs(got - x).max()), tolerance * float(np.abs(x).max()), name)


if __name__ == "__main__":
    unittest.main()
