"""Calls that iterate, write into an array of their own, and pass a part of it on."""

import numpy as np


def settle(u, a, depth):
    state = np.empty(3)
    for i in range(3):
        state[i] = u * (i + 1.0)
    count = 0
    while abs(state[0] * state[0] - a) > 0.3 and count < 20:
        state[0] = 0.5 * (state[0] + a / state[0])
        state[1] = np.sin(state[1] + state[0] * state[2])
        count += 1
    if depth > 0:
        state[2] = np.cos(settle(state[0] + 0.1 * state[1], a * 0.9, depth - 1))
    return state[0] + state[1] * state[2]


def babylonian_in_calls(u, a, depth):
    return settle(u, a, depth)


ARGS = lambda random: (3.0, 2.0, 6)
ARGNUMS = (0, 1)
