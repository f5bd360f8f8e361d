"""Adjoints of layers: one pass a row where the weights of the output are known."""

import math

import numpy as np
from numba import njit

from tests.benchmarks.case import reordered, weigh_matrix


@reordered
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


@reordered
def convolution_adjoint(x, weights, bar, x_bar, weights_bar, bias_bar):
    """Add the adjoints of weights and bias, and that of `x` where it has a size."""
    for n in range(bar.shape[0]):
        for i in range(bar.shape[1]):
            for j in range(bar.shape[2]):
                for o in range(bar.shape[3]):
                    bias_bar[o] += bar[n, i, j, o]
                for p in range(weights.shape[0]):
                    for q in range(weights.shape[1]):
                        for c in range(weights.shape[2]):
                            pixel = x[n, i + p, j + q, c]
                            back = 0.0
                            for o in range(bar.shape[3]):
                                back += weights[p, q, c, o] * bar[n, i, j, o]
                                weights_bar[p, q, c, o] += pixel * bar[n, i, j, o]
                            if x_bar.size > 0:
                                x_bar[n, i + p, j + q, c] += back


@njit
def conv2d(x, weights, bias, w):
    """The output itself is not needed: its weighted sum is `weights . weights_bar` and the bias."""
    x_bar, weights_bar = np.zeros(x.shape), np.zeros(weights.shape)
    bias_bar = np.zeros(bias.shape[0])
    convolution_adjoint(x, weights, w, x_bar, weights_bar, bias_bar)
    value = 0.0
    for p in range(weights.shape[0]):
        for q in range(weights.shape[1]):
            value += weigh_matrix(weights[p, q], weights_bar[p, q])
    for o in range(bias.shape[0]):
        value += bias[o] * bias_bar[o]
    return value, x_bar, weights_bar, bias_bar


@njit
def rectified_convolution(x, weights, bias):
    k = weights.shape[0]
    out = np.empty((x.shape[0], x.shape[1] - k + 1, x.shape[2] - k + 1, weights.shape[3]))
    for n in range(out.shape[0]):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                for o in range(out.shape[3]):
                    out[n, i, j, o] = bias[o]
                for p in range(k):
                    for q in range(k):
                        for c in range(x.shape[3]):
                            pixel = x[n, i + p, j + q, c]
                            for o in range(out.shape[3]):
                                out[n, i, j, o] += pixel * weights[p, q, c, o]
                for o in range(out.shape[3]):
                    out[n, i, j, o] = max(out[n, i, j, o], 0.0)
    return out


@njit
def pool(x):
    """Return the largest of each two by two points, and which of the four it is."""
    out = np.empty((x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]))
    chosen = np.empty(out.shape, np.int8)
    for n in range(out.shape[0]):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                for c in range(out.shape[3]):
                    best, which = x[n, 2 * i, 2 * j, c], 0
                    for k in range(1, 4):
                        other = x[n, 2 * i + k // 2, 2 * j + k % 2, c]
                        if other > best:
                            best, which = other, k
                    out[n, i, j, c] = best
                    chosen[n, i, j, c] = which
    return out, chosen


@njit
def pool_adjoint(out, chosen, out_bar, shape):
    """The adjoint of what was rectified, then pooled: 0 where the largest is 0."""
    bar = np.zeros(shape)
    for n in range(out.shape[0]):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                for c in range(out.shape[3]):
                    if out[n, i, j, c] > 0.0:
                        k = chosen[n, i, j, c]
                        bar[n, 2 * i + k // 2, 2 * j + k % 2, c] = out_bar[n, i, j, c]
    return bar


@njit
def lenet(x, k1, c1, k2, c2, w1, b1, w2, b2, w3, b3, w):
    first = rectified_convolution(x, k1, c1)
    first_pooled, first_chosen = pool(first)
    second = rectified_convolution(first_pooled, k2, c2)
    images, second_chosen = pool(second)
    flat = images.reshape((images.shape[0], images.size // images.shape[0]))
    hidden = layer(flat, w1, b1, True)
    last = layer(hidden, w2, b2, True)
    value = weigh_matrix(layer(last, w3, b3, False), w)

    last_bar = w @ w3.T
    b2_bar = masked_and_summed(last_bar, last)
    hidden_bar = last_bar @ w2.T
    b1_bar = masked_and_summed(hidden_bar, hidden)
    images_bar = (hidden_bar @ w1.T).reshape(images.shape)
    k1_bar, c1_bar = np.zeros(k1.shape), np.zeros(c1.shape)
    k2_bar, c2_bar = np.zeros(k2.shape), np.zeros(c2.shape)
    second_bar = pool_adjoint(images, second_chosen, images_bar, second.shape)
    pooled_bar, nothing = np.zeros(first_pooled.shape), np.zeros((0, 0, 0, 0))
    convolution_adjoint(first_pooled, k2, second_bar, pooled_bar, k2_bar, c2_bar)
    first_bar = pool_adjoint(first_pooled, first_chosen, pooled_bar, first.shape)
    convolution_adjoint(x, k1, first_bar, nothing, k1_bar, c1_bar)
    convolutions = (k1_bar, c1_bar, k2_bar, c2_bar)
    dense = (flat.T @ hidden_bar, b1_bar, hidden.T @ last_bar, b2_bar, last.T @ w, w.sum(axis=0))
    return (value, *convolutions, *dense)
