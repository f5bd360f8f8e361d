"""Layers of neural networks."""

import itertools
import math

import numpy as np
from numba import njit

from tests.benchmarks.case import Case, weigh_matrix
from tests.benchmarks.hand import networks as hand


def softmax(x, w):
    """Softmax over the last axis of a box with four axes."""
    total = 0.0
    p = np.empty(x.shape[3])
    for a in range(x.shape[0]):
        for b in range(x.shape[1]):
            for c in range(x.shape[2]):
                top = x[a, b, c, 0]
                for i in range(1, x.shape[3]):
                    top = max(top, x[a, b, c, i])
                norm = 0.0
                for i in range(x.shape[3]):
                    p[i] = math.exp(x[a, b, c, i] - top)
                    norm += p[i]
                for i in range(x.shape[3]):
                    total += w[a, b, c, i] * (p[i] / norm)
    return total


def softmax_arrays(x, w):
    total = 0.0
    for a in range(x.shape[0]):
        for b in range(x.shape[1]):
            for c in range(x.shape[2]):
                row = x[a, b, c]
                p = np.exp(row - np.max(row))
                total += np.sum(w[a, b, c] * p) / np.sum(p)
    return total


def softmax_args(random, batch, heads, n):
    shape = (batch, heads, n, n)
    return random.normal(size=shape), random.normal(size=shape)


@njit
def dense(x, weights, bias):
    out = np.empty((x.shape[0], weights.shape[1]))
    for i in range(x.shape[0]):
        for j in range(weights.shape[1]):
            out[i, j] = bias[j]
        for k in range(x.shape[1]):
            for j in range(weights.shape[1]):
                out[i, j] += x[i, k] * weights[k, j]
    return out


@njit
def relu(x):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = max(x[i, j], 0.0)


@njit
def softmax_rows(x):
    for i in range(x.shape[0]):
        top = x[i, 0]
        for j in range(1, x.shape[1]):
            top = max(top, x[i, j])
        norm = 0.0
        for j in range(x.shape[1]):
            x[i, j] = math.exp(x[i, j] - top)
            norm += x[i, j]
        for j in range(x.shape[1]):
            x[i, j] /= norm


def mlp(x, w1, b1, w2, b2, w3, b3, w):
    first = dense(x, w1, b1)
    relu(first)
    second = dense(first, w2, b2)
    relu(second)
    out = dense(second, w3, b3)
    softmax_rows(out)
    return weigh_matrix(out, w)


def mlp_arrays(x, w1, b1, w2, b2, w3, b3, w):
    first = np.maximum(x @ w1 + b1, 0.0)
    second = np.maximum(first @ w2 + b2, 0.0)
    out = second @ w3 + b3
    total = 0.0
    for i in range(out.shape[0]):
        p = np.exp(out[i] - np.max(out[i]))
        total += np.sum(w[i] * p) / np.sum(p)
    return total


def mlp_args(random, n, inputs, hidden, outputs):
    sizes = [inputs, hidden, hidden, outputs]
    layers = []
    for rows, columns in itertools.pairwise(sizes):
        layers += [random.normal(size=(rows, columns)) / rows**0.5, random.normal(size=columns)]
    return random.normal(size=(n, inputs)), *layers, random.normal(size=(n, outputs))


@njit
def convolve(x, weights, bias):
    """Convolve images (n, height, width, channels) with kernels (k, k, channels, out)."""
    k = weights.shape[0]
    height = x.shape[1] - k + 1
    width = x.shape[2] - k + 1
    out = np.empty((x.shape[0], height, width, weights.shape[3]))
    for n in range(x.shape[0]):
        for i in range(height):
            for j in range(width):
                for o in range(weights.shape[3]):
                    out[n, i, j, o] = bias[o]
                for p in range(k):
                    for q in range(k):
                        for c in range(x.shape[3]):
                            for o in range(weights.shape[3]):
                                out[n, i, j, o] += x[n, i + p, j + q, c] * weights[p, q, c, o]
    return out


