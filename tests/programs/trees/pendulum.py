"""A damped pendulum by the classical Runge-Kutta method, its state a named tuple."""

from typing import Any, NamedTuple

import numpy as np


class State(NamedTuple):
    angle: Any
    speed: Any

    def moved(self, rate, dt):
        return State(self.angle + dt * rate.angle, self.speed + dt * rate.speed)

    @property
    def energy(self):
        return 0.5 * self.speed**2 + 1.0 - np.cos(self.angle)


def rate(state, damping):
    return State(state.speed, -np.sin(state.angle) - damping * state.speed)


def pendulum(angle, speed, damping, steps):
    state = State(angle, speed)
    dt = 0.1
    total = 0.0
    for _ in range(steps):
        k1 = rate(state, damping)
        k2 = rate(state.moved(k1, dt / 2), damping)
        k3 = rate(state.moved(k2, dt / 2), damping)
        k4 = rate(state.moved(k3, dt), damping)
        state = State(
            state.angle + dt / 6 * (k1.angle + 2 * k2.angle + 2 * k3.angle + k4.angle),
            state.speed + dt / 6 * (k1.speed + 2 * k2.speed + 2 * k3.speed + k4.speed),
        )
        total += state.energy * dt
    return total


def ARGS(random):
    return 1.2, 0.1, 0.3, 8


ARGNUMS = (0, 1, 2)
