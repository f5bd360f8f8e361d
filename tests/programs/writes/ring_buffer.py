"""A delay line: a ring of the last values, read and overwritten at moving positions."""

import numpy as np


def ring_buffer(signal, feedback, delay):
    ring = np.zeros(delay)
    position = 0
    loudness = 0.0
    for t in range(len(signal)):
        echo = ring[position]
        value = signal[t] + feedback * echo
        ring[position] = value * (1.0 - 0.1 * value)
        position = (position + 1) % delay
        loudness += value * value + 0.1 * ring[position - 1]
    return loudness


ARGS = lambda random: (random.normal(size=9), 0.6, 3)
ARGNUMS = (0, 1)
