"""Adjoints of layers: one pass a row where the weights of the output are known."""

import math

import numpy as np
from numba import njit

from tests.benchmarks.case import weigh_matrix


@njit
def softmax(x, w):
    x_bar = np.empty(x.shape)
    p = np.empty(x.shape[3])
    value = 0.0
    for a in range(x.shape[0]):
        for b in range(x.shape[1]):
            for c in range(x.shape[2]):
                top = x[a, b, c, 0]
                for i in range(1, x.shape[3]):
                    if x[a, b, c, i] > top:
                        top = x[a, b, c, i]
                norm, along = 0.0, 0.0
                for i in range(x.shape[3]):
                    p[i] = math.exp(x[a, b, c, i] - top)
                    norm += p[i]
                    along += w[a, b, c, i] * p[i]
                scale = 1.0 / norm
                mean = along * scale
                value += mean
                for i in range(x.shape[3]):
                    x_bar[a, b, c, i] = p[i] * scale * (w[a, b, c, i] - mean)
    return value, x_bar


@njit
def layer(x, weights, bias, rectify):
    out = x @ weights
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            entry = out[i, j] + bias[j]
            out[i, j] = 0.0 if rectify and entry < 0.0 else entry
    return out


@njit
def masked_and_summed(bar, out):
    """Set `bar` to 0 where `out` was rectified; return the sums of its columns."""
    sums = np.zeros(bar.shape[1])
    for i in range(bar.shape[0]):
        for j in range(bar.shape[1]):
            if out[i, j] <= 0.0:
                bar[i, j] = 0.0
            sums[j] += bar[i, j]
    return sums


@njit
def mlp(x, w1, b1, w2, b2, w3, b3, w):
    first = layer(x, w1, b1, True)
    second = layer(first, w2, b2, True)
    out = layer(second, w3, b3, False)
    bar = np.empty(out.shape)
    b3_bar = np.zeros(out.shape[1])
    value = 0.0
    for i in range(out.shape[0]):
        top = np.max(out[i])
        norm, along = 0.0, 0.0
        for j in range(out.shape[1]):
            out[i, j] = math.exp(out[i, j] - top)
            norm += out[i, j]
            along += w[i, j] * out[i, j]
        mean = along / norm
        value += mean
        for j in range(out.shape[1]):
            bar[i, j] = out[i, j] / norm * (w[i, j] - mean)
            b3_bar[j] += bar[i, j]
    second_bar = bar @ w3.T
    b2_bar = masked_and_summed(second_bar, second)
    first_bar = second_bar @ w2.T
    b1_bar = masked_and_summed(first_bar, first)
    return (
        value,
        x.T @ first_bar,
        b1_bar,
        first.T @ second_bar,
        b2_bar,
        second.T @ bar,
        b3_bar,
    )


@njit
def conv2d(x, weights, bias, w):
    """The output itself is not needed: its weighted sum is `weights . weights_bar` and the bias."""
    x_bar = np.zeros(x.shape)
    weights_bar = np.zeros(weights.shape)
    bias_bar = np.zeros(bias.shape[0])
    for n in range(w.shape[0]):
        for i in range(w.shape[1]):
            for j in range(w.shape[2]):
                for o in range(w.shape[3]):
                    bias_bar[o] += w[n, i, j, o]
                for p in range(weights.shape[0]):
                    for q in range(weights.shape[1]):
                        for c in range(weights.shape[2]):
                            pixel = x[n, i + p, j + q, c]
                            bar = 0.0
                            for o in range(w.shape[3]):
                                bar += weights[p, q, c, o] * w[n, i, j, o]
                                weights_bar[p, q, c, o] += pixel * w[n, i, j, o]
                            x_bar[n, i + p, j + q, c] += bar
    rows = weights.size // bias.shape[0]
    shape = (rows, bias.shape[0])
    value = weigh_matrix(weights.copy().reshape(shape), weights_bar.reshape(shape))
    for o in range(bias.shape[0]):
        value += bias[o] * bias_bar[o]
    return value, x_bar, weights_bar, bias_bar
