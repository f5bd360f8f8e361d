"""Newton's iteration to a tolerance: the eccentric anomaly of an orbit."""

from math import cos, sin


def newton(mean, eccentricity):
    anomaly = mean
    step = 1.0
    while abs(step) > 1e-5:
        step = (anomaly - eccentricity * sin(anomaly) - mean) / (1.0 - eccentricity * cos(anomaly))
        anomaly -= step
    return anomaly


ARGS = lambda random: (1.1, 0.4)
ARGNUMS = (0, 1)
