"""ADBench's Gaussian mixture objective with full covariances, as a Numba user writes it."""

import math

import numpy as np
from numba import njit


@njit
def log_sum_exp(values):
    top = values[0]
    for j in range(1, values.shape[0]):
        if values[j] > top:
            top = values[j]
    total = 0.0
    for j in range(values.shape[0]):
        total += math.exp(values[j] - top)
    return math.log(total) + top


@njit
def log_gamma_distrib(a, p):
    total = 0.25 * p * (p - 1) * math.log(math.pi)
    for j in range(1, p + 1):
        total += math.lgamma(a + 0.5 * (1 - j))
    return total


@njit
def log_wishart_prior(qdiag, sum_q, icf, gamma, m):
    k, d = qdiag.shape
    nu = d + m + 1
    constant = nu * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma_distrib(0.5 * nu, d)
    total = 0.0
    for j in range(k):
        frobenius = 0.0
        for a in range(d):
            frobenius += qdiag[j, a] * qdiag[j, a]
        for pos in range(d, icf.shape[1]):
            frobenius += icf[j, pos] * icf[j, pos]
        total += 0.5 * gamma * gamma * frobenius - m * sum_q[j]
    return total - k * constant


def gmm_objective(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = alphas.shape[0]

    qdiag = np.empty((k, d))
    sum_q = np.zeros(k)
    for j in range(k):
        for a in range(d):
            sum_q[j] += icf[j, a]
            qdiag[j, a] = math.exp(icf[j, a])

    diff = np.empty(d)
    proj = np.empty(d)
    term = np.empty(k)
    total = 0.0
    for i in range(n):
        for j in range(k):
            for a in range(d):
                diff[a] = x[i, a] - means[j, a]
                proj[a] = qdiag[j, a] * diff[a]
            pos = d
            for a in range(d):
                for b in range(a + 1, d):
                    proj[b] += icf[j, pos] * diff[a]
                    pos += 1
            sqnorm = 0.0
            for a in range(d):
                sqnorm += proj[a] * proj[a]
            term[j] = alphas[j] + sum_q[j] - 0.5 * sqnorm
        total += log_sum_exp(term)

    normalisation = n * (log_sum_exp(alphas) + 0.5 * d * math.log(2.0 * math.pi))
    return total - normalisation + log_wishart_prior(qdiag, sum_q, icf, gamma, m)
