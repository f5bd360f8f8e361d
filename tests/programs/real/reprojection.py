"""Bundle adjustment in small: points seen by cameras, by arrays of indices."""

import math


def reprojection(cameras, points, seen, features):
    error = 0.0
    for k in range(seen.shape[0]):
        c = seen[k, 0]
        p = seen[k, 1]
        x = points[p, 0] - cameras[c, 0]
        y = points[p, 1] - cameras[c, 1]
        z = points[p, 2] - cameras[c, 2]
        cosine = math.cos(cameras[c, 3])
        sine = math.sin(cameras[c, 3])
        u = (cosine * x - sine * y) / z
        v = (sine * x + cosine * y) / z
        square = u * u + v * v
        distortion = 1.0 + cameras[c, 4] * square
        du = cameras[c, 5] * distortion * u - features[k, 0]
        dv = cameras[c, 5] * distortion * v - features[k, 1]
        error += du * du + dv * dv
    return 0.5 * error


def ARGS(random):
    points = random.normal(size=(4, 3))
    points[:, 2] += 6.0
    seen = random.integers(0, [2, 4], size=(6, 2))
    return random.normal(size=(2, 6)), points, seen, random.normal(size=(6, 2))


ARGNUMS = (0, 1)
