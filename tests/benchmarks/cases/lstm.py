"""ADBench's diagonal LSTM: a model of the next character, every weight matrix diagonal."""

import math

import numpy as np
from numba import njit

from tests.benchmarks.case import Case
from tests.benchmarks.hand import lstm as hand
from tests.data.adbench import read_lstm


@njit
def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


@njit
def cell_step(weights, biases, hidden, cell, x):
    """One layer: changes `hidden` and `cell`, and hands the new `hidden` on in `x`."""
    for k in range(x.shape[0]):
        forget = sigmoid(x[k] * weights[0, k] + biases[0, k])
        into = sigmoid(hidden[k] * weights[1, k] + biases[1, k])
        out = sigmoid(x[k] * weights[2, k] + biases[2, k])
        change = math.tanh(hidden[k] * weights[3, k] + biases[3, k])
        cell[k] = cell[k] * forget + into * change
        hidden[k] = out * math.tanh(cell[k])
        x[k] = hidden[k]


def lstm(main, extra, state, sequence):
    state = state.copy()
    steps = sequence.shape[0] - 1
    bits = sequence.shape[1]
    x = np.empty(bits)
    total = 0.0
    for t in range(steps):
        for k in range(bits):
            x[k] = sequence[t, k] * extra[0, k]
        for layer in range(main.shape[0]):
            cell_step(main[layer, 0], main[layer, 1], state[layer, 0], state[layer, 1], x)
        norm = 2.0
        for k in range(bits):
            x[k] = x[k] * extra[1, k] + extra[2, k]
            norm += math.exp(x[k])
        log_norm = math.log(norm)
        for k in range(bits):
            total += sequence[t + 1, k] * (x[k] - log_norm)
    return -total / (steps * bits)


def lstm_arrays(main, extra, state, sequence):
    hidden = state[:, 0].copy()
    cell = state[:, 1].copy()
    steps = sequence.shape[0] - 1
    total = 0.0
    for t in range(steps):
        x = sequence[t] * extra[0]
        for layer in range(main.shape[0]):
            weights = main[layer, 0]
            biases = main[layer, 1]
            forget = 1.0 / (1.0 + np.exp(-(x * weights[0] + biases[0])))
            into = 1.0 / (1.0 + np.exp(-(hidden[layer] * weights[1] + biases[1])))
            out = 1.0 / (1.0 + np.exp(-(x * weights[2] + biases[2])))
            change = np.tanh(hidden[layer] * weights[3] + biases[3])
            cell[layer] = cell[layer] * forget + into * change
            x = out * np.tanh(cell[layer])
            hidden[layer] = x
        x = x * extra[1] + extra[2]
        total += np.sum(sequence[t + 1] * (x - np.log(2.0 + np.sum(np.exp(x)))))
    return -total / (steps * sequence.shape[1])


def lstm_args(random, steps):
    """Return the benchmark's numbers; `random` is not asked."""
    main, extra, state, sequence = read_lstm("lstm_l2_c1024")
    return main, extra, state, sequence[: steps + 1].copy()


CASES = (
    Case("lstm", lstm, lstm_args, {"steps": 1023}, {"steps": 3}, (0, 1), lstm_arrays, hand.lstm),
)
