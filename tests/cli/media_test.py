"""Pictures, sounds and videos on the command line: what is shown reaches the answer, and what is wrong is said."""

import base64
import json
import pathlib
import struct
import unittest
import zlib

from facet_cli import GOLDENS, CliTest, run

SMALL = GOLDENS / "checkpoints/tiny-e2b"     # random: sees and hears, and talks nonsense
LARGE = GOLDENS / "checkpoints/tiny-31b"     # sees only
TEXT = GOLDENS / "checkpoints/tiny-gemma3"
TRAINED = GOLDENS / "nano-lab"               # really answers
MEDIA = GOLDENS / "media"


def png(width, height, colour):
    """A picture of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + bytes(colour) * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def wav(seconds, rate=16000, channels=1, tone=0.1):
    import math
    n = int(seconds * rate)
    data = b"".join(struct.pack("<h", int(9000 * math.sin(tone * i))) * channels for i in range(n))
    header = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * 2 * channels, 2 * channels, 16)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + header + b"data" + struct.pack("<I", len(data)) + data


class MediaTest(CliTest):
    def setUp(self):
        super().setUp()
        if not SMALL.exists():
            self.skipTest(f"needs {SMALL}")

    def file(self, name, data):
        path = pathlib.Path(self.folder) / name
        path.write_bytes(data)
        return path

    def run_facet(self, *args, **options):  # with a place of its own for what was encoded
        return run(*args, env={"FACET_HOME": str(self.folder / "home")}, **options)

    def answer(self, model, *args, ctx=1024):
        outcome = self.run_facet("run", "-m", model, "--ctx", ctx, "--temperature", 0, "-n", 8, "--json", *args)
        self.assertEqual(outcome.status, 0, outcome.err)
        return json.loads(outcome.out)

    def refused(self, *args, status=2):
        outcome = self.run_facet("run", "--ctx", 1024, "-n", 4, *args)
        self.assertEqual(outcome.status, status, outcome.err)
        self.assertRegex(outcome.err, r"\Afacet: error: [^\n]+\n\Z")
        return outcome.err


def avi(n_frames, width=64, height=48, fps=2):
    """An uncompressed video that grows brighter."""
    def chunk(kind, data):
        return kind + struct.pack("<I", len(data)) + data
    size = 3 * width * height
    main = struct.pack("<10I16x", 1000000 // fps, 0, 0, 0, n_frames, 0, 1, size, width, height)
    stream = b"vidsDIB " + struct.pack("<10I4H", 0, 0, 0, 1, fps, 0, n_frames, size, 0, 0, 0, 0, width, height)
    picture = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, size, 0, 0, 0, 0)
    header = b"hdrl" + chunk(b"avih", main) + chunk(b"LIST", b"strl" + chunk(b"strh", stream) + chunk(b"strf", picture))
    frames = b"movi" + b"".join(chunk(b"00db", bytes([40 * i % 256]) * size) for i in range(n_frames))
    return chunk(b"RIFF", b"AVI " + chunk(b"LIST", header) + chunk(b"LIST", frames))


class Shown(MediaTest):
    def test_a_trained_model_sees_and_hears(self):
        for flag, name, question, expected in [
                ("--image", "color.png", "Which color does the shape have?", "Black."),
                ("--audio", "digits2.wav", "Which digits do you hear?", "74")]:
            got = self.answer(TRAINED, flag, TRAINED / "media" / name, "--budget", "low", question, ctx=512)
            self.assertEqual(got["content"], expected)

    def test_media_take_their_tokens(self):
        text = self.answer(SMALL, "Hi")["stats"]["prompt_tokens"]
        picture = MEDIA / "grad_640x480.png"
        for budget, n_soft in [("low", 63), ("140", 130), ("medium", 266), ("high", 540)]:
            got = self.answer(SMALL, "--image", picture, "--budget", budget, "Hi")["stats"]["prompt_tokens"]
            self.assertEqual(got, text + n_soft + 2, budget)
        sound = self.answer(SMALL, "--audio", MEDIA / "sweep_16k_1s.wav", "Hi")["stats"]["prompt_tokens"]
        self.assertEqual(sound, text + 25 + 2)

    def test_order_and_budgets_of_several(self):
        a, b = MEDIA / "grad_640x480.png", MEDIA / "checker_37x400.png"
        one = self.answer(SMALL, "--budget", "low", "--image", a, "--audio", MEDIA / "sweep_16k_1s.wav", "--image", b, "Hi")
        other = self.answer(SMALL, "--budget", "low", "--image", b, "--audio", MEDIA / "sweep_16k_1s.wav", "--image", a, "Hi")
        self.assertEqual(one["stats"]["prompt_tokens"], other["stats"]["prompt_tokens"])
        self.assertNotEqual(one["tokens"], other["tokens"])
        each = self.answer(SMALL, "--image", a, "--image", b, "--budget", "140", "--budget", "low", "Hi")
        both = self.answer(SMALL, "--image", a, "--image", b, "--budget", "low", "Hi")
        self.assertEqual(each["stats"]["prompt_tokens"] - both["stats"]["prompt_tokens"], 130 - 63)

    def test_a_data_uri_is_the_same_picture(self):
        data = (MEDIA / "palette_70x50.png").read_bytes()
        uri = "data:image/png;base64," + base64.b64encode(data).decode()
        by_path = self.answer(SMALL, "--image", MEDIA / "palette_70x50.png", "--budget", "low", "Hi")
        self.assertEqual(self.answer(SMALL, "--image", uri, "--budget", "low", "Hi")["tokens"], by_path["tokens"])

    def test_what_was_encoded_is_found_again(self):
        args = ("run", "-m", SMALL, "--ctx", 512, "-n", 1, "--stats", "--image", MEDIA / "grad_640x480.png", "--budget", "low", "Hi")
        self.assertIn("1 encoded, 0 known", self.run_facet(*args).err)
        self.assertIn("0 encoded, 1 known", self.run_facet(*args).err)

    def test_explain_says_how_a_picture_is_looked_at(self):
        outcome = self.run_facet("run", "-m", SMALL, "--ctx", 2048, "-n", 1, "--explain", "--budget", "auto", "--image",
                      MEDIA / "exact_480x336.png", "Hi")
        self.assertRegex(outcome.err, r"480x336 pixels, looked at as \d+x\d+: \d+ of at most \d+ tokens; ")

    def test_the_longest_answer_leaves_room_for_a_picture(self):
        picture = ("--image", MEDIA / "grad_640x480.png", "--budget", "low", "Hi")
        outcome = self.run_facet("run", "-m", SMALL, "--ctx", 512, "-n", 100000, "--json", *picture)
        self.assertGreater(json.loads(outcome.out)["stats"]["prompt_tokens"], 40)

    def test_a_smaller_budget_is_said_where_the_context_is_short(self):
        outcome = self.run_facet("run", "-m", SMALL, "--ctx", 220, "-n", 1, "--budget", "max", "--image", MEDIA / "grad_640x480.png", "Hi")
        self.assertEqual(outcome.status, 0, outcome.err)
        self.assertRegex(outcome.err, r"grad_640x480.png: .*of at most 140 tokens")

    def test_a_long_prompt_leaves_a_smaller_budget(self):
        prompt = "word " * 100
        context = self.answer(SMALL, prompt)["stats"]["prompt_tokens"] + 300  # 540 tokens do not fit beside it
        outcome = self.run_facet("run", "-m", SMALL, "--ctx", context, "-n", 8, "--budget", "high", "--image",
                                 MEDIA / "grad_640x480.png", prompt)
        self.assertEqual(outcome.status, 0, outcome.err)
        self.assertRegex(outcome.err, r"grad_640x480.png: .*266 of at most 280 tokens")

    def test_a_long_sound_is_played_in_clips(self):
        long = self.answer(SMALL, "--audio", self.file("long.wav", wav(65)), "Hi", ctx=2048)["stats"]["prompt_tokens"]
        short = self.answer(SMALL, "Hi")["stats"]["prompt_tokens"]
        self.assertAlmostEqual(long - short, 65 * 25 + 3 * 2, delta=3)

    def test_a_video_is_frames_with_their_times(self):
        text = self.answer(SMALL, "Hi")["stats"]["prompt_tokens"]
        got = self.answer(SMALL, "--video", self.file("clip.avi", avi(5)), "Hi")["stats"]["prompt_tokens"]
        self.assertGreaterEqual(got - text, 5 * (63 + 2 + 5))  # soft tokens, markers, and a time of some tokens
        two = self.answer(SMALL, "--video", self.file("clip.avi", avi(5)), "--frames", 2, "Hi")["stats"]["prompt_tokens"]
        self.assertAlmostEqual(two - text, (got - text) * 2 / 5, delta=4)

    def test_chat_shows_files_and_goes_on_after_bad_ones(self):
        bad = self.file("bad.png", b"\x89PNG\r\n\x1a\n and then nothing")
        talk = f"/image {bad}\n/image {MEDIA / 'grad_640x480.png'}\nWhat is it?\nAnd now?\n/stats\n"
        outcome = self.run_facet("chat", "-m", SMALL, "--ctx", 2048, "-n", 4, "--seed", 1, stdin=talk)
        self.assertEqual(outcome.status, 1)
        self.assertEqual(outcome.err.count("facet: error:"), 1, outcome.err)
        self.assertIn("266 tokens, shown with the next message", outcome.err)
        self.assertRegex(outcome.err, r"prompt 3\d\d tokens \((2[89]|3\d)\d reused")  # the picture is not computed again


class Refused(MediaTest):
    def test_a_sense_that_the_model_lacks(self):
        self.assertRegex(self.refused("-m", TEXT, "--image", MEDIA / "one_1x1.png", "Hi"), r"cannot see it: .*E2B")
        self.assertRegex(self.refused("-m", LARGE, "--audio", MEDIA / "sweep_16k_1s.wav", "Hi"), r"cannot hear it: .*E2B, E4B and 12B hear")

    def test_files_that_are_not_what_they_seem(self):
        whole = (MEDIA / "grad_640x480.png").read_bytes()
        for name, data in [("cut.png", whole[:len(whole) // 2]), ("empty.png", b""), ("text.png", b"hello"),
                           ("cut.jpg", (MEDIA / "photo420_200x150.jpg").read_bytes()[:900])]:
            self.assertIn(name, self.refused("-m", SMALL, "--image", self.file(name, data), "Hi"))
        for name, data in [("empty.wav", b""), ("text.wav", b"hello" * 99), ("none.wav", wav(0)), ("blip.wav", wav(0.005))]:
            self.assertIn(name, self.refused("-m", SMALL, "--audio", self.file(name, data), "Hi"))
            self.assertIn(name, self.refused("-m", SMALL, "--budget", "low", "--image", MEDIA / "one_1x1.png", "--audio",
                                             self.file(name, data), "Hi"))
        self.assertIn("text.mp4", self.refused("-m", SMALL, "--video", self.file("text.mp4", b"hello" * 99), "Hi"))
        self.refused("-m", SMALL, "--image", pathlib.Path(self.folder) / "absent.png", "Hi")

    def test_a_picture_that_claims_to_be_huge(self):
        data = bytearray(png(2, 2, (1, 2, 3)))
        data[16:24] = struct.pack(">II", 60000, 60000)
        data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
        self.assertIn("60000", self.refused("-m", SMALL, "--image", self.file("huge.png", bytes(data)), "Hi"))

    def test_a_name_that_says_something_else_does_not_matter(self):
        path = self.file("really_a_png.jpg", png(20, 20, (200, 0, 0)))
        self.answer(SMALL, "--image", path, "--budget", "low", "Hi")

    def test_shapes_at_the_edge(self):
        for width, height in [(1, 1), (1, 20000), (20000, 1)]:
            got = self.answer(SMALL, "--image", self.file("edge.png", png(width, height, (9, 9, 9))), "--budget", "low", "Hi")
            self.assertGreater(got["stats"]["prompt_tokens"], 60)

    def test_no_room_for_a_picture(self):
        outcome = self.run_facet("run", "-m", SMALL, "--ctx", 60, "--image", MEDIA / "grad_640x480.png", "Hi")
        self.assertEqual(outcome.status, 2)
        self.assertRegex(outcome.err, r"grad_640x480.png: it takes 63 tokens at least, .* larger --ctx")

    def test_more_sound_than_context(self):
        self.assertRegex(self.refused("-m", SMALL, "--audio", self.file("long.wav", wav(60)), "Hi"), r"60 s of sound take 1500 tokens")

    def test_flags_that_do_not_fit(self):
        picture = MEDIA / "one_1x1.png"
        self.assertIn("flag of its own", self.refused("-m", SMALL, "--image", picture, picture))
        self.assertIn("standard input", self.refused("-m", SMALL, "--image", "-", "Hi"))
        self.assertIn("3 times --budget", self.refused("-m", SMALL, "--image", picture, *["--budget", "low"] * 3, "Hi"))
        self.assertIn("--raw", self.refused("-m", SMALL, "--raw", "--image", picture, "Hi"))


if __name__ == "__main__":
    unittest.main()
