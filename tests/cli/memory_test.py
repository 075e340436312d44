"""The memory that `facet inspect` plans is the memory that a run takes, on the real 270M model."""

import json
import unittest

from facet_cli import ASSETS, CliTest, run

MODEL = ASSETS / "gemma-3-270m-q4_k_m.gguf"
TOLERANCE = 0.05


class MemoryTest(CliTest):
    def setUp(self):
        super().setUp()
        if not MODEL.exists():
            self.skipTest(f"needs {MODEL}")

    def json_of(self, *args, **options):
        outcome = run(*args, **options)
        self.assertEqual(outcome.status, 0, outcome.err)
        return json.loads(outcome.out)

    def assert_plan_holds(self, context, kv):
        plan = self.json_of("inspect", "--json", "--ctx", context, "--kv", kv, MODEL)["plan"]
        # A prompt that fills the context but for the answer.
        prompt = "the" + " the" * (context - 4)
        result = self.json_of("run", "--json", "--raw", "--ctx", context, "--kv", kv, "-n", "2", "-m", MODEL, stdin=prompt)
        stats = result["stats"]
        self.assertGreater(stats["prompt_tokens"] + stats["generated_tokens"], context - 4)
        measured, planned = stats["peak_rss_bytes"], plan["resident_bytes"]
        self.assertLess(abs(planned / measured - 1), TOLERANCE,
                        f"context {context}, {kv}: planned {planned / 1e6:.1f} MB, measured {measured / 1e6:.1f} MB\n{plan}")
        self.assertLessEqual(measured, plan["resident_limit_bytes"], plan)
        self.assertLessEqual(planned, plan["resident_limit_bytes"])
        return plan

    def test_a_short_context(self):
        self.assert_plan_holds(256, "f16")

    def test_a_long_context(self):
        self.assert_plan_holds(1024, "f32")

    def test_more_than_a_window_and_a_chunk(self):
        # Earlier prompts could keep windows of their own; this is one prompt.
        plan = self.assert_plan_holds(2560, "f16")
        self.assertGreater(plan["kv_limit_bytes"], plan["kv_bytes"])


if __name__ == "__main__":
    unittest.main()
