"""Views of views: of a block, its transpose, a row of that, every other element of the row."""

import numpy as np


def views_of_views(A, v):
    B = A.copy()
    block = B[1:, :3]
    turned = block.T
    row = turned[1]
    some = row[::2]
    some *= v[: len(some)]
    row[1:] += turned[0, :-1]
    block[0] = v[:3] * row[0]
    back = some[::-1]
    back[0] -= B[1, 0] * turned[2, 1]
    turned[:, -1] = 0.5 * turned[:, 0] * B[0, :3]
    return np.sum(B * B * A)


ARGS = lambda random: (random.normal(size=(4, 4)), random.normal(size=4))
ARGNUMS = (0, 1)
