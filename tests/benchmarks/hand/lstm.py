"""The adjoint of the LSTM: the gates and the states of each step are kept, and no other number."""

import math

import numpy as np
from numba import njit


@njit(inline="always")
def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


@njit
def forward_layer(main, layer, gates, before, after, x):
    """Fill `gates` (four gates and tanh of the new cell) and `after` (hidden and cell)."""
    for k in range(x.shape[0]):
        hidden = before[0, k]
        forget = sigmoid(x[k] * main[layer, 0, 0, k] + main[layer, 1, 0, k])
        into = sigmoid(hidden * main[layer, 0, 1, k] + main[layer, 1, 1, k])
        out = sigmoid(x[k] * main[layer, 0, 2, k] + main[layer, 1, 2, k])
        change = math.tanh(hidden * main[layer, 0, 3, k] + main[layer, 1, 3, k])
        cell = before[1, k] * forget + into * change
        squashed = math.tanh(cell)
        gates[0, k], gates[1, k], gates[2, k], gates[3, k] = forget, into, out, change
        gates[4, k] = squashed
        after[1, k] = cell
        after[0, k] = out * squashed
        x[k] = after[0, k]


@njit
def backward_layer(main, layer, gates, before, x, x_bar, state_bar, main_bar):
    """`state_bar` holds the adjoints of hidden and cell, first after the step, then before it."""
    for k in range(x.shape[0]):
        forget, into, out, change = gates[0, k], gates[1, k], gates[2, k], gates[3, k]
        squashed = gates[4, k]
        hidden_bar = state_bar[0, k] + x_bar[k]
        cell_bar = state_bar[1, k] + hidden_bar * out * (1.0 - squashed * squashed)
        out_bar = hidden_bar * squashed * out * (1.0 - out)
        forget_bar = cell_bar * before[1, k] * forget * (1.0 - forget)
        into_bar = cell_bar * change * into * (1.0 - into)
        change_bar = cell_bar * into * (1.0 - change * change)
        hidden = before[0, k]
        main_bar[layer, 0, 0, k] += forget_bar * x[k]
        main_bar[layer, 0, 1, k] += into_bar * hidden
        main_bar[layer, 0, 2, k] += out_bar * x[k]
        main_bar[layer, 0, 3, k] += change_bar * hidden
        main_bar[layer, 1, 0, k] += forget_bar
        main_bar[layer, 1, 1, k] += into_bar
        main_bar[layer, 1, 2, k] += out_bar
        main_bar[layer, 1, 3, k] += change_bar
        x_bar[k] = forget_bar * main[layer, 0, 0, k] + out_bar * main[layer, 0, 2, k]
        back = into_bar * main[layer, 0, 1, k] + change_bar * main[layer, 0, 3, k]
        state_bar[0, k] = back
        state_bar[1, k] = cell_bar * forget


@njit(inline="always")
def score(x, extra, after, scale, x_bar, extra_bar):
    """Return what the next character gets, and set the adjoint of `x`."""
    norm, chosen, value = 2.0, 0.0, 0.0
    for k in range(x.shape[0]):
        y = x[k] * extra[1, k] + extra[2, k]
        x_bar[k] = math.exp(y)
        norm += x_bar[k]
        chosen += after[k]
        value += after[k] * y
    for k in range(x.shape[0]):
        y_bar = scale * (after[k] - chosen * x_bar[k] / norm)
        extra_bar[1, k] += y_bar * x[k]
        extra_bar[2, k] += y_bar
        x_bar[k] = y_bar * extra[1, k]
    return value - chosen * math.log(norm)


@njit
def lstm(main, extra, state, sequence):
    """The softmax weights are known in the primal sweep: its adjoint is taken there."""
    layers, bits = main.shape[0], sequence.shape[1]
    steps = sequence.shape[0] - 1
    states = np.empty((steps + 1, layers, 2, bits))
    gates = np.empty((steps, layers, 5, bits))
    top_bars = np.empty((steps, bits))
    main_bar, extra_bar = np.zeros(main.shape), np.zeros(extra.shape)
    x = np.empty(bits)
    scale = -1.0 / (steps * bits)
    states[0] = state
    value = 0.0
    for t in range(steps):
        for k in range(bits):
            x[k] = sequence[t, k] * extra[0, k]
        for layer in range(layers):
            forward_layer(main, layer, gates[t, layer], states[t, layer], states[t + 1, layer], x)
        value += score(x, extra, sequence[t + 1], scale, top_bars[t], extra_bar)
    state_bar = np.zeros((layers, 2, bits))
    for t in range(steps - 1, -1, -1):
        x_bar = top_bars[t]
        for layer in range(layers - 1, -1, -1):
            if layer > 0:
                for k in range(bits):
                    x[k] = states[t + 1, layer - 1, 0, k]
            else:
                for k in range(bits):
                    x[k] = sequence[t, k] * extra[0, k]
            before = states[t, layer]
            backward_layer(
                main, layer, gates[t, layer], before, x, x_bar, state_bar[layer], main_bar
            )
        for k in range(bits):
            extra_bar[0, k] += x_bar[k] * sequence[t, k]
    return scale * value, main_bar, extra_bar
