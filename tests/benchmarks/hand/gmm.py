"""The adjoint of `tests.programs.gmm.gmm_objective`, written by hand: the limit to reach.

One pass over the points: the weights of a point are known as soon as its terms are, so primal and
adjoint of a point run together, and nothing is kept but `diff` and `proj` for the components of
one point. The adjoint of the maximum in the log-sum-exp cancels and is left out.
`inline="always"`, and indices instead of row views, because Numba leaves the parts as calls
otherwise (3.3 ms instead of 2.4 on gmm_d10_K25).
"""

import math

import numpy as np
from numba import njit

from tests.programs.gmm import log_sum_exp, log_wishart_prior


@njit(inline="always")
def scale_factors(icf, d):
    """Return the diagonals of the inverse-covariance factors and the sums of their logarithms."""
    k = icf.shape[0]
    qdiag = np.empty((k, d))
    sum_q = np.zeros(k)
    for j in range(k):
        for a in range(d):
            sum_q[j] += icf[j, a]
            qdiag[j, a] = math.exp(icf[j, a])
    return qdiag, sum_q


@njit(inline="always")
def component_term(i, j, offset, means, icf, x, qdiag, diff, proj):
    """Return the log-density of point i under component j; leave diff and proj for its adjoint."""
    d = x.shape[1]
    for a in range(d):
        diff[j, a] = x[i, a] - means[j, a]
        proj[j, a] = qdiag[j, a] * diff[j, a]
    pos = d
    for a in range(d):
        for b in range(a + 1, d):
            proj[j, b] += icf[j, pos] * diff[j, a]
            pos += 1
    sqnorm = 0.0
    for a in range(d):
        sqnorm += proj[j, a] * proj[j, a]
    return offset - 0.5 * sqnorm


@njit(inline="always")
def component_adjoint(w, j, icf, qdiag, diff, proj, means_bar, icf_bar):
    """Add the adjoints of one term; `icf_bar[j, :d]` receives those of `qdiag[j]`."""
    d = diff.shape[1]
    pos = d
    for a in range(d):
        w_diff = w * diff[j, a]
        back = qdiag[j, a] * proj[j, a]
        icf_bar[j, a] -= w_diff * proj[j, a]
        for b in range(a + 1, d):
            back += icf[j, pos] * proj[j, b]
            icf_bar[j, pos] -= w_diff * proj[j, b]
            pos += 1
        means_bar[j, a] += w * back


@njit(inline="always")
def softmax_in_place(term):
    """Turn the terms into weights; return their log-sum-exp."""
    k = term.shape[0]
    top = term[0]
    for j in range(1, k):
        if term[j] > top:
            top = term[j]
    total = 0.0
    for j in range(k):
        term[j] = math.exp(term[j] - top)
        total += term[j]
    for j in range(k):
        term[j] /= total
    return math.log(total) + top


@njit(inline="always")
def add_prior(alphas, icf, qdiag, n, gamma, m, alphas_bar, icf_bar):
    """Turn adjoints of `qdiag` into those of `icf`; add prior and normalisation."""
    k, d = qdiag.shape
    norm = log_sum_exp(alphas)
    for j in range(k):
        for a in range(d):
            q = qdiag[j, a]
            icf_bar[j, a] = (icf_bar[j, a] + gamma * gamma * q) * q + alphas_bar[j] - m
        for pos in range(d, icf.shape[1]):
            icf_bar[j, pos] += gamma * gamma * icf[j, pos]
        alphas_bar[j] -= n * math.exp(alphas[j] - norm)
    return n * norm


@njit
def gmm_objective_hand(alphas, means, icf, x, gamma, m):
    """Return the objective and its gradient by alphas, means and icf."""
    n, d = x.shape
    k = alphas.shape[0]
    qdiag, sum_q = scale_factors(icf, d)
    diff, proj, weight = np.empty((k, d)), np.empty((k, d)), np.empty(k)
    alphas_bar, means_bar, icf_bar = np.zeros(k), np.zeros((k, d)), np.zeros(icf.shape)
    value = log_wishart_prior(qdiag, sum_q, icf, gamma, m) - 0.5 * n * d * math.log(2.0 * math.pi)
    for i in range(n):
        for j in range(k):
            offset = alphas[j] + sum_q[j]
            weight[j] = component_term(i, j, offset, means, icf, x, qdiag, diff, proj)
        value += softmax_in_place(weight)
        for j in range(k):
            alphas_bar[j] += weight[j]
            component_adjoint(weight[j], j, icf, qdiag, diff, proj, means_bar, icf_bar)
    value -= add_prior(alphas, icf, qdiag, n, gamma, m, alphas_bar, icf_bar)
    return value, alphas_bar, means_bar, icf_bar
