"""Hints point at what an answer has to find. python -m unittest nano.hints_test"""
import random
import tempfile
import unittest

import torch

from . import batch_shapes, chat, data, hints, model, tokenizer
from .evaluate import test_items
from .graphs import widened
from .hint_losses import Hinted, attention_loss
from .items import Call, Item, Model, User
from .skills import pictures
from .skills.registry import PICTURES, TEXT

ALARM = {"name": "rupo9", "description": "Sets an alarm.", "parameters": {"type": "object"}}
MUSIC = {"name": "mec_hoga", "description": "Plays music.", "parameters": {"type": "object"}}
OWNER = {"name": "bem4", "description": "Gets the owner of a thing.", "parameters": {"type": "object"}}


class HintsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        rng = random.Random(1)
        tokenizer.build([chat.text_of(skill.make(rng, False)) for skill in (TEXT | PICTURES).values() for _ in range(100)], cls.folder.name)
        cls.encoder = tokenizer.Encoder(cls.folder.name)
        cls.reader = hints.Reader(cls.encoder.tokenizer)

    def read(self, item: Item) -> tuple[hints.Hints, list[str]]:
        row = data.make_row(item, self.encoder)
        return self.reader.hints(row), [self.reader.pieces[i] for i in row.ids]

    def looks(self, item: Item) -> list[tuple[str, str]]:
        """Of the looks of the first head: the token that is predicted, and the text of the places."""
        found, pieces = self.read(item)
        return [(pieces[x.at + 1], "".join(pieces[i] for i in x.places)) for x in found.looks if x.head == hints.FIRST and not x.near]

    def item(self, request: str, call: str | None) -> Item:
        """A request to two tools; call: the name of the one that is called."""
        answer = Model(calls=[Call(call, {})]) if call else Model("I have no tool for that.")
        return Item("x", [User(request), answer], [ALARM, MUSIC, OWNER], purposes={"rupo9": "alarm", "mec_hoga": "music", "bem4": "owner"})

    def test_a_call_looks_at_the_end_of_the_description_of_its_tool(self):
        looks = [(token, "▁music.") for token in ("<|tool_call>", "m", "e", "c", "_")]
        self.assertEqual(self.looks(self.item("Play something.", "mec_hoga")), looks)

    def test_what_no_tool_fits_looks_at_the_beginning(self):
        self.assertEqual(self.looks(self.item("Open the door.", None)), [("I", "<bos>")])

    def test_descriptions_know_the_name_before_them_and_what_the_tool_is_for(self):
        found, pieces = self.read(self.item("Play something.", "mec_hoga"))
        end = max(i for i, p in enumerate(pieces) if p == "▁music") + 1
        known = {name: answer for name, at, answer in found.facts if at == end}
        self.assertEqual([self.reader.pieces[known[f"first{k}"]] for k in range(4)], list("mec_"))
        self.assertEqual(hints.GROUPS[known["kind"]], "music")
        request = max(i for i in range(pieces.index("<|tool_call>")) if pieces[i] == "<turn|>")
        self.assertEqual({hints.GROUPS[answer] for name, at, answer in found.facts if name == "kind" and at == request}, {"music"})

    def test_of_a_made_up_tool_it_is_known_what_it_is_about(self):
        found, pieces = self.read(self.item("Who is the owner of Kol?", "bem4"))
        begin, topic = pieces.index("<|tool_call>"), self.encoder.encode(" owner")[0]
        described = max(i for i in range(begin) if pieces[i] == "▁thing")
        known = {at for name, at, answer in found.facts if (name, answer) == ("topic", topic)}
        self.assertEqual(known, {described, described + 1, begin - 6, begin - 5})
        self.assertIn(("asked_topic", begin - 1, topic), found.facts)

    def test_arguments_look_at_their_names_in_the_declaration_and_their_values_in_the_request(self):
        properties = {"song": {"type": "string"}, "level": {"type": "integer"}, "loud": {"type": "boolean"}}
        tool = MUSIC | {"parameters": {"type": "object", "properties": properties, "required": ["song", "level", "loud"]}}
        call = Call("mec_hoga", {"song": "Kola", "level": 37, "loud": True})
        item = Item("x", [User("Play Kola at volume 37."), Model(calls=[call])], [ALARM, tool])
        found, pieces = self.read(item)
        request, call = pieces.index("user"), pieces.index("<|tool_call>") + 6
        looks = [(pieces[x.at + 1], x.places[0]) for x in found.looks if x.head == hints.FIRST and x.at > call]
        values = [(token, pieces[at].strip("▁")) for token, at in looks if at > request]
        names = [(token, pieces[at]) for token, at in looks if at < request]
        self.assertEqual("".join(token for token, _ in values), "37Kola")
        self.assertTrue(all(token[0] in piece for token, piece in values), values)
        self.assertTrue(all(token == piece for token, piece in names), names)
        self.assertEqual("".join(token for token, _ in names), "level:loud:song:")

    def test_a_quotation_looks_at_the_words_behind_its_beginning(self):
        text = "Remember this: The lamp is new. Last night Nora sold a lamp. Last night Emma lost a chair. Copy the sentence about Emma."
        item = Item("x", [User(text), Model("Last night Emma lost a chair.")])
        self.assertEqual(self.looks(item)[0], ("Last", "▁night▁Emma▁lost▁a▁chair"))

    def test_things_look_at_the_first_of_them_and_counts_at_all(self):
        item = Item("x", [User("Count the things in this list: apple, lamp, apple."), Model("Counts: apple 2, lamp 1.")])
        found, pieces = self.read(item)
        apples, answer = [i for i, p in enumerate(pieces) if p == "▁apple"][:2], pieces.index("Counts")
        looks = {pieces[x.at + 1]: x.places for x in found.looks if x.head == hints.FIRST and x.at > answer}
        self.assertEqual((looks["▁apple"], looks["2"]), (apples[:1], apples))
        self.assertIn(("nth", apples[1], 2), found.facts)

    def test_letters_look_at_their_cells(self):
        for item in test_items("read_word", 20):
            word = item.turns[-1].text
            found, pieces = self.read(item)
            first = pieces.index("<|image|>")
            truth, last = item.turns[0].media[0].truth, found.looks[len(found.looks) - 1]
            self.assertEqual(len({x.at for x in found.looks}), len(self.encoder.encode(word)) + 1)
            self.assertEqual(last.places, found.looks[-2].places)              # the end of the word is seen where its last letter is
            columns = data.prepare(item.turns[0].media[0]).grid[0]
            self.assertEqual((found.looks[0].places[0] - first) % columns, int(truth.glyphs[0].x * columns / truth.size[0]))

    def test_relations_look_at_both_shapes(self):
        for item in test_items("relation", 20):
            found, pieces = self.read(item)
            first, truth = pieces.index("<|image|>"), item.turns[0].media[0].truth
            columns, rows = data.prepare(item.turns[0].media[0]).grid
            question = item.turns[0].text
            asked, other = sorted(truth.things, key=lambda t: question.find(t.shape) % 1000)
            for thing, head in ((asked, hints.FIRST), (other, hints.SECOND)):
                places = [p for x in found.looks if x.head == head for p in x.places]
                x = sum((p - first) % columns + .5 for p in places) / len(places) / columns * truth.size[0]
                y = sum((p - first) // columns + .5 for p in places) / len(places) / rows * truth.size[1]
                self.assertLess(max(abs(x - thing.x), abs(y - thing.y)), thing.r)

    def test_what_changed_is_known_where_it_changed(self):
        for item in test_items("compare", 30):
            found, _ = self.read(item)
            before, after = (m.truth for m in item.turns[0].media)
            changed = {answer for name, _, answer in found.facts if name == "changed"}
            self.assertEqual(changed - {0} != set(), before.things != after.things)
            answer = item.turns[-1].text
            if answer in ("The color.", "The shape.", "The number."):
                self.assertIn(["The color.", "The shape.", "The number."].index(answer) + 1, changed)

    def test_all_that_is_counted_is_known_at_the_end_of_a_picture(self):
        for n in range(1, 7):
            things = pictures.several(random.Random(n), False, (160, 160), n)
            picture = pictures.drawing.draw_things(random.Random(n), (160, 160), things)
            found, pieces = self.read(pictures.talk(random.Random(n), "x", [pictures.media(picture, 70)], [("How many shapes are there?", "One.")]))
            self.assertIn(("so_far", pieces.index("<image|>"), n), found.facts)

    def test_attention_is_lost_outside_of_the_places_alone(self):
        q, k = torch.zeros(1, 4, 5, 8), torch.zeros(1, 2, 5, 8)
        asked, inside = torch.tensor([[0, 3, 1], [0, 0, 0]]), torch.tensor([[0, 0, 1, 1, 0], [1, 0, 0, 0, 0]], dtype=torch.bool)
        self.assertAlmostEqual(float(attention_loss(q, k, asked, inside, 5)), float(torch.tensor(2.).log()), places=5)
        self.assertAlmostEqual(float(attention_loss(q, k, asked, inside, 2)), 0, places=5)

    def test_batches_of_fixed_shapes_are_worth_the_same(self):
        for kind, group in (("e", "text"), ("e", "image"), ("moe", "text")):
            net, rng, seen = model.build(kind, seed=3), random.Random(5), 0
            hinted = Hinted(net)
            mix = data.Mix({"tool_choice": 1, "quote": 1, "relation": 1, "compare": 1, "read_word": 1}, n_items=1)
            for _ in range(4):
                row = data.make_row(data.conversation(rng, mix, group), self.encoder, kind == "moe")
                shape = next(s for s in batch_shapes.SHAPES[group] if s.fits(row))
                losses = []
                for batch, fixed in ((data.collate([row]), False), (batch_shapes.collate([row], shape), True)):
                    batch |= hints.tensors([self.reader.hints(row)], batch["ids"].shape[1], random.Random(1), fixed)
                    batch.pop("n_tokens")
                    with torch.no_grad():
                        model.loss_of(net, widened(batch))
                        losses.append({name: float(x) for name, x in hinted.losses(batch).items()})
                free, fixed = losses
                self.assertTrue(free)
                for name, x in fixed.items():
                    self.assertAlmostEqual(x, free.get(name, 0), delta=1e-3)


if __name__ == "__main__":
    unittest.main()
