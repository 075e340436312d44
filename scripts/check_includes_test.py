"""Tests of check_includes.py on small trees, and on the project's own."""
import pathlib
import tempfile
import unittest

import check_includes


class CheckIncludes(unittest.TestCase):
    def offenders(self, files):
        with tempfile.TemporaryDirectory() as folder:
            src = pathlib.Path(folder)
            for name, text in files.items():
                (src / name).parent.mkdir(parents=True, exist_ok=True)
                (src / name).write_text(text, encoding="utf-8")
            return [line.removeprefix(folder + "/") for line in check_includes.offenders(src)]

    def test_includes_that_point_down_pass(self):
        self.assertEqual(self.offenders({
            "apps/run.cpp": '#include "runtime/engine.h"\n#include "base/error.h"\n',
            "model/gemma.cpp": '#include "model/gemma.h"\n#include "gguf/reader.h"\n#include <vector>\n',
            "kernels/avx2/dot.cpp": "#include <immintrin.h>\n"}), [])

    def test_an_include_that_points_up_is_named_with_its_line(self):
        self.assertEqual(self.offenders({"quant/q4_0.cpp": '// x\n#include "gguf/reader.h"\n'}),
                         ["quant/q4_0.cpp:2: quant may not include gguf/reader.h"])

    def test_siblings_may_not_include_each_other(self):
        self.assertEqual(len(self.offenders({"text/a.cpp": '#include "media/b.h"\n',
                                             "gguf/a.cpp": '  #  include "safetensors/b.h"\n'})), 2)

    def test_kernels_stand_behind_ops(self):
        self.assertEqual(len(self.offenders({"model/a.cpp": '#include "kernels/kernels.h"\n'})), 1)
        self.assertEqual(self.offenders({"ops/cpu/a.cpp": '#include "kernels/kernels.h"\n'}), [])

    def test_intrinsics_outside_kernels(self):
        self.assertEqual(self.offenders({"ops/a.cpp": "#include <immintrin.h>\n"}),
                         ["ops/a.cpp:1: <immintrin.h> belongs in kernels/"])

    def test_a_folder_without_a_layer_is_reported(self):
        self.assertEqual(len(self.offenders({"misc/a.h": ""})), 1)

    def test_this_project(self):
        src = pathlib.Path(__file__).resolve().parent.parent / "src"
        self.assertTrue((src / "base").is_dir())
        self.assertEqual(check_includes.offenders(src), [])


if __name__ == "__main__":
    unittest.main()
