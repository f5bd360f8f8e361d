"""Formulas at many points, bodies that attract each other, and programs on indices."""

import math

import numpy as np

from tests.benchmarks.case import Case, weigh_matrix
from tests.benchmarks.hand import pointwise as hand


def go_fast(a, w):
    """The hyperbolic tangents of the diagonal are added to a matrix."""
    trace = 0.0
    for i in range(a.shape[0]):
        trace += math.tanh(a[i, i])
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += w[i, j] * (a[i, j] + trace)
    return total


def go_fast_arrays(a, w):
    trace = 0.0
    for i in range(a.shape[0]):
        trace += np.tanh(a[i, i])
    return np.sum(w * (a + trace))


def two_matrices(random, n):
    return random.normal(size=(n, n)), random.normal(size=(n, n))


def compute(first, second, a, b, c, w):
    total = 0.0
    for i in range(first.shape[0]):
        for j in range(first.shape[1]):
            limited = min(max(first[i, j], 2.0), 10.0)
            total += w[i, j] * (limited * a + second[i, j] * b + c)
    return total


def compute_arrays(first, second, a, b, c, w):
    return np.sum(w * (np.clip(first, 2.0, 10.0) * a + second * b + c))


def compute_args(random, n):
    fields = (random.uniform(0.0, 12.0, size=(n, n)) for _ in range(2))
    return (*fields, 4.0, 3.0, 9.0, random.normal(size=(n, n)))


def arc_distance(theta_1, phi_1, theta_2, phi_2, w):
    """The angle between pairs of points on a sphere, by the haversine formula."""
    total = 0.0
    for i in range(theta_1.shape[0]):
        across = math.sin((theta_2[i] - theta_1[i]) / 2.0)
        along = math.sin((phi_2[i] - phi_1[i]) / 2.0)
        h = across * across + math.cos(theta_1[i]) * math.cos(theta_2[i]) * along * along
        total += w[i] * (2.0 * math.atan2(math.sqrt(h), math.sqrt(1.0 - h)))
    return total


def arc_distance_arrays(theta_1, phi_1, theta_2, phi_2, w):
    across = np.sin((theta_2 - theta_1) / 2.0) ** 2
    along = np.sin((phi_2 - phi_1) / 2.0) ** 2
    h = across + np.cos(theta_1) * np.cos(theta_2) * along
    return np.sum(w * (2.0 * np.arctan2(np.sqrt(h), np.sqrt(1.0 - h))))


def arc_distance_args(random, n):
    return *(random.uniform(-1.5, 1.5, size=n) for _ in range(4)), random.normal(size=n)


def spmv(values, x, starts, columns, w):
    """A sparse matrix, by rows, times a vector."""
    total = 0.0
    for i in range(starts.shape[0] - 1):
        dot = 0.0
        for k in range(starts[i], starts[i + 1]):
            dot += values[k] * x[columns[k]]
        total += w[i] * dot
    return total


def spmv_arrays(values, x, starts, columns, w):
    total = 0.0
    for i in range(starts.shape[0] - 1):
        first, last = starts[i], starts[i + 1]
        total += w[i] * np.sum(values[first:last] * np.take(x, columns[first:last]))
    return total


def spmv_args(random, n, filled):
    counts = random.integers(0, 2 * filled + 1, size=n)
    starts = np.concatenate(([0], np.cumsum(counts)))
    columns = random.integers(0, n, size=starts[-1])
    values = random.normal(size=starts[-1])
    return values, random.normal(size=n), starts, columns, random.normal(size=n)


def floyd_warshall(path, w):
    """The lengths of the shortest ways between all pairs, in place."""
    path = path.copy()
    n = path.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                path[i, j] = min(path[i, j], path[i, k] + path[k, j])
    return weigh_matrix(path, w)


def floyd_warshall_arrays(path, w):
    path = path.copy()
    for k in range(path.shape[0]):
        for i in range(path.shape[0]):
            path[i] = np.minimum(path[i], path[i, k] + path[k])
    return np.sum(w * path)


def floyd_warshall_args(random, n):
    path = random.uniform(1.0, 10.0, size=(n, n))
    np.fill_diagonal(path, 0.0)
    return path, random.normal(size=(n, n))


