"""Jacobians by 8 inputs in vector mode: the innermost loop is that over the 8 tangents.

The arithmetic is that of the primals in `tests/benchmarks/residuals.py`. What does not depend on
the tangent, divisions and factors, is moved out of the loops over tangents, and the residuals
themselves are not computed, as nobody asks for them. The number of tangents is read from an array
although it is known: a loop of 8 is unrolled by LLVM before it could become vector instructions,
and takes three times as long.
"""

import math

import numpy as np
from numba import njit

by_hand = njit(error_model="numpy")


@by_hand
def axis_tangents(camera):
    """Return rows of tangents: axis, cosine, sine, minus centre, focal length, distortion."""
    count = camera.shape[0]
    angle = math.sqrt(camera[0] ** 2 + camera[1] ** 2 + camera[2] ** 2)
    cosine, sine, inverse = math.cos(angle), math.sin(angle), 1.0 / angle
    unit = np.eye(count)
    rows = np.empty((10, count))
    for k in range(count):
        angle_dot = 0.0
        for i in range(3):
            angle_dot += camera[i] * inverse * unit[i, k]
        for i in range(3):
            rows[i, k] = (unit[i, k] - camera[i] * inverse * angle_dot) * inverse
            rows[5 + i, k] = -unit[3 + i, k]
        rows[3, k], rows[4, k] = -sine * angle_dot, cosine * angle_dot
        rows[8, k], rows[9, k] = unit[6, k], unit[7, k]
    return rows


@by_hand
def camera_jacobian(camera, points, features):
    rows = axis_tangents(camera)
    count = rows.shape[1]
    out_dot = np.empty((points.shape[0], 2, count))
    angle = math.sqrt(camera[0] ** 2 + camera[1] ** 2 + camera[2] ** 2)
    a0, a1, a2 = camera[0] / angle, camera[1] / angle, camera[2] / angle
    cosine, sine = math.cos(angle), math.sin(angle)
    rest = 1.0 - cosine
    for i in range(points.shape[0]):
        x0 = points[i, 0] - camera[3]
        x1 = points[i, 1] - camera[4]
        x2 = points[i, 2] - camera[5]
        along = a0 * x0 + a1 * x1 + a2 * x2
        t = along * rest
        c0, c1, c2 = a1 * x2 - a2 * x1, a2 * x0 - a0 * x2, a0 * x1 - a1 * x0
        inverse = 1.0 / (x2 * cosine + c2 * sine + a2 * t)
        u = (x0 * cosine + c0 * sine + a0 * t) * inverse
        v = (x1 * cosine + c1 * sine + a1 * t) * inverse
        square = u * u + v * v
        radial = 1.0 + camera[7] * square
        scale, bend = camera[6] * radial, 2.0 * camera[6] * camera[7]
        of_focal_u, of_focal_v = radial * u, radial * v
        of_radial_u, of_radial_v = camera[6] * square * u, camera[6] * square * v
        first, second = out_dot[i, 0], out_dot[i, 1]
        for k in range(count):
            a0_dot, a1_dot, a2_dot = rows[0, k], rows[1, k], rows[2, k]
            cos_dot, sin_dot = rows[3, k], rows[4, k]
            d0, d1, d2 = rows[5, k], rows[6, k], rows[7, k]
            along_dot = a0_dot * x0 + a0 * d0 + a1_dot * x1 + a1 * d1 + a2_dot * x2 + a2 * d2
            t_dot = along_dot * rest - along * cos_dot
            c0_dot = a1_dot * x2 + a1 * d2 - a2_dot * x1 - a2 * d1
            c1_dot = a2_dot * x0 + a2 * d0 - a0_dot * x2 - a0 * d2
            c2_dot = a0_dot * x1 + a0 * d1 - a1_dot * x0 - a1 * d0
            y0 = d0 * cosine + x0 * cos_dot + c0_dot * sine + c0 * sin_dot + a0_dot * t + a0 * t_dot
            y1 = d1 * cosine + x1 * cos_dot + c1_dot * sine + c1 * sin_dot + a1_dot * t + a1 * t_dot
            y2 = d2 * cosine + x2 * cos_dot + c2_dot * sine + c2 * sin_dot + a2_dot * t + a2 * t_dot
            u_dot, v_dot = (y0 - u * y2) * inverse, (y1 - v * y2) * inverse
            scale_dot = bend * (u * u_dot + v * v_dot)
            first[k] = (
                of_focal_u * rows[8, k] + of_radial_u * rows[9, k] + u * scale_dot + scale * u_dot
            )
            second[k] = (
                of_focal_v * rows[8, k] + of_radial_v * rows[9, k] + v * scale_dot + scale * v_dot
            )
    return out_dot


