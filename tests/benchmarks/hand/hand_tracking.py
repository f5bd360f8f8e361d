"""The adjoint of hand tracking.

Points are reversed as they are read. Vertices and bones are few: their maps are kept.
"""

import math

import numpy as np
from numba import njit


@njit
def product(a, b, out):
    for i in range(3):
        for j in range(4):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]
        out[i, 3] += a[i, 3]


@njit
def left_adjoint(out_bar, b, a_bar):
    """Add the adjoint of `a` in `out = a b`."""
    for i in range(3):
        for k in range(3):
            bar = 0.0
            for j in range(4):
                bar += out_bar[i, j] * b[k, j]
            a_bar[i, k] += bar
        a_bar[i, 3] += out_bar[i, 3]


@njit
def right_adjoint(out_bar, a, b_bar):
    """Set the adjoint of `b` in `out = a b`."""
    for k in range(3):
        for j in range(4):
            b_bar[k, j] = (
                a[0, k] * out_bar[0, j] + a[1, k] * out_bar[1, j] + a[2, k] * out_bar[2, j]
            )


@njit
def finger_of(b):
    """Return the row of the pose that bends bone b about x, and whether it also turns about z."""
    if b < 2 or b > 20 or (b - 2) % 4 == 3:
        return -1, False
    joint = (b - 2) % 4
    return 6 + 4 * ((b - 2) // 4) + joint + (1 if joint > 0 else 0), joint == 0


@njit
def pose(theta, parents, relative, inverse, turns, locals_, absolute, maps):
    for b in range(parents.shape[0]):
        row, twisted = finger_of(b)
        x = theta[row] if row >= 0 else 0.0
        z = theta[row + 1] if twisted else 0.0
        cos_x, sin_x, cos_z, sin_z = math.cos(x), math.sin(x), math.cos(z), math.sin(z)
        turn = turns[b]
        turn[0, 0], turn[0, 1], turn[0, 2] = cos_z, -sin_z * cos_x, sin_z * sin_x
        turn[1, 0], turn[1, 1], turn[1, 2] = sin_z, cos_z * cos_x, -cos_z * sin_x
        turn[2, 0], turn[2, 1], turn[2, 2] = 0.0, sin_x, cos_x
        turn[:, 3] = 0.0
        product(relative[b], turn, locals_[b])
        if parents[b] >= 0:
            product(absolute[parents[b]], locals_[b], absolute[b])
        else:
            absolute[b] = locals_[b]
        product(absolute[b], inverse[b], maps[b])


@njit
def pose_adjoint(maps_bar, parents, relative, inverse, turns, locals_, absolute, theta_bar):
    bones = parents.shape[0]
    absolute_bar = np.zeros((bones, 3, 4))
    local_bar, turn_bar = np.empty((3, 4)), np.empty((3, 4))
    for b in range(bones - 1, -1, -1):
        left_adjoint(maps_bar[b], inverse[b], absolute_bar[b])
        row, twisted = finger_of(b)
        if parents[b] >= 0:
            left_adjoint(absolute_bar[b], locals_[b], absolute_bar[parents[b]])
            right_adjoint(absolute_bar[b], absolute[parents[b]], local_bar)
        else:
            local_bar[:, :] = absolute_bar[b]
        if row < 0:
            continue
        right_adjoint(local_bar, relative[b], turn_bar)
        t = turns[b]
        # The derivative by the angle about x turns column 1 into column 2, and that into -column 1.
        for i in range(3):
            theta_bar[row] += turn_bar[i, 1] * t[i, 2] - turn_bar[i, 2] * t[i, 1]
        if twisted:
            for j in range(3):
                theta_bar[row + 1] += turn_bar[1, j] * t[0, j] - turn_bar[0, j] * t[1, j]


@njit
def rotation_and_adjoint(theta, rotation, rotation_bar, theta_bar, backwards):
    square = theta[0] ** 2 + theta[1] ** 2 + theta[2] ** 2
    if square <= 1e-8:
        rotation[:, :] = np.eye(3)
        return
    angle = math.sqrt(square)
    cosine, sine, x = math.cos(angle), math.sin(angle), theta[:3] / angle
    if not backwards:
        for i in range(3):
            for j in range(3):
                rotation[i, j] = x[i] * x[j] * (1.0 - cosine)
        for i in range(3):
            rotation[i, i] += cosine
            after, last = (i + 1) % 3, (i + 2) % 3
            rotation[last, after] += sine * x[i]
            rotation[after, last] -= sine * x[i]
        return
    cosine_bar, sine_bar, along = 0.0, 0.0, 0.0
    axis_bar = np.zeros(3)
    for i in range(3):
        cosine_bar += rotation_bar[i, i]
        after, last = (i + 1) % 3, (i + 2) % 3
        twist = rotation_bar[last, after] - rotation_bar[after, last]
        sine_bar += x[i] * twist
        axis_bar[i] += sine * twist
        for j in range(3):
            cosine_bar -= rotation_bar[i, j] * x[i] * x[j]
            axis_bar[i] += (rotation_bar[i, j] + rotation_bar[j, i]) * x[j] * (1.0 - cosine)
    for i in range(3):
        along += axis_bar[i] * x[i]
    angle_bar = sine_bar * cosine - cosine_bar * sine - along / angle
    for i in range(3):
        theta_bar[i] += axis_bar[i] / angle + angle_bar * x[i]


@njit
def skin(maps, rotation, theta, base, bone_of, share_of, blended, vertices):
    for v in range(base.shape[0]):
        b0, b1, b2 = 0.0, 0.0, 0.0
        x, y, z = base[v, 0], base[v, 1], base[v, 2]
        for s in range(bone_of.shape[1]):
            share = share_of[v, s]
            if share == 0.0:
                continue
            b = bone_of[v, s]
            b0 += share * (
                maps[b, 0, 0] * x + maps[b, 0, 1] * y + maps[b, 0, 2] * z + maps[b, 0, 3]
            )
            b1 += share * (
                maps[b, 1, 0] * x + maps[b, 1, 1] * y + maps[b, 1, 2] * z + maps[b, 1, 3]
            )
            b2 += share * (
                maps[b, 2, 0] * x + maps[b, 2, 1] * y + maps[b, 2, 2] * z + maps[b, 2, 3]
            )
        blended[v, 0], blended[v, 1], blended[v, 2] = b0, b1, b2
        for a in range(3):
            turned = rotation[a, 0] * b0 + rotation[a, 1] * b1 + rotation[a, 2] * b2
            vertices[v, a] = turned + theta[3 + a]


@njit
def skin_adjoint(vertices_bar, rotation, base, bone_of, share_of, blended, results):
    maps_bar, rotation_bar, theta_bar = results
    for v in range(base.shape[0]):
        for a in range(3):
            theta_bar[3 + a] += vertices_bar[v, a]
            for c in range(3):
                rotation_bar[a, c] += vertices_bar[v, a] * blended[v, c]
        for a in range(3):
            bar = rotation[0, a] * vertices_bar[v, 0] + rotation[1, a] * vertices_bar[v, 1]
            bar += rotation[2, a] * vertices_bar[v, 2]
            for s in range(bone_of.shape[1]):
                b, shared = bone_of[v, s], share_of[v, s] * bar
                maps_bar[b, a, 0] += shared * base[v, 0]
                maps_bar[b, a, 1] += shared * base[v, 1]
                maps_bar[b, a, 2] += shared * base[v, 2]
                maps_bar[b, a, 3] += shared


@njit
def add(array, row, weight, x, y, z):
    array[row, 0] += weight * x
    array[row, 1] += weight * y
    array[row, 2] += weight * z


@njit
def distances(us, corners, points, vertices, us_bar, vertices_bar):
    """Return half the sum of squares; set the adjoints of `us` and `vertices`.

    The increments come last, row by row: what may be one row is then the least in the way.
    """
    total = 0.0
    for i in range(points.shape[0]):
        u, v = us[i, 0], us[i, 1]
        t = 1.0 - u - v
        p, q, r = corners[i, 0], corners[i, 1], corners[i, 2]
        p0, p1, p2 = vertices[p, 0], vertices[p, 1], vertices[p, 2]
        q0, q1, q2 = vertices[q, 0], vertices[q, 1], vertices[q, 2]
        r0, r1, r2 = vertices[r, 0], vertices[r, 1], vertices[r, 2]
        bar0 = u * p0 + v * q0 + t * r0 - points[i, 0]
        bar1 = u * p1 + v * q1 + t * r1 - points[i, 1]
        bar2 = u * p2 + v * q2 + t * r2 - points[i, 2]
        total += bar0 * bar0
        total += bar1 * bar1
        total += bar2 * bar2
        us_bar[i, 0] = bar0 * (p0 - r0) + bar1 * (p1 - r1) + bar2 * (p2 - r2)
        us_bar[i, 1] = bar0 * (q0 - r0) + bar1 * (q1 - r1) + bar2 * (q2 - r2)
        add(vertices_bar, p, u, bar0, bar1, bar2)
        add(vertices_bar, q, v, bar0, bar1, bar2)
        add(vertices_bar, r, t, bar0, bar1, bar2)
    return 0.5 * total


@njit
def hand_tracking(theta, us, parents, relative, inverse, base, bone_of, share_of, corners, points):
    bones = parents.shape[0]
    turns, locals_ = np.empty((bones, 3, 4)), np.empty((bones, 3, 4))
    absolute, maps = np.empty((bones, 3, 4)), np.empty((bones, 3, 4))
    rotation, rotation_bar = np.empty((3, 3)), np.zeros((3, 3))
    blended, vertices = np.empty(base.shape), np.empty(base.shape)
    vertices_bar, maps_bar = np.zeros(base.shape), np.zeros((bones, 3, 4))
    theta_bar, us_bar = np.zeros(theta.shape[0]), np.empty(us.shape)
    pose(theta, parents, relative, inverse, turns, locals_, absolute, maps)
    rotation_and_adjoint(theta, rotation, rotation_bar, theta_bar, False)
    skin(maps, rotation, theta, base, bone_of, share_of, blended, vertices)
    value = distances(us, corners, points, vertices, us_bar, vertices_bar)
    results = maps_bar, rotation_bar, theta_bar
    skin_adjoint(vertices_bar, rotation, base, bone_of, share_of, blended, results)
    rotation_and_adjoint(theta, rotation, rotation_bar, theta_bar, True)
    pose_adjoint(maps_bar, parents, relative, inverse, turns, locals_, absolute, theta_bar)
    return value, theta_bar, us_bar
