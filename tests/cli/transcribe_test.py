"""facet transcribe: formats, several files, pipes, live sound, and what is refused. The trained checkpoint hears digits."""

import json
import os
import unittest
import wave

from facet_cli import BINARY, GOLDENS, CliTest, run

TRAINED = GOLDENS / "nano-lab"
DEAF = GOLDENS / "checkpoints/tiny-31b"
ASK = ("--instruction", "Which digits do you hear?", "--sound-first")


def samples(name):
    with wave.open(str(TRAINED / "media" / name)) as clip:
        return clip.readframes(clip.getnframes())


def silence(seconds):
    return bytes(2 * int(seconds * 16000))


class TranscribeTest(CliTest):
    def setUp(self):
        super().setUp()
        if not TRAINED.exists():
            self.skipTest(f"needs {TRAINED}")
        # "7" from 3.0 s to 3.6 s, "74" from 6.6 s to 7.8 s.
        self.talk = silence(3) + samples("digits1.wav") + silence(3) + samples("digits2.wav") + silence(3)
        self.path = self.folder / "talk.wav"
        with wave.open(str(self.path), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(self.talk)

    def transcribe(self, *args, status=0, model=TRAINED, ask=ASK, ctx=1536):
        outcome = run("transcribe", "-m", model, "--ctx", ctx, *ask, *args)
        self.assertEqual(outcome.status, status, outcome.err)
        return outcome

    def refused(self, *args, **options):
        outcome = self.transcribe(*args, status=2, **options)
        self.assertEqual(outcome.out, "")
        self.assertRegex(outcome.err, r"\Afacet: error: [^\n]+\n\Z")
        return outcome.err


class Formats(TranscribeTest):
    def test_text_is_a_line_a_segment(self):
        outcome = self.transcribe(self.path, "--stats")
        self.assertEqual(outcome.out, "7\n74\n")
        self.assertRegex(outcome.err, r"10\.8 s of sound, .* in 2 segments")

    def test_subtitles(self):
        srt = self.transcribe(self.path, "--format", "srt").out
        self.assertRegex(srt, r"\A1\n00:00:02,[89]\d\d --> 00:00:03,[678]\d\d\n7\n\n"
                              r"2\n00:00:06,[45]\d\d --> 00:00:0[78],\d\d\d\n74\n\n\Z")
        vtt = self.transcribe(self.path, "--format", "vtt").out
        self.assertRegex(vtt, r"\AWEBVTT\n\n00:00:02\.[89]\d\d --> ")

    def test_json(self):
        got = json.loads(self.transcribe(self.path, "--format", "json").out)
        self.assertEqual(list(got), ["file", "language", "seconds", "text", "segments"])
        self.assertEqual((got["file"], got["language"], got["text"]), (str(self.path), None, "7 74"))
        self.assertAlmostEqual(got["seconds"], len(self.talk) / 32000, places=2)
        for segment, start, end in zip(got["segments"], (2.9, 6.5), (3.7, 7.9), strict=True):
            self.assertEqual(list(segment), ["start", "end", "text"])
            self.assertAlmostEqual(segment["start"], start, delta=0.2)
            self.assertAlmostEqual(segment["end"], end, delta=0.2)

    def test_a_pipe(self):
        script = f'{BINARY} transcribe -m {TRAINED} --ctx 1536 --instruction "{ASK[1]}" --sound-first'
        for source, flags in [(f"tail -c +45 {self.path}", "--pcm -"), (f"cat {self.path}", "-")]:
            with os.popen(f"{source} | {script} {flags}") as pipe:
                self.assertEqual(pipe.read(), "7\n74\n", flags)

    def test_live_sound_is_lines_of_json_when_nobody_watches(self):
        lines = [json.loads(line) for line in self.transcribe("--live", self.path).out.splitlines()]
        self.assertEqual([line["text"] for line in lines if line["type"] == "segment"], ["7", "74"])
        self.assertEqual(lines[-1]["type"], "end")
        self.assertLessEqual({line["type"] for line in lines}, {"segment", "partial", "end"})
        self.assertEqual(self.transcribe("--live", self.path, "--format", "text").out, "7\n74\n")

    def test_silence_is_said(self):
        quiet = self.folder / "quiet.pcm"
        quiet.write_bytes(silence(5))
        outcome = self.transcribe("--pcm", quiet)
        self.assertEqual(outcome.out, "")
        self.assertIn("quiet.pcm: nobody was heard to speak", outcome.err)


class SeveralFiles(TranscribeTest):
    def setUp(self):
        super().setUp()
        self.bad = self.folder / "bad.mp3"
        self.bad.write_bytes(b"no sound at all" * 10)

    def test_one_that_fails_does_not_end_the_others(self):
        outcome = self.transcribe(self.path, self.bad, self.folder / "none.wav", self.path, status=1)
        self.assertEqual(outcome.out, f"== {self.path} ==\n7\n74\n\n== {self.path} ==\n7\n74\n")
        self.assertEqual(outcome.err.count("facet: error:"), 2, outcome.err)
        self.assertIn("bad.mp3", outcome.err)
        self.assertIn("none.wav", outcome.err)

    def test_json_says_which_failed(self):
        lines = [json.loads(line) for line in
                 self.transcribe(self.bad, self.path, "--format", "json", status=1).out.splitlines()]
        self.assertEqual(list(lines[0]), ["file", "error"])
        self.assertEqual(lines[1]["text"], "7 74")

    def test_lines_say_which_file_they_are_of(self):
        lines = [json.loads(line) for line in
                 self.transcribe(self.bad, self.path, "--format", "lines", status=1).out.splitlines()]
        self.assertEqual([(line["type"], line["file"]) for line in lines],
                         [("error", str(self.bad))] + [("segment", str(self.path))] * 2 + [("end", str(self.path))])
        alone = self.transcribe(self.path, "--format", "lines").out
        self.assertNotIn('"file"', alone)

    def test_a_folder_gets_a_file_for_each(self):
        other = self.folder / "other.pcm.wav"
        other.write_bytes(self.path.read_bytes())
        out = self.folder / "subtitles"
        self.assertEqual(self.transcribe(self.path, other, "--format", "srt", "-o", f"{out}/").out, "")
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["other.pcm.srt", "talk.srt"])
        self.assertEqual((out / "talk.srt").read_text(), (out / "other.pcm.srt").read_text())
        self.assertIn("-o FOLDER/", self.refused(self.path, other, "--format", "srt"))
        self.transcribe(self.path, "-o", self.folder / "talk.txt")
        self.assertEqual((self.folder / "talk.txt").read_text(), "7\n74\n")


class Refused(TranscribeTest):
    def test_a_model_that_cannot_hear(self):
        self.assertRegex(self.refused(self.path, model=DEAF, ask=()), r"talk\.wav: .*cannot hear it")

    def test_files_without_sound(self):
        self.assertIn("none.wav", self.refused(self.folder / "none.wav"))
        self.assertIn("none.pcm", self.refused("--pcm", self.folder / "none.pcm"))
        empty = self.folder / "empty.wav"
        empty.write_bytes(b"")
        self.assertIn("empty.wav", self.refused(empty))
        self.assertIn("color.png", self.refused(TRAINED / "media/color.png"))

    def test_flags_that_contradict(self):
        self.assertIn("--live for the microphone", self.refused())
        self.assertIn("--live listens to one", self.refused("--live", self.path, self.path))
        self.assertIn("--instruction stands in place", self.refused(self.path, "--language", "German"))
        self.assertIn("can be read once", self.refused("-", "-"))

    def test_a_context_that_is_too_small(self):
        self.assertRegex(self.refused(self.path, ctx=600), r"context.*600")


if __name__ == "__main__":
    unittest.main()
