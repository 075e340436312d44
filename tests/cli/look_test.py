"""The commands that look at pictures: what classify and ocr print, and what they make of files that are no pictures."""

import base64
import json
import os
import shutil
import struct
import subprocess
import threading
import unittest
import zlib

from facet_cli import BINARY, CliTest, escaped, run

TRAINED = "nano-lab"  # tells colours
TINY = "checkpoints/tiny-e2b"  # of random numbers
TEXT_ONLY = "checkpoints/tiny-gemma3"
COLORS = ["Black", "Red", "Green", "Blue", "Yellow"]
RGB = {"Black": (10, 10, 10), "Red": (220, 30, 30), "Green": (30, 160, 60), "Blue": (40, 80, 220), "Yellow": (240, 210, 40)}


def png(width, height, color_at):
    rows = b"".join(b"\0" + b"".join(bytes(color_at(x, y)) for x in range(width)) for y in range(height))

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def flat(color):
    return png(48, 48, lambda x, y: color)


def avi(frames, width=48, height=48, fps=2):
    """A video of frames of one colour each, without compression."""
    def chunk(name, data):
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    size = 3 * width * height
    main = struct.pack("<14I", 1000000 // fps, size * fps, 0, 0x10, len(frames), 0, 1, size, width, height, 0, 0, 0, 0)
    stream = struct.pack("<4s4sIHHIIIIIIII4H", b"vids", b"DIB ", 0, 0, 0, 0, 1, fps, 0, len(frames), size, 0, size, 0, 0, width,
                         height)
    picture = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, size, 0, 0, 0, 0)
    header = b"hdrl" + chunk(b"avih", main) + chunk(b"LIST", b"strl" + chunk(b"strh", stream) + chunk(b"strf", picture))
    movie = b"movi" + b"".join(chunk(b"00db", bytes(reversed(color)) * (width * height)) for color in frames)
    return chunk(b"RIFF", b"AVI " + chunk(b"LIST", header) + chunk(b"LIST", movie))


