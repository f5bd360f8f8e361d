"""The adjoint of bundle adjustment in scalars: one pass over the observations, nothing kept."""

import math

import numpy as np
from numba import njit


@njit(inline="always")
def rotation_adjoint(r, a, x, y_bar, cosine, sine, inverse):
    """The adjoints of rotation vector and point, as two tuples; `a` is the axis."""
    along = a[0] * x[0] + a[1] * x[1] + a[2] * x[2]
    rest = 1.0 - cosine
    t_bar = a[0] * y_bar[0] + a[1] * y_bar[1] + a[2] * y_bar[2]
    x_by_y0 = x[1] * y_bar[2] - x[2] * y_bar[1]
    x_by_y1 = x[2] * y_bar[0] - x[0] * y_bar[2]
    x_by_y2 = x[0] * y_bar[1] - x[1] * y_bar[0]
    cosine_bar = x[0] * y_bar[0] + x[1] * y_bar[1] + x[2] * y_bar[2] - along * t_bar
    sine_bar = a[0] * x_by_y0 + a[1] * x_by_y1 + a[2] * x_by_y2
    along_bar = rest * t_bar
    t = along * rest
    x0_bar = cosine * y_bar[0] + sine * (a[2] * y_bar[1] - a[1] * y_bar[2]) + along_bar * a[0]
    x1_bar = cosine * y_bar[1] + sine * (a[0] * y_bar[2] - a[2] * y_bar[0]) + along_bar * a[1]
    x2_bar = cosine * y_bar[2] + sine * (a[1] * y_bar[0] - a[0] * y_bar[1]) + along_bar * a[2]
    a0_bar = t * y_bar[0] + sine * x_by_y0 + along_bar * x[0]
    a1_bar = t * y_bar[1] + sine * x_by_y1 + along_bar * x[1]
    a2_bar = t * y_bar[2] + sine * x_by_y2 + along_bar * x[2]
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
        x0 = points[q, 0] - cameras[c, 3]
        x1 = points[q, 1] - cameras[c, 4]
        x2 = points[q, 2] - cameras[c, 5]
        focal, k1, k2 = cameras[c, 6], cameras[c, 9], cameras[c, 10]
        square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
        cosine, sine, inverse = 1.0, 0.0, 0.0
        a0, a1, a2 = 0.0, 0.0, 0.0
        if square == 0.0:
            y0 = x0 + r[1] * x2 - r[2] * x1
            y1 = x1 + r[2] * x0 - r[0] * x2
            y2 = x2 + r[0] * x1 - r[1] * x0
        else:
            angle = math.sqrt(square)
            inverse = 1.0 / angle
            cosine, sine = math.cos(angle), math.sin(angle)
            a0, a1, a2 = r[0] * inverse, r[1] * inverse, r[2] * inverse
            t = (a0 * x0 + a1 * x1 + a2 * x2) * (1.0 - cosine)
            y0 = x0 * cosine + (a1 * x2 - a2 * x1) * sine + a0 * t
            y1 = x1 * cosine + (a2 * x0 - a0 * x2) * sine + a1 * t
            y2 = x2 * cosine + (a0 * x1 - a1 * x0) * sine + a2 * t
        depth = 1.0 / y2
        u, v = y0 * depth, y1 * depth
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
        if square == 0.0:
            r_bar = (
                x1 * y_bar[2] - x2 * y_bar[1],
                x2 * y_bar[0] - x0 * y_bar[2],
                x0 * y_bar[1] - x1 * y_bar[0],
            )
            x_bar = (
                y_bar[0] + r[2] * y_bar[1] - r[1] * y_bar[2],
                y_bar[1] + r[0] * y_bar[2] - r[2] * y_bar[0],
                y_bar[2] + r[1] * y_bar[0] - r[0] * y_bar[1],
            )
        else:
            r_bar, x_bar = rotation_adjoint(
                r, (a0, a1, a2), (x0, x1, x2), y_bar, cosine, sine, inverse
            )
        for a in range(3):
            cameras_bar[c, a] += r_bar[a]
            cameras_bar[c, 3 + a] -= x_bar[a]
            points_bar[q, a] += x_bar[a]
        cameras_bar[c, 6] += scale * along
        cameras_bar[c, 7] += m0_bar
        cameras_bar[c, 8] += m1_bar
        cameras_bar[c, 9] += radius * scale_bar
        cameras_bar[c, 10] += radius * radius * scale_bar
    return 0.5 * total, cameras_bar, points_bar, weights_bar