@njit
def weigh_images(a, w):
    total = 0.0
    for n in range(a.shape[0]):
        for i in range(a.shape[1]):
            for j in range(a.shape[2]):
                for o in range(a.shape[3]):
                    total += w[n, i, j, o] * a[n, i, j, o]
    return total


def conv2d(x, weights, bias, w):
    return weigh_images(convolve(x, weights, bias), w)


def conv2d_args(random, n, size, channels, out, k):
    return (
        random.normal(size=(n, size, size, channels)),
        random.normal(size=(k, k, channels, out)),
        random.normal(size=out),
        random.normal(size=(n, size - k + 1, size - k + 1, out)),
    )


@njit
def relu_images(x):
    for n in range(x.shape[0]):
        for i in range(x.shape[1]):
            for j in range(x.shape[2]):
                for c in range(x.shape[3]):
                    x[n, i, j, c] = max(x[n, i, j, c], 0.0)


@njit
def pool(x):
    """The largest of each two by two points."""
    height = x.shape[1] // 2
    width = x.shape[2] // 2
    out = np.empty((x.shape[0], height, width, x.shape[3]))
    for n in range(x.shape[0]):
        for i in range(height):
            for j in range(width):
                for c in range(x.shape[3]):
                    upper = max(x[n, 2 * i, 2 * j, c], x[n, 2 * i, 2 * j + 1, c])
                    lower = max(x[n, 2 * i + 1, 2 * j, c], x[n, 2 * i + 1, 2 * j + 1, c])
                    out[n, i, j, c] = max(upper, lower)
    return out


def lenet(x, k1, c1, k2, c2, w1, b1, w2, b2, w3, b3, w):
    first = convolve(x, k1, c1)
    relu_images(first)
    second = convolve(pool(first), k2, c2)
    relu_images(second)
    images = pool(second)
    flat = images.reshape((images.shape[0], images.shape[1] * images.shape[2] * images.shape[3]))
    hidden = dense(flat, w1, b1)
    relu(hidden)
    hidden = dense(hidden, w2, b2)
    relu(hidden)
    return weigh_matrix(dense(hidden, w3, b3), w)


def lenet_args(random, n, size, k, channels, hidden):
    pooled = ((size - k + 1) // 2 - k + 1) // 2
    outputs = 2 * channels
    layers = [
        random.normal(size=(k, k, 1, channels)) / k,
        random.normal(size=channels),
        random.normal(size=(k, k, channels, outputs)) / k,
        random.normal(size=outputs),
    ]
    sizes = [pooled * pooled * outputs, hidden, hidden, 10]
    for rows, columns in itertools.pairwise(sizes):
        layers += [random.normal(size=(rows, columns)) / rows**0.5, random.normal(size=columns)]
    return random.normal(size=(n, size, size, 1)), *layers, random.normal(size=(n, 10))


CASES = (
    Case(
        "softmax",
        softmax,
        softmax_args,
        {"batch": 16, "heads": 4, "n": 64},
        {"batch": 1, "heads": 2, "n": 3},
        (0,),
        arrays=softmax_arrays,
        hand=hand.softmax,
    ),
    Case(
        "mlp",
        mlp,
        mlp_args,
        {"n": 128, "inputs": 256, "hidden": 256, "outputs": 40},
        {"n": 2, "inputs": 3, "hidden": 4, "outputs": 3},
        tuple(range(1, 7)),
        arrays=mlp_arrays,
        hand=hand.mlp,
    ),
    Case(
        "conv2d",
        conv2d,
        conv2d_args,
        {"n": 6, "size": 32, "channels": 3, "out": 16, "k": 5},
        {"n": 1, "size": 4, "channels": 2, "out": 2, "k": 2},
        (0, 1, 2),
        hand=hand.conv2d,
    ),
    Case(
        "lenet",
        lenet,
        lenet_args,
        {"n": 12, "size": 28, "k": 5, "channels": 6, "hidden": 100},
        {"n": 1, "size": 8, "k": 2, "channels": 2, "hidden": 3},
        tuple(range(1, 11)),
        hand=hand.lenet,
    ),
)
