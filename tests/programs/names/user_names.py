"""Names that generated code would like to use: they are the user's."""

import numpy as np_1

np = 1.5


def user_names(x, x_bar, out_bar):
    u_saved = x * x_bar
    x_tape = np_1.sin(u_saved) * np
    x_tape_top = x_tape * out_bar
    total_bar = 0.0
    for t in range(3):
        u_saved_1 = u_saved
        u_saved = u_saved * x_tape + total_bar
        total_bar += u_saved_1 * x_tape_top
        trips = total_bar * 0.5
    np_2 = np_1.zeros(2)
    np_2[0] = total_bar
    np_2[1] = trips * np_2[0] * x_bar
    return np_2[0] * np_2[1] + u_saved


ARGS = lambda random: (0.8, 0.6, 1.1)
ARGNUMS = (0, 1, 2)
