"""facet translate and facet summarize: what is read, written and refused. The models are so small that they talk nonsense, so
translations are of no use; that mark-up survives them, and how failures are told, is what can be seen."""
import io
import json
import unittest
import wave
import zipfile

from facet_cli import CliTest, run

PAGE = "<!DOCTYPE html>\n<title>A page</title>\n<p>One <b>two</b> three.</p>\n<script>four()</script>\n"
BODY = ('<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Hello</w:t>'
        "</w:r></w:p></w:body></w:document>")


class Texts(CliTest):
    def model(self):
        return ["-m", self.golden("checkpoints/tiny-e2b"), "--ctx", "1024"]

    def base_model(self):
        return ["-m", self.golden("checkpoints/tiny-gemma3")]


class Translate(Texts):
    def translate(self, *args, **options):
        return run("translate", *self.model(), "--to", "de", *args, **options)

    def test_markup_survives_any_answer(self):
        done = self.translate(self.write("page.html", PAGE))
        self.assertIn(done.status, (0, 1), done.err)
        for kept in ("<!DOCTYPE html>\n<title>", "</title>\n<p>", "<b>", "</b>", ".</p>\n<script>four()</script>\n"):
            self.assertIn(kept.lstrip("."), done.out)
        if done.status == 1:
            self.assertRegex(done.err, r"\Afacet: \d+ of 2 segments stay as they were[^\n]*\n\Z")

    def test_a_file_is_written(self):
        out = self.folder / "out.docx"
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("word/document.xml", BODY)
            files.writestr("word/styles.xml", "<styles/>")
        done = self.translate(self.write("in.docx", archive.getvalue()), "-o", out)
        self.assertEqual(done.out, "")
        with zipfile.ZipFile(out) as files:
            self.assertEqual(files.read("word/styles.xml"), b"<styles/>")
            self.assertTrue(files.read("word/document.xml").startswith(BODY[:100].encode()))

    def test_nothing_to_translate_is_left_alone(self):
        text = "```\ncode\n```\n\n1234\n"
        done = self.translate("--format", "markdown", stdin=text)
        self.assertEqual((done.status, done.out, done.err), (0, text, ""))

    def test_stats_count_what_was_reused(self):
        done = self.translate("--stats", "One", stdin="")
        self.assertRegex(done.err, r"1 segments in 1 batches, \d+ asked again alone, \d+ piece by piece, \d+ kept; load ")

    def test_speech_needs_a_model_that_hears(self):
        sound = io.BytesIO()
        with wave.open(sound, "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(bytes(32000))
        silence = self.write("silence.wav", sound.getvalue())
        deaf = ["-m", self.golden("checkpoints/tiny-31b"), "--ctx", "1024"]
        self.assert_error(2, "silence.wav", "translate", "--to", "de", *deaf, silence)
        done = run("translate", "--to", "de", "-m", self.golden("checkpoints/tiny-e2b"), "--ctx", "4096", silence)
        self.assertEqual((done.status, done.out), (0, ""))
        self.assertRegex(done.err, "silence.wav: nobody was heard to speak")

    def test_what_is_refused(self):
        srt, docx = self.write("a.srt", "just words\n"), self.write("a.docx", "no archive")
        latin = self.write("latin.txt", "caf\xe9".encode("latin-1"))
        flags = ["translate", "--to", "de"]
        self.assert_error(2, "a.srt: no SRT", *flags, srt)
        self.assert_error(2, "a.docx: no ZIP", *flags, docx)
        self.assert_error(2, "latin.txt: not UTF-8.*iconv", *flags, latin)
        self.assert_error(2, "missing.md", *flags, "missing.md")
        self.assert_error(2, "no language", "translate", "--to", "xx", "One")
        self.assert_error(2, "--to", "translate", "One")
        self.assert_error(1, "no/such/folder", *flags, *self.model(), "-o", "/no/such/folder/x", "1234")


class Summarize(Texts):
    def summarize(self, *args, **options):
        return run("summarize", *self.model(), "--words", "10", *args, **options)

    def test_each_file_has_its_name_above(self):
        one, two = self.write("one.txt", "One day.\n"), self.write("two.html", PAGE)
        done = self.summarize(one, two)
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertRegex(done.out, rf"(?s)\A{one}:\n.*\n\n{two}:\n.*\n\Z")
        self.assertEqual(self.summarize(one, two).out, done.out)

    def test_one_that_fails_stops_no_other(self):
        one, missing = self.write("one.txt", "One day.\n"), self.folder / "missing.txt"
        done = self.summarize("--json", missing, one)
        self.assertEqual(done.status, 1)
        self.assertRegex(done.err, r"\Afacet: error: [^\n]*missing.txt[^\n]*\n\Z")
        failed, summary = json.loads(done.out)["summaries"]
        self.assertEqual((list(failed), failed["file"]), (["file", "error"], str(missing)))
        self.assertEqual((summary["file"], summary["parts"], summary["rounds"]), (str(one), 1, 0))

    def test_long_text_is_read_in_parts(self):
        text = self.write("long.md", "".join(f"Paragraph {i} is about number {i}.\n\n" for i in range(150)))
        done = self.summarize("--json", text)
        self.assertEqual(done.status, 0, done.err)
        result = json.loads(done.out)
        self.assertGreater(result["summaries"][0]["parts"], 1)
        self.assertEqual(result["stats"]["asked"], result["summaries"][0]["parts"] + 1)
        self.assertGreater(result["stats"]["reused_tokens"], 50)  # the instruction, from the second part on

    def test_output_goes_to_a_file(self):
        out = self.folder / "out.txt"
        done = self.summarize("-o", out, stdin="One day.")
        self.assertEqual((done.status, done.out), (0, ""))
        self.assertTrue(out.read_text(encoding="utf-8", errors="strict").endswith("\n"))

    def test_what_is_refused(self):
        self.assert_error(2, "no words", "summarize", *self.model(), stdin=" \n")
        self.assert_error(2, "--ctx", "summarize", *self.model(), "--words", "5000", stdin="One")
        self.assert_error(2, "missing.txt", "summarize", *self.model(), self.folder / "missing.txt")
        self.assert_error(2, "--words", "summarize", "--words", "5", "--length", "short", stdin="One")


if __name__ == "__main__":
    unittest.main()