def pdf(pages):
    """A document with a page for each text."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    for text in pages:
        drawing = b"BT /F1 24 Tf 20 100 Td (" + text.encode() + b") Tj ET"
        objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 150]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
                       % (len(objects) + 2))
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing))
    kids = b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(len(pages)))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids)
    data, table = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for i, content in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(data)
        data += b"%d 0 obj%sendobj\n" % (i, content)
    return data + b"xref\n0 %d\n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, table, len(objects) + 1, len(data))


class LookTest(CliTest):
    def pipe(self, name, content):
        """A named pipe that what is written to can be read from once."""
        path = self.folder / name
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(content,), daemon=True).start()
        return path

    def run_json(self, *args, status=0, **options):
        outcome = run(*args, **options)
        self.assertEqual(outcome.status, status, outcome.err)
        return [json.loads(line) for line in outcome.out.splitlines()], outcome.err


class ClassifyTest(LookTest):
    # As the model was trained to be asked, with nothing said before.
    ASKED = ["--system", "", "--prompt", "Which color does the shape have?"]

    def classify(self, *args, model=TRAINED, labels=COLORS, **options):
        return self.run_json("classify", "-m", self.golden(model), "--labels", ",".join(labels), "--json", *args, **options)

    def test_a_trained_model_names_the_color(self):
        picture = self.golden(TRAINED) / "media/color.png"
        for order in (COLORS, COLORS[::-1]):
            rows, err = self.classify(*self.ASKED, picture, labels=order)
            self.assertEqual((len(rows), err), (1, ""))
            self.assertEqual(list(rows[0]), ["file", "label", "probability", "scores"])
            self.assertEqual((rows[0]["file"], rows[0]["label"]), (str(picture), "Black"))
            self.assertGreater(rows[0]["probability"], 0.9)
            self.assertAlmostEqual(sum(s["probability"] for s in rows[0]["scores"]), 1, places=9)
            self.assertEqual({s["label"] for s in rows[0]["scores"]}, set(COLORS))
        outcome = run("classify", "-m", self.golden(TRAINED), "--labels", ",".join(COLORS), "--top", "1", *self.ASKED, picture)
        self.assertRegex(outcome.out, rf"\A{escaped(picture)}  Black [01]\.\d\d\n\Z")

    def test_drawn_shapes(self):
        for color in COLORS:
            file = self.write(f"{color}.png", png(192, 192, lambda x, y: RGB[color] if 40 < x < 150 and 40 < y < 150 else (255,) * 3))
            rows, _ = self.classify(*self.ASKED, file)
            self.assertEqual(rows[0]["label"], color, rows)

    def test_a_folder(self):
        (self.folder / "in/deep").mkdir(parents=True)
        shutil.copy(self.golden(TRAINED) / "media/color.png", self.folder / "in/b.dat")
        self.write("in/a.png", flat((255, 0, 0)))
        self.write("in/deep/c.png", flat((0, 255, 0)))
        self.write("in/notes.png", "no picture, whatever its name")
        os.mkfifo(self.folder / "in/pipe.png")
        names = lambda rows: [os.path.relpath(row["file"], self.folder) for row in rows]
        rows, err = self.classify(self.folder / "in", model=TINY)
        self.assertEqual((names(rows), err), (["in/a.png", "in/b.dat"], ""))
        rows, _ = self.classify(self.folder / "in", "--recursive", model=TINY)
        self.assertEqual(names(rows), ["in/a.png", "in/b.dat", "in/deep/c.png"])
        (self.folder / "empty").mkdir()
        rows, err = self.classify(self.folder / "empty", model=TINY, status=1)
        self.assertIn("no picture in the folder", err)

    def test_a_video(self):
        file = self.write("clip.avi", avi([RGB["Red"]] * 4 + [RGB["Blue"]] * 4))
        rows, err = self.classify("--frames", "4", file, model=TINY)
        self.assertEqual([row.get("seconds") for row in rows], [0, 1, 2, 3, None], err)
        self.assertEqual(rows[-1]["frames"], 4)
        self.assertEqual(rows[0]["scores"], rows[1]["scores"])  # the same picture
        self.assertNotEqual(rows[0]["scores"], rows[2]["scores"])
        of_label = lambda row, label: next(s["probability"] for s in row["scores"] if s["label"] == label)
        for label in COLORS:
            mean = sum(of_label(row, label) for row in rows[:4]) / 4
            self.assertAlmostEqual(of_label(rows[-1], label), mean, places=9)
        outcome = run("classify", "-m", self.golden(TINY), "--labels", "a,b", "--frames", "2", file)
        self.assertRegex(outcome.out, r"clip.avi  00:00  [ab] .*\n.*clip.avi  00:02  .*\n.*clip.avi  mean  ")

    def test_bad_files_do_not_stop_the_others(self):
        good, bad = self.write("good.png", flat((9, 9, 9))), self.write("bad.png", flat((9, 9, 9))[:60])
        text = self.write("text.png", "hello")
        rows, err = self.classify(bad, text, self.folder / "none.png", good, model=TINY, status=1)
        self.assertEqual([row["file"] for row in rows], [str(bad), str(text), str(self.folder / "none.png"), str(good)])
        self.assertEqual(["error" in row for row in rows], [True, True, True, False])
        self.assertEqual(err.count("\n"), 3)
        for name in ("bad.png", "text.png", "none.png"):
            self.assertRegex(err, rf"facet: error: [^\n]*{name}")
        outcome = run("classify", "-m", self.golden(TINY), "--labels", "a,b", bad, good)
        self.assertEqual((outcome.status, outcome.out.count("\n")), (1, 1))

    def test_a_pipe_is_read_once(self):
        content = flat((9, 9, 9))
        file, uri = self.write("a.png", content), "data:image/png;base64," + base64.b64encode(content).decode()
        expected, _ = self.classify(file, model=TINY)
        pipe = self.pipe("pipe.png", content)
        rows, err = self.classify(pipe, uri, model=TINY)
        self.assertEqual(([row["file"] for row in rows], err), ([str(pipe), "data: URI"], ""))
        self.assertEqual([row["scores"] for row in rows], [expected[0]["scores"]] * 2)

    def test_lines_are_answered_one_by_one(self):
        good, bad = self.write("good.png", flat((9, 9, 9))), self.folder / "none.png"
        command = [BINARY, "classify", "-m", str(self.golden(TINY)), "--labels", "a,b", "--json", "-"]
        env = {**os.environ, "FACET_HOME": str(self.folder)}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as p:
            for path, key in [(good, "label"), (bad, "error"), (good, "label")]:
                p.stdin.write(f"{path}\n")
                p.stdin.flush()
                self.assertIn(key, json.loads(p.stdout.readline()))  # before the next is named
            p.stdin.close()
            self.assertEqual(p.wait(60), 1)
            self.assertIn("none.png", p.stderr.read())

    def test_flags(self):
        good = self.write("good.png", flat((9, 9, 9)))
        rows, _ = self.classify("--top", "2", good, model=TINY)
        self.assertEqual(len(rows[0]["scores"]), 2)
        rows, _ = self.classify("--threshold", "1", good, model=TINY)
        self.assertEqual((rows[0]["label"], rows[0]["probability"], rows[0]["scores"]), (None, None, []))
        labels = self.write("labels.txt", "red\r\n\nred car\n")
        outcome = run("classify", "-m", self.golden(TINY), "--labels-file", labels, "--stats", "--quick", "--calibrate", good)
        self.assertRegex(outcome.out, r"good.png  red")
        self.assertRegex(outcome.err, r"media: [^\n]*\nlabels: 3 pictures; decoder ")
        self.assert_error(2, "1 label to choose from", "classify", "--labels", "a", good)
        self.assert_error(2, '"a" is there twice', "classify", "-m", self.golden(TINY), "--labels", "a,b,a", good)

    def test_a_model_that_cannot_see(self):
        good = self.write("good.png", flat((9, 9, 9)))
        self.assert_error(2, "good.png.*cannot see it", "classify", "-m", self.golden(TEXT_ONLY), "--labels", "a,b", good)
        self.assert_error(2, "good.png.*cannot see it", "ocr", "-m", self.golden(TEXT_ONLY), good)


class OcrTest(LookTest):
    def ocr(self, *args, status=0):
        outcome = run("ocr", "-m", self.golden(TINY), "--ctx", "1024", "-n", "4", "--budget", "low", *args)
        self.assertEqual(outcome.status, status, outcome.err)
        return outcome

    def setUp(self):
        super().setUp()
        self.picture = self.write("page.png", flat((9, 9, 9)))

    def test_pages_and_their_separators(self):
        outcome = self.ocr(self.picture, self.picture)
        first, second = outcome.out.split("\f")
        self.assertEqual(first, second)
        self.assertRegex(outcome.err, r"page\.png: page 1 was not read to its end: 4 tokens")
        out = self.folder / "out.txt"
        self.assertEqual(self.ocr(self.picture, self.picture, "-o", out).out, "")
        self.assertEqual(out.read_text(), outcome.out)

    def test_an_output_that_is_read_is_refused(self):
        before = self.picture.read_bytes()
        (self.folder / "link.png").symlink_to(self.picture)
        for output in (self.picture, self.folder / "link.png"):
            self.assert_error(2, "this is the input", "ocr", "-m", self.golden(TINY), self.picture, "-o", output)
        self.assertEqual(self.picture.read_bytes(), before)

    def test_an_output_stays_until_a_page_was_read(self):
        out = self.write("out.txt", "of yesterday")
        self.ocr(self.write("bad.png", "no picture"), "-o", out, status=1)
        self.assertEqual(out.read_text(), "of yesterday")
        self.ocr(self.picture, "-o", out)
        self.assertNotIn("yesterday", out.read_text())

    def test_a_pipe_is_read_once(self):
        expected = self.ocr(self.picture).out
        self.assertEqual(self.ocr(self.pipe("pipe.png", self.picture.read_bytes())).out, expected)
        document = pdf(["one"])
        for source in (self.pipe("a.pdf", document), "data:application/pdf;base64," + base64.b64encode(document).decode()):
            outcome = self.ocr(source, status=1)
            self.assertEqual(outcome.out, "")
            self.assertRegex(outcome.err, r"facet: error: (.*a\.pdf|data: URI): a PDF document in a pipe or a data: URI.*file\n")

    def test_json_and_reuse(self):
        outcome = self.ocr(self.picture, self.picture, "--format", "json", "--stats")
        rows = [json.loads(line) for line in outcome.out.splitlines()]
        self.assertEqual([list(row) for row in rows], [["file", "page", "text", "finish"]] * 2)
        self.assertEqual((rows[0]["page"], rows[0]["finish"]), (1, "length"))
        n_reused = int(outcome.err.split("tokens, ")[1].split()[0])
        self.assertGreater(n_reused, 100)  # the instructions, twice

    def test_pdf(self):
        if not shutil.which("pdftoppm"):
            self.skipTest("needs pdftoppm (package poppler-utils)")
        file = self.write("a.pdf", pdf(["one", "two", "three"]))
        rows = [json.loads(line) for line in self.ocr(file, "--pages", "1,3", "--format", "json").out.splitlines()]
        self.assertEqual([row["page"] for row in rows], [1, 3])
        outcome = self.ocr(file, "--pages", "4", status=1)
        self.assertIn("a.pdf: page 4 of 3 was asked for", outcome.err)
        explained = self.ocr(file, "--pages", "2", "--explain").err
        self.assertRegex(explained, r"a\.pdf, page 2: 2400x1200 pixels, looked at as")

    def test_bad_files_do_not_stop_the_others(self):
        bad = self.write("bad.png", flat((9, 9, 9))[:60])
        damaged = self.write("bad.pdf", b"%PDF-1.4\nnothing")
        outcome = self.ocr(bad, damaged, self.folder / "none.png", self.picture, "--format", "json", status=1)
        self.assertEqual([json.loads(line)["file"] for line in outcome.out.splitlines()], [str(self.picture)])
        for name in ("bad.png", "bad.pdf", "none.png"):
            self.assertRegex(outcome.err, rf"facet: error: [^\n]*{name}")

    def test_a_pdf_without_a_program(self):
        file = self.write("a.pdf", pdf(["one"]))
        outcome = run("ocr", "-m", self.golden(TINY), file, env={"PATH": str(self.folder)})
        self.assertEqual((outcome.status, outcome.out), (1, ""))
        self.assertRegex(outcome.err, "a.pdf: .*poppler-utils.*mupdf-tools")

    def test_requests(self):
        self.assert_error(2, "format", "ocr", "--format", "html", self.picture)
        outcome = self.ocr(self.write("a.pdf", pdf(["one"])), "--pages", "x", status=1) if shutil.which("pdftoppm") else None
        if outcome:
            self.assertIn("--pages x", outcome.err)
        self.assert_error(2, "cannot be written", "ocr", "-m", self.golden(TINY), self.picture, "-o", self.folder / "no/out.txt")


if __name__ == "__main__":
    unittest.main()
