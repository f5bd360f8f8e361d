"""Adjoints of formulas at many points, of statistics, and of programs on indices.

Large results are made by NumPy and filled by compiled code: fresh memory costs less that way.
"""

import math

import numpy as np
from numba import njit

from tests.benchmarks.case import reordered, weigh_matrix


def go_fast(a, w):
    return go_fast_into(a, w, np.empty(a.shape))


@reordered
def go_fast_into(a, w, a_bar):
    trace = 0.0
    for i in range(a.shape[0]):
        trace += math.tanh(a[i, i])
    value, sum_w = 0.0, 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            value += w[i, j] * a[i, j]
            sum_w += w[i, j]
            a_bar[i, j] = w[i, j]
    for i in range(a.shape[0]):
        t = math.tanh(a[i, i])
        a_bar[i, i] += sum_w * (1.0 - t * t)
    return value + trace * sum_w, a_bar


def compute(first, second, a, b, c, w):
    return compute_into(first, second, a, b, c, w, np.empty(first.shape), np.empty(first.shape))


@reordered
def compute_into(first, second, a, b, c, w, first_bar, second_bar):
    a_bar, b_bar, c_bar = 0.0, 0.0, 0.0
    for i in range(first.shape[0]):
        for j in range(first.shape[1]):
            x, weight = first[i, j], w[i, j]
            limited = min(max(x, 2.0), 10.0)
            a_bar += weight * limited
            b_bar += weight * second[i, j]
            c_bar += weight
            first_bar[i, j] = weight * a if limited == x else 0.0
            second_bar[i, j] = weight * b
    return a * a_bar + b * b_bar + c * c_bar, first_bar, second_bar, a_bar, b_bar, c_bar


@njit
def arc_distance(theta_1, phi_1, theta_2, phi_2, w):
    """With h = sin(d / 2)^2: the derivative of d by h is 1 / sqrt(h (1 - h))."""
    n = theta_1.shape[0]
    theta_1_bar, theta_2_bar = np.empty(n), np.empty(n)
    phi_1_bar, phi_2_bar = np.empty(n), np.empty(n)
    value = 0.0
    for i in range(n):
        half_theta, half_phi = (theta_2[i] - theta_1[i]) / 2.0, (phi_2[i] - phi_1[i]) / 2.0
        across, across_slope = math.sin(half_theta), math.cos(half_theta)
        along, along_slope = math.sin(half_phi), math.cos(half_phi)
        cos_1, cos_2 = math.cos(theta_1[i]), math.cos(theta_2[i])
        square = along * along
        h = across * across + cos_1 * cos_2 * square
        root, other = math.sqrt(h), math.sqrt(1.0 - h)
        value += w[i] * 2.0 * math.atan2(root, other)
        h_bar = w[i] / (root * other)
        theta = h_bar * across * across_slope
        phi = h_bar * cos_1 * cos_2 * along * along_slope
        theta_1_bar[i] = -theta - h_bar * math.sin(theta_1[i]) * cos_2 * square
        theta_2_bar[i] = theta - h_bar * cos_1 * math.sin(theta_2[i]) * square
        phi_1_bar[i], phi_2_bar[i] = -phi, phi
    return value, theta_1_bar, phi_1_bar, theta_2_bar, phi_2_bar


@njit
def means(data):
    n, m = data.shape
    mean = np.zeros(m)
    for i in range(n):
        for j in range(m):
            mean[j] += data[i, j]
    return mean / n


@njit
def covariance(data, w):
    """The covariance reads the upper triangle of the weights' symmetric part."""
    n, m = data.shape
    centred = data - means(data)
    weights = (w + w.T) / (n - 1.0)
    bar = centred @ weights
    value = 0.5 * weigh_matrix(centred, bar)
    shift = means(bar)
    for i in range(n):
        for j in range(m):
            bar[i, j] -= shift[j]
    return value, bar


