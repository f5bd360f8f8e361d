"""The adjoint of bundle adjustment in scalars: one pass over the observations, nothing kept."""

import math

import numpy as np
from numba import njit


@njit(inline="always")
def cross(a, b):
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


@njit(inline="always")
def rotate(r, x):
    """Return the rotated point, the axis, cosine and sine of the angle, and one over the angle."""
    square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    if square == 0.0:
        y = cross(r, x)
        return (x[0] + y[0], x[1] + y[1], x[2] + y[2]), r, 1.0, 0.0, 0.0
    angle = math.sqrt(square)
    inverse = 1.0 / angle
    cosine, sine = math.cos(angle), math.sin(angle)
    a = (r[0] * inverse, r[1] * inverse, r[2] * inverse)
    y = cross(a, x)
    t = (a[0] * x[0] + a[1] * x[1] + a[2] * x[2]) * (1.0 - cosine)
    y0 = x[0] * cosine + y[0] * sine + a[0] * t
    y1 = x[1] * cosine + y[1] * sine + a[1] * t
    y2 = x[2] * cosine + y[2] * sine + a[2] * t
    return (y0, y1, y2), a, cosine, sine, inverse


@njit(inline="always")
def rotate_adjoint(a, x, y_bar, cosine, sine, inverse):
    """Return the adjoints of rotation vector and point; `a` is the axis."""
    x_by_y = cross(x, y_bar)
    y_by_a = cross(y_bar, a)
    if inverse == 0.0:
        return x_by_y, (y_bar[0] + y_by_a[0], y_bar[1] + y_by_a[1], y_bar[2] + y_by_a[2])
    along = a[0] * x[0] + a[1] * x[1] + a[2] * x[2]
    rest = 1.0 - cosine
    t_bar = a[0] * y_bar[0] + a[1] * y_bar[1] + a[2] * y_bar[2]
    cosine_bar = x[0] * y_bar[0] + x[1] * y_bar[1] + x[2] * y_bar[2] - along * t_bar
    sine_bar = a[0] * x_by_y[0] + a[1] * x_by_y[1] + a[2] * x_by_y[2]
    along_bar = rest * t_bar
    t = along * rest
    x0_bar = cosine * y_bar[0] + sine * y_by_a[0] + along_bar * a[0]
    x1_bar = cosine * y_bar[1] + sine * y_by_a[1] + along_bar * a[1]
    x2_bar = cosine * y_bar[2] + sine * y_by_a[2] + along_bar * a[2]
    a0_bar = t * y_bar[0] + sine * x_by_y[0] + along_bar * x[0]
    a1_bar = t * y_bar[1] + sine * x_by_y[1] + along_bar * x[1]
    a2_bar = t * y_bar[2] + sine * x_by_y[2] + along_bar * x[2]
    inward = (a[0] * a0_bar + a[1] * a1_bar + a[2] * a2_bar) * inverse
    angle_bar = cosine * sine_bar - sine * cosine_bar - inward
    r_bar = (
        inverse * a0_bar + angle_bar * a[0],
        inverse * a1_bar + angle_bar * a[1],
        inverse * a2_bar + angle_bar * a[2],
    )
    return r_bar, (x0_bar, x1_bar, x2_bar)


@njit
def bundle(cameras, points, weights, seen, features):
    cameras_bar, points_bar = np.zeros(cameras.shape), np.zeros(points.shape)
    weights_bar = np.empty(weights.shape)
    total = 0.0
    for i in range(seen.shape[0]):
        c, q = seen[i, 0], seen[i, 1]
        r = (cameras[c, 0], cameras[c, 1], cameras[c, 2])
        x0, x1 = points[q, 0] - cameras[c, 3], points[q, 1] - cameras[c, 4]
        x = (x0, x1, points[q, 2] - cameras[c, 5])
        focal, k1, k2 = cameras[c, 6], cameras[c, 9], cameras[c, 10]
        y, a, cosine, sine, inverse = rotate(r, x)
        depth = 1.0 / y[2]
        u, v = y[0] * depth, y[1] * depth
        radius = u * u + v * v
        scale = 1.0 + k1 * radius + k2 * radius * radius
        weight = weights[i]
        m0 = u * scale * focal + cameras[c, 7] - features[i, 0]
        m1 = v * scale * focal + cameras[c, 8] - features[i, 1]
        e0, e1, e2 = weight * m0, weight * m1, 1.0 - weight * weight
        total += e0 * e0 + e1 * e1 + e2 * e2

        weights_bar[i] = m0 * e0 + m1 * e1 - 2.0 * weight * e2
        m0_bar, m1_bar = weight * e0, weight * e1
        along = u * m0_bar + v * m1_bar
        scale_bar = focal * along
        radius_bar = (k1 + 2.0 * k2 * radius) * scale_bar
        u_bar = scale * focal * m0_bar + 2.0 * u * radius_bar
        v_bar = scale * focal * m1_bar + 2.0 * v * radius_bar
        y_bar = (u_bar * depth, v_bar * depth, -(u * u_bar + v * v_bar) * depth)
        r_bar, x_bar = rotate_adjoint(a, x, y_bar, cosine, sine, inverse)
        for b in range(3):
            cameras_bar[c, b] += r_bar[b]
            cameras_bar[c, 3 + b] -= x_bar[b]
            points_bar[q, b] += x_bar[b]
        cameras_bar[c, 6] += scale * along
        cameras_bar[c, 7] += m0_bar
        cameras_bar[c, 8] += m1_bar
        cameras_bar[c, 9] += radius * scale_bar
        cameras_bar[c, 10] += radius * radius * scale_bar
    return 0.5 * total, cameras_bar, points_bar, weights_bar
