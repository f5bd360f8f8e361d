"""A pendulum by the leapfrog method: its energy at the end."""

from math import cos, sin


def leapfrog(angle, speed, dt, steps):
    for _ in range(steps):
        half = speed - 0.5 * dt * sin(angle)
        angle += dt * half
        speed = half - 0.5 * dt * sin(angle)
    return 0.5 * speed**2 - cos(angle)


ARGS = lambda random: (0.8, 0.3, 0.05, 12)
ARGNUMS = (0, 1, 2)