@by_hand
def compose(a, a_dot, b, b_dot, out, out_dot):
    """`out = a b` of two affine maps, both with tangents."""
    for i in range(3):
        for j in range(4):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]
            for k in range(out_dot.shape[2]):
                out_dot[i, j, k] = (
                    (a[i, 0] * b_dot[0, j, k] + a_dot[i, 0, k] * b[0, j])
                    + (a[i, 1] * b_dot[1, j, k] + a_dot[i, 1, k] * b[1, j])
                    + (a[i, 2] * b_dot[2, j, k] + a_dot[i, 2, k] * b[2, j])
                )
        out[i, 3] += a[i, 3]
        for k in range(out_dot.shape[2]):
            out_dot[i, 3, k] += a_dot[i, 3, k]


@by_hand
def compose_constant_left(a, b, b_dot, out, out_dot):
    for i in range(3):
        for j in range(4):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]
            for k in range(out_dot.shape[2]):
                out_dot[i, j, k] = (
                    a[i, 0] * b_dot[0, j, k] + a[i, 1] * b_dot[1, j, k] + a[i, 2] * b_dot[2, j, k]
                )
        out[i, 3] += a[i, 3]


@by_hand
def compose_constant_right(a, a_dot, b, out, out_dot):
    for i in range(3):
        for j in range(4):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]
            for k in range(out_dot.shape[2]):
                out_dot[i, j, k] = (
                    a_dot[i, 0, k] * b[0, j] + a_dot[i, 1, k] * b[1, j] + a_dot[i, 2, k] * b[2, j]
                )
        out[i, 3] += a[i, 3]
        for k in range(out_dot.shape[2]):
            out_dot[i, 3, k] += a_dot[i, 3, k]


@by_hand
def turn_bone(x, x_dot, z, z_dot, turn, turn_dot):
    cos_x, sin_x, cos_z, sin_z = math.cos(x), math.sin(x), math.cos(z), math.sin(z)
    turn[0, 0], turn[0, 1], turn[0, 2] = cos_z, -sin_z * cos_x, sin_z * sin_x
    turn[1, 0], turn[1, 1], turn[1, 2] = sin_z, cos_z * cos_x, -cos_z * sin_x
    turn[2, 1], turn[2, 2] = sin_x, cos_x
    for k in range(turn_dot.shape[2]):
        turn_dot[0, 0, k] = -sin_z * z_dot[k]
        turn_dot[0, 1, k] = sin_z * sin_x * x_dot[k] - cos_z * cos_x * z_dot[k]
        turn_dot[0, 2, k] = sin_z * cos_x * x_dot[k] + cos_z * sin_x * z_dot[k]
        turn_dot[1, 0, k] = cos_z * z_dot[k]
        turn_dot[1, 1, k] = -cos_z * sin_x * x_dot[k] - sin_z * cos_x * z_dot[k]
        turn_dot[1, 2, k] = sin_z * sin_x * z_dot[k] - cos_z * cos_x * x_dot[k]
        turn_dot[2, 1, k] = cos_x * x_dot[k]
        turn_dot[2, 2, k] = -sin_x * x_dot[k]


@by_hand
def pose_tangents(theta, theta_dot, parents, relative, inverse):
    bones, count = parents.shape[0], theta_dot.shape[1]
    absolute, absolute_dot = np.empty((bones, 3, 4)), np.empty((bones, 3, 4, count))
    maps, maps_dot = np.empty((bones, 3, 4)), np.empty((bones, 3, 4, count))
    local, local_dot = np.empty((3, 4)), np.empty((3, 4, count))
    turn, turn_dot = np.zeros((3, 4)), np.zeros((3, 4, count))
    zero = np.zeros(count)
    for b in range(bones):
        finger, joint = divmod(b - 2, 4)
        bends = 2 <= b <= 20 and joint < 3
        row = 6 + 4 * finger + joint + (1 if joint > 0 else 0)
        x, x_dot = (theta[row], theta_dot[row]) if bends else (0.0, zero)
        twists = bends and joint == 0
        z, z_dot = (theta[row + 1], theta_dot[row + 1]) if twists else (0.0, zero)
        turn_bone(x, x_dot, z, z_dot, turn, turn_dot)
        compose_constant_left(relative[b], turn, turn_dot, local, local_dot)
        p = parents[b]
        if p >= 0:
            above, above_dot = absolute[p], absolute_dot[p]
            compose(above, above_dot, local, local_dot, absolute[b], absolute_dot[b])
        else:
            absolute[b], absolute_dot[b] = local, local_dot
        compose_constant_right(absolute[b], absolute_dot[b], inverse[b], maps[b], maps_dot[b])
    return maps, maps_dot


