"""Columns scaled to mean zero and deviation one, then weighted: broadcasting both ways."""

import numpy as np


def standardised(X, w):
    centred = X - X.mean(axis=0)
    scaled = centred / np.sqrt(np.mean(centred**2, axis=0) + 1e-3)
    rows = scaled * w[:, np.newaxis]
    return np.sum(rows**3) + np.sum(rows.T @ rows)


ARGS = lambda random: (random.normal(size=(5, 3)), random.normal(size=5))
ARGNUMS = (0, 1)