@reordered
def correlation(data, w):
    n, m = data.shape
    mean, deviation = means(data), np.zeros(m)
    for i in range(n):
        for j in range(m):
            deviation[j] += (data[i, j] - mean[j]) ** 2
    scale, moves = np.empty(m), np.empty(m)
    for j in range(m):
        root = math.sqrt(deviation[j] / n)
        moves[j] = 1.0 if root > 0.1 else 0.0
        scale[j] = 1.0 / (math.sqrt(n) * (root if root > 0.1 else 1.0))
    scaled, weights = np.empty((n, m)), w + w.T
    for i in range(n):
        for j in range(m):
            scaled[i, j] = (data[i, j] - mean[j]) * scale[j]
    trace = 0.0
    for j in range(m):
        trace += w[j, j]
        weights[j, j] = 0.0
    bar = scaled @ weights
    value = trace + 0.5 * weigh_matrix(scaled, bar)
    along, shift = np.zeros(m), means(bar)
    for i in range(n):
        for j in range(m):
            along[j] += bar[i, j] * scaled[i, j]
    for i in range(n):
        for j in range(m):
            kept = bar[i, j] - shift[j] - moves[j] * along[j] * scaled[i, j]
            bar[i, j] = scale[j] * kept
    return value, bar


@reordered
def azimint(data, radius, w):
    rings = w.shape[0]
    farthest = 0.0
    for i in range(radius.shape[0]):
        farthest = max(farthest, radius[i])
    ring = np.empty(data.shape[0], np.int32)
    sums, counts = np.zeros(rings), np.zeros(rings)
    for i in range(data.shape[0]):
        k = min(int(radius[i] / farthest * rings), rings - 1)
        ring[i] = k
        sums[k] += data[i]
        counts[k] += 1.0
    value = 0.0
    for k in range(rings):
        if counts[k] > 0.0:
            counts[k] = w[k] / counts[k]
            value += counts[k] * sums[k]
    data_bar = np.empty(data.shape[0])
    for i in range(data.shape[0]):
        data_bar[i] = counts[ring[i]]
    return value, data_bar


def spmv(values, x, starts, columns, w):
    return spmv_into(values, x, starts, columns, w, np.empty(values.shape))


@reordered
def spmv_into(values, x, starts, columns, w, values_bar):
    x_bar = np.zeros(x.shape[0])
    value = 0.0
    for i in range(starts.shape[0] - 1):
        weight = w[i]
        dot = 0.0
        for k in range(starts[i], starts[i + 1]):
            c = columns[k]
            dot += values[k] * x[c]
            values_bar[k] = weight * x[c]
            x_bar[c] += weight * values[k]
        value += weight * dot
    return value, values_bar, x_bar


@reordered
def floyd_warshall(path, w):
    """Kept is one byte for each comparison; row k and column k do not change in step k.

    That is so because lengths are not negative and the diagonal is 0.
    """
    path = path.copy()
    n = path.shape[0]
    shorter = np.empty((n, n, n), np.bool_)
    row = np.empty(n)
    for k in range(n):
        row[:] = path[k]
        for i in range(n):
            to_k = path[i, k]
            for j in range(n):
                way = to_k + row[j]
                shorter[k, i, j] = way < path[i, j]
                path[i, j] = min(path[i, j], way)
    bar = w.copy()
    for k in range(n - 1, -1, -1):
        row[:] = 0.0
        for i in range(n):
            to_k = 0.0
            for j in range(n):
                moved = bar[i, j] if shorter[k, i, j] else 0.0
                bar[i, j] -= moved
                row[j] += moved
                to_k += moved
            bar[i, k] += to_k
        for j in range(n):
            bar[k, j] += row[j]
    return weigh_matrix(path, w), bar


