"""The walk of a binary tree with a stack of its own instead of recursion."""

import numpy as np


def explicit_stack(values, left, right, discount):
    stack = np.zeros(len(values), dtype=np.int64)
    weight = np.zeros(len(values))
    depth = 1
    weight[0] = 1.0
    total = 0.0
    while depth > 0:
        depth -= 1
        node, here = stack[depth], weight[depth]
        total += here * np.sin(values[node])
        for k in range(2):
            child = left[node] if k == 0 else right[node]
            if child < 0:
                continue
            stack[depth] = child
            weight[depth] = here * discount * values[node]
            depth += 1
    return total * total


ARGS = lambda random: (
    random.normal(size=6),
    np.array([1, 3, -1, -1, -1, -1]),
    np.array([2, 4, 5, -1, -1, -1]),
    0.7,
)
ARGNUMS = (0, 3)