def nbody(position, velocity, mass, softening, dt, w):
    """Bodies that attract each other, by leapfrog; the energies of each step are weighted."""
    position = position.copy()
    velocity = velocity.copy()
    n = mass.shape[0]
    force = np.zeros((n, 3))
    total = 0.0
    for t in range(w.shape[0]):
        potential = 0.0
        force[:, :] = 0.0
        for i in range(n):
            for j in range(i):
                x = position[j, 0] - position[i, 0]
                y = position[j, 1] - position[i, 1]
                z = position[j, 2] - position[i, 2]
                inverse = 1.0 / math.sqrt(x * x + y * y + z * z + softening * softening)
                cube = inverse * inverse * inverse
                potential -= mass[i] * mass[j] * inverse
                force[i, 0] += mass[j] * cube * x
                force[i, 1] += mass[j] * cube * y
                force[i, 2] += mass[j] * cube * z
                force[j, 0] -= mass[i] * cube * x
                force[j, 1] -= mass[i] * cube * y
                force[j, 2] -= mass[i] * cube * z
        kinetic = 0.0
        for i in range(n):
            for a in range(3):
                velocity[i, a] += dt * force[i, a]
                position[i, a] += dt * velocity[i, a]
                kinetic += 0.5 * mass[i] * velocity[i, a] * velocity[i, a]
        total += w[t, 0] * kinetic + w[t, 1] * potential
    return total


def nbody_arrays(position, velocity, mass, softening, dt, w):
    position = position.copy()
    velocity = velocity.copy()
    total = 0.0
    for t in range(w.shape[0]):
        x = position[:, 0] - position[:, 0:1]
        y = position[:, 1] - position[:, 1:2]
        z = position[:, 2] - position[:, 2:3]
        inverse = 1.0 / np.sqrt(x * x + y * y + z * z + softening * softening)
        cube = inverse * inverse * inverse
        # Each body is also its own partner, at the distance of the softening.
        alone = np.sum(mass * mass) / softening
        pairs = np.sum(mass * (inverse @ mass))
        velocity[:, 0] += dt * ((cube * x) @ mass)
        velocity[:, 1] += dt * ((cube * y) @ mass)
        velocity[:, 2] += dt * ((cube * z) @ mass)
        position += dt * velocity
        kinetic = 0.5 * np.sum(mass * np.sum(velocity * velocity, axis=1))
        total += w[t, 0] * kinetic - w[t, 1] * 0.5 * (pairs - alone)
    return total


def nbody_args(random, n, steps):
    bodies = random.normal(size=(n, 3)), random.normal(size=(n, 3)), random.uniform(0.5, 1.5, n) / n
    return *bodies, 0.1, 0.01, random.normal(size=(steps, 2))


CASES = (
    Case(
        "go_fast", go_fast, two_matrices, {"n": 1200}, {"n": 4}, (0,), go_fast_arrays, hand.go_fast
    ),
    Case(
        "compute",
        compute,
        compute_args,
        {"n": 1000},
        {"n": 3},
        (0, 1, 2, 3, 4),
        compute_arrays,
        hand.compute,
    ),
    Case(
        "arc_distance",
        arc_distance,
        arc_distance_args,
        {"n": 50_000},
        {"n": 5},
        (0, 1, 2, 3),
        arc_distance_arrays,
        hand.arc_distance,
    ),
    Case(
        "spmv",
        spmv,
        spmv_args,
        {"n": 20_000, "filled": 50},
        {"n": 5, "filled": 2},
        (0, 1),
        spmv_arrays,
        hand.spmv,
    ),
    Case(
        "floyd_warshall",
        floyd_warshall,
        floyd_warshall_args,
        {"n": 150},
        {"n": 4},
        (0,),
        floyd_warshall_arrays,
        hand.floyd_warshall,
    ),
    Case(
        "nbody",
        nbody,
        nbody_args,
        {"n": 60, "steps": 100},
        {"n": 3, "steps": 2},
        (0, 1, 2),
        nbody_arrays,
        hand.nbody,
    ),
)