@njit(inline="always")
def attract(position, mass, square, force):
    """Set the accelerations; return the potential energy."""
    n = mass.shape[0]
    potential = 0.0
    force[:, :] = 0.0
    for i in range(n):
        for j in range(i):
            x = position[j, 0] - position[i, 0]
            y = position[j, 1] - position[i, 1]
            z = position[j, 2] - position[i, 2]
            inverse = 1.0 / math.sqrt(x * x + y * y + z * z + square)
            cube = inverse * inverse * inverse
            potential -= mass[i] * mass[j] * inverse
            to_i, to_j = mass[j] * cube, mass[i] * cube
            force[i, 0] += to_i * x
            force[i, 1] += to_i * y
            force[i, 2] += to_i * z
            force[j, 0] -= to_j * x
            force[j, 1] -= to_j * y
            force[j, 2] -= to_j * z
    return potential


@njit(inline="always")
def attract_adjoint(position, mass, square, force_bar, weight, position_bar, mass_bar):
    """Add the adjoints of positions and masses; `weight` is the adjoint of the potential."""
    n = mass.shape[0]
    for i in range(n):
        for j in range(i):
            x = position[j, 0] - position[i, 0]
            y = position[j, 1] - position[i, 1]
            z = position[j, 2] - position[i, 2]
            inverse = 1.0 / math.sqrt(x * x + y * y + z * z + square)
            cube = inverse * inverse * inverse
            on_i = x * force_bar[i, 0] + y * force_bar[i, 1] + z * force_bar[i, 2]
            on_j = x * force_bar[j, 0] + y * force_bar[j, 1] + z * force_bar[j, 2]
            mass_bar[i] -= cube * on_j + weight * mass[j] * inverse
            mass_bar[j] += cube * on_i - weight * mass[i] * inverse
            cube_bar = mass[j] * on_i - mass[i] * on_j
            inverse_bar = 3.0 * inverse * inverse * cube_bar - weight * mass[i] * mass[j]
            common = -inverse_bar * cube
            to_i, to_j = mass[j] * cube, mass[i] * cube
            x_bar = common * x + to_i * force_bar[i, 0] - to_j * force_bar[j, 0]
            y_bar = common * y + to_i * force_bar[i, 1] - to_j * force_bar[j, 1]
            z_bar = common * z + to_i * force_bar[i, 2] - to_j * force_bar[j, 2]
            position_bar[i, 0] -= x_bar
            position_bar[i, 1] -= y_bar
            position_bar[i, 2] -= z_bar
            position_bar[j, 0] += x_bar
            position_bar[j, 1] += y_bar
            position_bar[j, 2] += z_bar


@njit
def nbody(position, velocity, mass, softening, dt, w):
    """Positions and velocities of each step are kept: they are small beside the forces."""
    n, steps = mass.shape[0], w.shape[0]
    positions, velocities = np.empty((steps + 1, n, 3)), np.empty((steps + 1, n, 3))
    positions[0], velocities[0] = position, velocity
    force = np.empty((n, 3))
    square = softening * softening
    value = 0.0
    for t in range(steps):
        value += w[t, 1] * attract(positions[t], mass, square, force)
        for i in range(n):
            for a in range(3):
                speed = velocities[t, i, a] + dt * force[i, a]
                velocities[t + 1, i, a] = speed
                positions[t + 1, i, a] = positions[t, i, a] + dt * speed
                value += w[t, 0] * 0.5 * mass[i] * speed * speed
    position_bar, velocity_bar, mass_bar = np.zeros((n, 3)), np.zeros((n, 3)), np.zeros(n)
    for t in range(steps - 1, -1, -1):
        for i in range(n):
            for a in range(3):
                speed = velocities[t + 1, i, a]
                bar = dt * position_bar[i, a] + w[t, 0] * mass[i] * speed
                velocity_bar[i, a] += bar
                mass_bar[i] += w[t, 0] * 0.5 * speed * speed
                force[i, a] = dt * velocity_bar[i, a]
        attract_adjoint(positions[t], mass, square, force, w[t, 1], position_bar, mass_bar)
    return value, position_bar, velocity_bar, mass_bar
