"""Statistics of columns of data, and means of rings."""

import math

import numpy as np

from tests.benchmarks.case import Case, weigh_matrix
from tests.benchmarks.hand import pointwise as hand


def covariance(data, w):
    n, m = data.shape
    mean = np.zeros(m)
    for i in range(n):
        for j in range(m):
            mean[j] += data[i, j]
    for j in range(m):
        mean[j] /= n
    centred = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            centred[i, j] = data[i, j] - mean[j]
    cov = np.zeros((m, m))
    for i in range(n):
        for j in range(m):
            for k in range(j, m):
                cov[j, k] += centred[i, j] * centred[i, k]
    for j in range(m):
        for k in range(j, m):
            cov[j, k] /= n - 1.0
            cov[k, j] = cov[j, k]
    return weigh_matrix(cov, w)


def covariance_arrays(data, w):
    n = data.shape[0]
    centred = data - np.sum(data, axis=0) / n
    return np.sum(w * (centred.T @ centred)) / (n - 1.0)


def correlation(data, w):
    n, m = data.shape
    scaled = np.empty((n, m))
    mean = np.zeros(m)
    deviation = np.zeros(m)
    for i in range(n):
        for j in range(m):
            mean[j] += data[i, j] / n
    for i in range(n):
        for j in range(m):
            deviation[j] += (data[i, j] - mean[j]) ** 2
    for j in range(m):
        deviation[j] = math.sqrt(deviation[j] / n)
        if deviation[j] <= 0.1:
            deviation[j] = 1.0
    for i in range(n):
        for j in range(m):
            scaled[i, j] = (data[i, j] - mean[j]) / (math.sqrt(n) * deviation[j])
    corr = np.eye(m)
    for j in range(m - 1):
        for k in range(j + 1, m):
            dot = 0.0
            for i in range(n):
                dot += scaled[i, j] * scaled[i, k]
            corr[j, k] = dot
            corr[k, j] = dot
    return weigh_matrix(corr, w)


def correlation_arrays(data, w):
    n, m = data.shape
    centred = data - np.sum(data, axis=0) / n
    deviation = np.sqrt(np.sum(centred * centred, axis=0) / n)
    scaled = centred / (np.sqrt(float(n)) * np.where(deviation <= 0.1, 1.0, deviation))
    off_diagonal = w * (1.0 - np.eye(m))
    return np.sum(off_diagonal * (scaled.T @ scaled)) + np.trace(w)


def data_args(random, n, m):
    return random.normal(size=(n, m)), random.normal(size=(m, m))


def azimint(data, radius, w):
    """The mean of the data in each of the rings around the origin."""
    rings = w.shape[0]
    farthest = 0.0
    for i in range(radius.shape[0]):
        farthest = max(farthest, radius[i])
    sums = np.zeros(rings)
    counts = np.zeros(rings)
    for i in range(data.shape[0]):
        ring = min(int(radius[i] / farthest * rings), rings - 1)
        sums[ring] += data[i]
        counts[ring] += 1.0
    total = 0.0
    for k in range(rings):
        if counts[k] > 0.0:
            total += w[k] * sums[k] / counts[k]
    return total


def azimint_arrays(data, radius, w):
    rings = w.shape[0]
    ring = np.minimum(np.floor(radius / np.max(radius) * rings), rings - 1.0)
    total = 0.0
    for k in range(rings):
        inside = np.where(ring == k, 1.0, 0.0)
        count = np.sum(inside)
        if count > 0.0:
            total += w[k] * np.sum(inside * data) / count
    return total


def azimint_args(random, n, rings):
    return random.normal(size=n), random.uniform(size=n), random.normal(size=rings)


CASES = (
    Case(
        "covariance",
        covariance,
        data_args,
        {"n": 400, "m": 300},
        {"n": 4, "m": 3},
        (0,),
        covariance_arrays,
        hand.covariance,
    ),
    Case(
        "correlation",
        correlation,
        data_args,
        {"n": 400, "m": 300},
        {"n": 4, "m": 3},
        (0,),
        correlation_arrays,
        hand.correlation,
    ),
    Case(
        "azimint",
        azimint,
        azimint_args,
        {"n": 600_000, "rings": 30},
        {"n": 8, "rings": 3},
        (0,),
        azimint_arrays,
        hand.azimint,
    ),
)
