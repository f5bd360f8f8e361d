"""A tariff with brackets: an early return in each of several branches, and in a loop."""


def tariff(income, limits, rates, rebate):
    if income <= 0.0:
        return 0.0
    if income < limits[0]:
        return rates[0] * income - rebate * rates[0]
    due = rates[0] * limits[0]
    for k in range(1, len(limits)):
        if income < limits[k]:
            due += rates[k] * (income - limits[k - 1])
            if due > rebate:
                return due - rebate
            return 0.1 * due
        due += rates[k] * (limits[k] - limits[k - 1])
    return due + rates[-1] * (income - limits[-1]) - rebate


ARGS = lambda random: (
    2.2,
    random.uniform(0.2, 0.4, size=5).cumsum() * 2.0,
    random.uniform(0.1, 0.4, size=5),
    0.05,
)
ARGNUMS = (0, 1, 2, 3)
