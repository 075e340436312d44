"""Model files that cannot be run: what is wrong is found before anything is computed, in one line."""

import json
import os
import shutil
import struct
import unittest

from facet_cli import BINARY, CliTest, escaped, run

MODEL = "tiny-e2b/gguf/tiny-e2b-q8_0.gguf"
PROJECTOR = "tiny-e2b/gguf/tiny-e2b-mmproj-bf16.gguf"


class TensorEntry:
    """Where the directory of a GGUF file describes a tensor."""

    def __init__(self, data, name):
        key = struct.pack("<Q", len(name)) + name.encode()
        self.name = data.index(key) + 8
        self.n_dims = data.index(key) + len(key)
        n_dims = struct.unpack_from("<I", data, self.n_dims)[0]
        self.ne = self.n_dims + 4
        self.type = self.ne + 8 * n_dims
        self.offset = self.type + 4
        self.size = len(key) + 4 + 8 * n_dims + 12


class GgufFilesTest(CliTest):
    def setUp(self):
        super().setUp()
        self.data = self.golden(MODEL).read_bytes()

    def changed(self, change):
        data = bytearray(self.data)
        change(data)
        return self.write("m.gguf", bytes(data))

    def assert_refused(self, pattern, path, status=2):
        for command in [("run", "--raw", "-m", path, "hello"), ("inspect", path)]:
            message = self.assert_error(status, pattern, *command)
            self.assertIn(str(path), message)

    def test_the_whole_file_runs(self):
        outcome = run("run", "--raw", "-m", self.golden(MODEL), "hello", "-n", "1", "--json", "--threads", "1")
        self.assertEqual(outcome.status, 0, outcome.err)
        json.loads(outcome.out)

    def test_cut_off(self):
        for n in [0, 3, 4, 20, 1000, len(self.data) // 2, len(self.data) - 64]:
            self.assert_refused("not a GGUF file|cut off|bytes follow", self.write("m.gguf", self.data[:n]))

    def test_not_a_model(self):
        self.assert_refused("not a GGUF file", self.write("m.gguf", b"PK\x03\x04" + bytes(100)))
        self.assert_refused("big-endian", self.changed(lambda d: d.__setitem__(slice(4, 8), b"\0\0\0\3")))
        self.assert_refused("version is 9", self.changed(lambda d: d.__setitem__(slice(4, 8), b"\x09\0\0\0")))

    def test_lying_counts(self):
        def set_count(at):
            return lambda d: struct.pack_into("<Q", d, at, 1 << 60)
        self.assert_refused("the tensors are 1152921504606846976", self.changed(set_count(8)))
        self.assert_refused("the keys are 1152921504606846976", self.changed(set_count(16)))

    def test_unknown_architecture(self):
        value = struct.pack("<Q", 6) + b"gemma4"
        path = self.write("m.gguf", self.data.replace(value, struct.pack("<Q", 6) + b"gemma9", 1))
        self.assert_refused('architecture "gemma9" is not supported: facet runs gemma4 and gemma3', path)

    def test_a_projector(self):
        self.assert_refused("it is a projector .* give the model's own file", self.golden(PROJECTOR))

    def test_missing_tensor(self):
        path = self.write("m.gguf", self.data.replace(b"blk.3.attn_q.weight", b"blk.3.attn_x.weight"))
        self.assert_refused(r"tensor blk.3.attn_q.weight .* is missing", path)

    def test_wrong_shape(self):
        entry = TensorEntry(self.data, "blk.0.attn_q.weight")

        def swap(data):
            a, b = struct.unpack_from("<QQ", data, entry.ne)
            struct.pack_into("<QQ", data, entry.ne, b, a)
        self.assert_refused(r"tensor blk.0.attn_q.weight has shape \[\d+, \d+\], expected \[\d+, \d+\]",
                            self.changed(swap))

    def test_unsupported_type(self):
        entry = TensorEntry(self.data, "blk.0.attn_q.weight")
        for kind in [4, 9, 15, 77]:
            self.assert_refused(f"tensor blk.0.attn_q.weight has type {kind}",
                                self.changed(lambda d: struct.pack_into("<I", d, entry.type, kind)))

    def test_norm_that_is_no_number(self):
        name = "output_norm.weight"
        entry = TensorEntry(self.data, name)
        listed = json.loads(run("inspect", "--json", "--tensors", self.golden(MODEL)).out)["tensors"]
        start = (TensorEntry(self.data, listed[-1]["name"]).offset + 8 + 31) // 32 * 32  # of the data
        at = start + struct.unpack_from("<Q", self.data, entry.offset)[0]
        self.assertTrue(abs(struct.unpack_from("<f", self.data, at)[0]) < 100, "the place of the norm is not known")
        self.assert_refused(f"tensor {name} holds a value that is not a finite number",
                            self.changed(lambda d: struct.pack_into("<f", d, at, float("nan"))))

    def test_names_from_files_do_not_reach_the_terminal(self):
        path = self.write("m.gguf", self.data.replace(b"blk.3.attn_q.weight", b"blk.3\n\x1b[31m_q.weight"[:19]))
        outcome = run("inspect", path)
        self.assertNotIn("\x1b", outcome.err + outcome.out)
        hostile = self.data.replace(struct.pack("<Q", 6) + b"gemma4", struct.pack("<Q", 6) + b"\x1b[31m\n", 1)
        self.assert_refused(r'architecture "\\x1b\[31m\\n" is not supported', self.write("m.gguf", hostile))


class FolderTest(CliTest):
    def setUp(self):
        super().setUp()
        self.source = self.golden("checkpoints/tiny-e2b")
        self.model = self.folder / "model"
        self.model.mkdir()
        for name in ["config.json", "tokenizer.json", "generation_config.json", "tokenizer_config.json"]:
            shutil.copy(self.source / name, self.model / name)
        (self.model / "model.safetensors").symlink_to(self.source / "model.safetensors")

    def assert_refused(self, status, pattern):
        self.assert_error(status, pattern, "inspect", self.model)
        return self.assert_error(status, pattern, "run", "--raw", "-m", self.model, "hello")

    def change_config(self, **values):
        config = json.loads((self.source / "config.json").read_text())
        config["text_config"].update(values)
        (self.model / "config.json").write_text(json.dumps(config))

    def test_the_whole_folder(self):
        self.assertEqual(run("inspect", self.model).status, 0)

    def test_hostile_json(self):
        for name in ["config.json", "tokenizer.json", "generation_config.json", "tokenizer_config.json"]:
            for text in ["", "[]", "{", "null", "[" * 100000, '{"a":' * 100000, '{"model":' + "9" * 1000 + "}"]:
                if text.startswith('{"') and name in ("generation_config.json", "tokenizer_config.json"):
                    continue  # an object that says nothing, or one that is not an object, as above
                (self.model / name).write_text(text)
                self.assertIn(name, self.assert_refused(2, escaped(self.model)))
            shutil.copy(self.source / name, self.model / name)

    def test_numbers_that_cannot_be(self):
        for key, value in [("num_hidden_layers", 0), ("num_hidden_layers", 10**12), ("hidden_size", -1),
                           ("hidden_size", 2**31 - 1), ("intermediate_size", 2**31 - 1), ("head_dim", "x"),
                           ("num_attention_heads", 0), ("rms_norm_eps", 1e308), ("sliding_window", None)]:
            self.change_config(**{key: value})
            if value is not None:
                self.assert_refused(2, "config.json")

    def test_a_vocabulary_of_another_model(self):
        shutil.copy(self.golden("nano-lab/tokenizer.json"), self.model / "tokenizer.json")
        self.assert_refused(2, "the tokenizer has 2560 tokens, the embedding 1536 rows")
        self.change_config(vocab_size=1500)
        self.assert_refused(2, r"embed_tokens.weight has shape \[1536, 96\], expected \[1500, 96\]")

    def test_a_drafter(self):
        self.model = self.golden("checkpoints/tiny-e2b-assistant")
        self.assert_refused(2, "is a drafter")

    def test_a_vocabulary_without_text(self):
        tokenizer = json.loads((self.source / "tokenizer.json").read_text())
        tokenizer["added_tokens"] = [{"id": i, "content": piece, "special": True}
                                     for piece, i in tokenizer["model"]["vocab"].items()]
        (self.model / "tokenizer.json").write_text(json.dumps(tokenizer))
        self.assert_error(2, "all tokens are control tokens", "bench", "-m", self.model)

    def test_missing_files(self):
        for name in ["config.json", "tokenizer.json", "model.safetensors"]:
            (self.model / name).rename(self.folder / "away")
            self.assert_refused(1, escaped(self.model))
            (self.folder / "away").rename(self.model / name)

    def test_an_index_that_leaves_the_folder(self):
        (self.model / "model.safetensors").unlink()
        (self.model / "model.safetensors.index.json").write_text('{"weight_map":{"a":"../../etc/passwd"}}')
        self.assert_refused(2, "expected the name of a file of the same folder")


class UnreadableTest(CliTest):
    def test_no_such_file(self):
        self.assert_error(2, "neither a path nor in", "inspect", self.folder / "absent.gguf")

    def test_a_folder_without_a_model(self):
        self.assert_error(1, "config.json: cannot open: No such file", "inspect", self.folder)

    def test_a_pipe(self):
        os.mkfifo(self.folder / "pipe.gguf")
        self.assert_error(1, "not a regular file", "inspect", self.folder / "pipe.gguf")

    def test_no_permission(self):
        self.folder.chmod(0o755)
        path = self.write("secret.gguf", b"GGUF")
        path.chmod(0)
        options = {}
        if os.getuid() == 0:
            options = {"user": 65534, "group": 65534, "extra_groups": []}
            program = shutil.copy(BINARY, self.folder / "facet")  # where nobody may reach it
            os.chmod(program, 0o755)
        else:
            program = BINARY
        import facet_cli
        self.addCleanup(setattr, facet_cli, "BINARY", facet_cli.BINARY)
        facet_cli.BINARY = str(program)
        self.assert_error(1, "cannot open: Permission denied", "inspect", path, **options)
        (self.folder / "closed").mkdir(mode=0o700)
        (self.folder / "closed").chmod(0)
        self.assert_error(1, "closed/m.gguf: .*Permission denied", "inspect", self.folder / "closed/m.gguf", **options)
        self.assert_error(1, "closed.*Permission denied", "inspect", self.folder / "closed", **options)

    def test_names_of_two_lines(self):
        self.assert_error(2, r"one\\ntwo.gguf", "inspect", self.write("one\ntwo.gguf", b"x"))


class RequestTest(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.golden(MODEL)

    def refused(self, status, pattern, *args, **options):
        self.assert_error(status, pattern, "run", "--raw", "-m", self.model, "--threads", "1", *args, **options)

    def test_no_prompt(self):
        self.refused(2, "there is no prompt")
        with open(os.devnull) as nothing:
            self.refused(2, "there is no prompt", stdin=nothing)

    def test_a_context_too_large(self):
        self.refused(2, "a context of 1000000 tokens was asked for, the model's own has 4096", "--ctx", "1000000", "hello")

    def test_a_prompt_too_long(self):
        self.refused(2, r"the prompt has \d+ tokens, \d+ more than the context of 16", "--ctx", "16", "hello " * 40)

    def test_too_little_memory(self):
        self.refused(1, r"not enough memory for a context of 4096 tokens: .* GB are available: ask for a smaller --ctx",
                     "--ctx", "4096", "--memory-limit", "100KB", "hello")

    def test_sampling(self):
        for args, pattern in [(("--top-p", "2"), "top-p is 2, expected 0 to 1"),
                              (("--temperature", "-1"), "temperature is -1"),
                              (("--temperature", "nan"), "temperature is nan"),
                              (("--logit-bias", "x=1"), "--logit-bias x=1: expected TOKEN_ID=VALUE"),
                              (("--logit-bias", "5"), "--logit-bias 5: expected TOKEN_ID=VALUE"),
                              (("--logit-bias", "5=nan"), "--logit-bias 5=nan: expected TOKEN_ID=VALUE"),
                              (("--logit-bias", "-1=2"), "token -1 is outside the vocabulary of 1536"),
                              (("--logit-bias", "1536=2"), "token 1536 is outside the vocabulary of 1536")]:
            self.refused(2, pattern, *args, "hello")

    def test_drafts(self):
        def answer(*flags):
            outcome = run("run", "--raw", "-m", self.model, "--threads", "1", "--temperature", "0", "-n", "40", "--json",
                          "--stats", *flags, stdin="one two three four five " * 4)
            self.assertEqual(outcome.status, 0, outcome.err)
            result = json.loads(outcome.out)
            return result["tokens"], result["stats"]["drafted_tokens"], result["stats"]["accepted_tokens"], outcome.err

        tokens, drafted, accepted, line = answer("--draft", "off")
        self.assertEqual((len(tokens), drafted, accepted), (40, 0, 0))
        self.assertNotIn("drafted", line)
        same, drafted, accepted, line = answer("--draft", "lookup", "--draft-tokens", "4")
        self.assertEqual(same, tokens)
        self.assertGreater(drafted, 0)
        self.assertLessEqual(accepted, drafted)
        self.assertIn(f"({accepted} of {drafted} drafted tokens accepted)", line)
        self.assertEqual(answer("--draft-tokens", "0")[:3], (tokens, 0, 0))

    def test_a_benchmark_too_large(self):
        self.assert_error(2, "--decode 16777216 of --batch 16777216: expected at most", "bench", "-m", self.model,
                          "--decode", "16777216", "--batch", "16777216")

    def test_nothing_to_verify(self):
        self.write("notes.txt", "x")
        for path in (self.folder, self.folder / "notes.txt"):
            self.assert_error(2, escaped(path) + ": holds no golden directory or conformance file", "verify", path)
        self.assert_error(2, "--filter nosuchcase: no case of ", "verify", "--filter", "nosuchcase",
                          self.golden("tiny-e2b"))

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            import subprocess
            done = subprocess.run([BINARY, "inspect", str(self.model)], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Afacet: error: standard output: [^\n]*\n\Z")

    def test_other_commands(self):
        self.assert_error(2, "absent.txt: cannot be read", "eval", "perplexity", self.folder / "absent.txt", "-m", self.model)
        self.assert_error(1, "cannot be written", "dump", "hello", "-o", self.folder / "no/such/out", "-m", self.model)
        self.assert_error(2, "absent", "verify", self.folder / "absent")


class InspectTest(CliTest):
    def inspect(self, *args):
        outcome = run("inspect", "--json", *args)
        self.assertEqual((outcome.status, outcome.err), (0, ""))
        return json.loads(outcome.out)

    def test_a_gguf(self):
        facts = self.inspect("--tensors", "--ctx", "128", self.golden(MODEL))
        model = facts["model"]
        self.assertEqual((model["architecture"], model["layers"], model["kv_layers"]), ("gemma4", 15, 10))
        self.assertEqual([l["kv_source"] for l in model["layer"]][10:], [8, 8, 8, 8, 9])
        self.assertEqual(model["rope_global"], {"base": 1000000, "factor": 1, "rotated_pairs": 8})
        self.assertTrue(model["tied_output"])
        self.assertEqual(facts["file"]["format"], "GGUF v3")
        self.assertEqual(facts["file"]["tensors"], len(facts["tensors"]))
        self.assertEqual(facts["file"]["unused"], [])
        self.assertEqual(facts["tokenizer"]["tokens"], 1536)
        plan = facts["plan"]
        self.assertEqual(plan["context"], 128)
        self.assertEqual(plan["file_bytes"], self.golden(MODEL).stat().st_size)
        table = next(t for t in facts["tensors"] if t["name"] == "per_layer_token_embd.weight")
        self.assertEqual(plan["ple_bytes_on_disk"], table["bytes"])
        self.assertEqual(table["shape"], [1536, 480])

    def test_a_folder_of_shards(self):
        facts = self.inspect(self.golden("checkpoints/tiny-26b"))
        self.assertEqual(facts["file"]["format"], "safetensors, 3 files")
        self.assertEqual((facts["model"]["experts"], facts["model"]["experts_used"]), (16, 4))
        self.assertNotIn("tensors", facts)

    def test_names_that_are_no_text(self):
        path = os.fsencode(self.folder) + b"/a\xffb.gguf"
        shutil.copy(self.golden(MODEL), path)
        path = os.fsdecode(path)
        small = ["--prefill", "8", "--decode", "2", "--repeats", "1", "--threads", "1"]
        for command in (["inspect", "--json", path], ["doctor", "--json", "-m", path],
                        ["bench", "--json", "-m", path, *small]):
            outcome = run(*command)
            self.assertEqual((outcome.status, outcome.err), (0, ""), command)
            self.assertIn("a\ufffdb.gguf", json.dumps(json.loads(outcome.out), ensure_ascii=False))
        path = self.folder / "a\x1b[31mb.gguf"
        shutil.copy(self.golden(MODEL), path)
        for command in (["inspect", path], ["doctor", "-m", path], ["bench", "-m", path, *small]):
            self.assertNotIn("\x1b", run(*command).out)

    def test_sampling(self):
        self.assertEqual(self.inspect(self.golden(MODEL))["sampling"],
                         {"sample": True, "temperature": 1, "top_k": 64, "top_p": 0.949999988079071, "min_p": 0,
                          "typical_p": 1, "repetition_penalty": 1, "penalty_window": 64})

    def test_for_people(self):
        for name in [MODEL, "checkpoints/tiny-26b", "checkpoints/tiny-gemma3"]:
            outcome = run("inspect", "--tensors", self.golden(name))
            self.assertEqual(outcome.status, 0, outcome.err)
            for part in ["architecture", "read per token", "resident, at most", "tokenizer", "token"]:
                self.assertIn(part, outcome.out)

    def test_the_memory_limit(self):
        small = self.inspect("--memory-limit", "1MB", self.golden(MODEL))["plan"]
        self.assertEqual(small["available_bytes"], 1000000)
        self.assertEqual(small["context"], 512)
        self.assertEqual(self.inspect("--memory-limit", "1GB", self.golden(MODEL))["plan"]["context"], 4096)
        for size, n in [("1GiB", 1 << 30), ("1.5 gb", 1500000000), ("2000000", 2000000), ("7KB", 7000)]:
            self.assertEqual(self.inspect("--memory-limit", size, self.golden(MODEL))["plan"]["available_bytes"], n)


if __name__ == "__main__":
    unittest.main()
