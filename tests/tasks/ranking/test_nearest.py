"""The nearest vectors, in any blocks, are what sorting finds."""

import numpy as np

from ftk.tasks.ranking.searching import nearest as module


def test_nearest_is_sorting_in_any_blocks(monkeypatch):
    generator = np.random.default_rng(2)
    queries, vectors = (generator.integers(-3, 4, size=(n, 3)).astype(np.float32) for n in (5, 200))
    for at_once in (1, 60, 10**6):
        monkeypatch.setattr(module, "_AT_ONCE", at_once)
        for top_k in (1, 7, 500):
            numbers, scores = module.nearest_vectors(queries, vectors, top_k)
            for query, found, values in zip(queries, numbers, scores, strict=True):
                products = vectors @ query
                assert values.tolist() == sorted(products.tolist(), reverse=True)[:top_k]
                assert products[found].tolist() == values.tolist()
                assert found.tolist() == np.argsort(-products, kind="stable")[:top_k].tolist()
