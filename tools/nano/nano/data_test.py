"""What a batch is made of. python -m unittest nano.data_test"""
import unittest

import numpy as np

from .data import Row, sorted_batches
from .media import Prepared


def row(length: int, n_soft: int = 0) -> Row:
    pictures = [Prepared("image", np.zeros((9 * n_soft, 768), np.float32), n_soft)] if n_soft else []
    return Row([1] * length, [0] * length, pictures)


class Batches(unittest.TestCase):
    def test_no_picture_is_made_as_large_as_a_large_one(self):
        rows = [row(20 + i % 7, (12, 70, 280, 12)[i % 4]) for i in range(40)]
        batches = sorted_batches(rows, 2000, seed=1)
        self.assertEqual(sorted(map(id, rows)), sorted(id(r) for batch in batches for r in batch))
        self.assertGreater(len(batches), 2)
        for batch in batches:
            self.assertEqual(len({r.media[0].n_soft > 70 for r in batch}), 1)

    def test_rows_of_a_batch_are_about_as_long(self):
        batches = sorted_batches([row(10 + 37 * i % 300) for i in range(200)], 1000, seed=1)
        for batch in batches:
            lengths = [len(r.ids) for r in batch]
            self.assertLessEqual(max(lengths) * len(batch), 1000)
            self.assertLess(max(lengths) - min(lengths), 100)


if __name__ == "__main__":
    unittest.main()