@by_hand
def rotation_tangents(vector, vector_dot):
    out, out_dot = np.eye(3), np.zeros((3, 3, vector_dot.shape[1]))
    square = vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2
    if square <= 1e-8:
        return out, out_dot
    angle = math.sqrt(square)
    cosine, sine, x = math.cos(angle), math.sin(angle), vector / angle
    angle_dot = x[0] * vector_dot[0] + x[1] * vector_dot[1] + x[2] * vector_dot[2]
    x_dot = np.empty(vector_dot.shape)
    for i in range(3):
        x_dot[i] = (vector_dot[i] - x[i] * angle_dot) / angle
    for i in range(3):
        for j in range(3):
            out[i, j] = x[i] * x[j] * (1.0 - cosine)
            product_dot = x_dot[i] * x[j] + x[i] * x_dot[j]
            out_dot[i, j] = product_dot * (1.0 - cosine) + x[i] * x[j] * sine * angle_dot
    for i in range(3):
        after, last = (i + 1) % 3, (i + 2) % 3
        twist_dot = sine * x_dot[i] + cosine * angle_dot * x[i]
        out[i, i] += cosine
        out[last, after] += sine * x[i]
        out[after, last] -= sine * x[i]
        out_dot[i, i] -= sine * angle_dot
        out_dot[last, after] += twist_dot
        out_dot[after, last] -= twist_dot
    return out, out_dot


@by_hand
def skin_tangents(maps, maps_dot, rotation, rotation_dot, move_dot, skin):
    """Return the tangents of the vertices; `skin`: base positions, bones, shares."""
    base, bone_of, share_of = skin
    count = move_dot.shape[1]
    out_dot = np.empty((base.shape[0], 3, count))
    blended, blended_dot = np.empty(3), np.empty((3, count))
    for v in range(base.shape[0]):
        blended[:] = 0.0
        blended_dot[:] = 0.0
        for s in range(bone_of.shape[1]):
            b, share = bone_of[v, s], share_of[v, s]
            x, y, z = share * base[v, 0], share * base[v, 1], share * base[v, 2]
            m, m_dot = maps[b], maps_dot[b]
            for a in range(3):
                blended[a] += m[a, 0] * x + m[a, 1] * y + m[a, 2] * z + m[a, 3] * share
                for k in range(count):
                    blended_dot[a, k] += (m_dot[a, 0, k] * x + m_dot[a, 1, k] * y) + (
                        m_dot[a, 2, k] * z + m_dot[a, 3, k] * share
                    )
        for a in range(3):
            r0, r1, r2 = rotation[a, 0], rotation[a, 1], rotation[a, 2]
            for k in range(count):
                out_dot[v, a, k] = (
                    (rotation_dot[a, 0, k] * blended[0] + r0 * blended_dot[0, k])
                    + (rotation_dot[a, 1, k] * blended[1] + r1 * blended_dot[1, k])
                    + (rotation_dot[a, 2, k] * blended[2] + r2 * blended_dot[2, k])
                    + move_dot[a, k]
                )
    return out_dot


@by_hand
def hand_jacobian(first, rest, us, parents, relative, inverse, base, bone_of, share_of, where):
    corners, points = where
    count = first.shape[0]
    theta = np.concatenate((first, rest))
    theta_dot = np.zeros((theta.shape[0], count))
    for k in range(count):
        theta_dot[k, k] = 1.0
    maps, maps_dot = pose_tangents(theta, theta_dot, parents, relative, inverse)
    rotation, rotation_dot = rotation_tangents(theta[:3], theta_dot[:3])
    skin = base, bone_of, share_of
    vertices_dot = skin_tangents(maps, maps_dot, rotation, rotation_dot, theta_dot[3:6], skin)
    out_dot = np.empty((points.shape[0], 3, count))
    for i in range(points.shape[0]):
        u, v = us[i, 0], us[i, 1]
        t = 1.0 - u - v
        p, q, r = corners[i, 0], corners[i, 1], corners[i, 2]
        for a in range(3):
            for k in range(count):
                out_dot[i, a, k] = -(
                    u * vertices_dot[p, a, k]
                    + v * vertices_dot[q, a, k]
                    + t * vertices_dot[r, a, k]
                )
    return out_dot
