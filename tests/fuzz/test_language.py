"""Reverse mode against exact forward mode on random programs of the language."""

import inspect
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings

import srcdiff
from tests.dual import gradients, gradients_and_kink
from tests.fuzz.programs import CONSTRUCTS, CONSTRUCTS_OF_LEVEL_2, Program, load, programs

DRAWN = 500
# A full run, with `--slow`: that many programs as plain Python and compiled, in so many tests each.
PLAIN_RUN = 10_000
COMPILED_RUN = 300
PARTS = 10
NEAR_A_KINK = 1e-7
LARGE = 1e4
GENERATE = settings(
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
SEARCH = settings(GENERATE, phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False)


def drawn(level: int, count: int) -> list[Program]:
    """Return programs as the tests below draw them."""
    found: list[Program] = []

    @settings(GENERATE, max_examples=count)
    @given(programs(level))
    def collect(program: Program) -> None:
        found.append(program)

    collect()
    return found


@pytest.fixture(scope="module", params=[1, 2])
def sample(request: pytest.FixtureRequest) -> tuple[int, list[Program]]:
    return request.param, drawn(request.param, DRAWN)


def exact_result(program: Program) -> tuple[float, tuple[Any, ...], float] | None:
    """Return value, gradients and the nearest kink; None if rounding could matter.

    That is where the function itself fails, where a decision is close enough to be changed by
    rounding, and where its growth is beyond the tolerance.
    """
    function = load(program)
    with np.errstate(all="ignore"):
        try:
            plain = function(*program.fresh_args())
        except (ArithmeticError, ValueError):
            return None
        if not abs(plain) < LARGE:
            return None
        value, exact, kink = gradients_and_kink(function, program.fresh_args(), program.argnums)
    tame = kink > NEAR_A_KINK and all(np.all(np.abs(part) < LARGE) for part in exact)
    return (value, exact, kink) if tame else None


def is_refused(program: Program) -> bool:
    """Say whether a program is one of those whose memory is not known, and refused for that."""
    try:
        gradient_of(program)(*program.fresh_args())
    except srcdiff.UnsupportedSyntax as refusal:
        if any(reason in str(refusal) for reason in ("is rebound to memory", "this reshape is")):
            return True
        raise
    return False


def gradient_of(program: Program, **options: Any) -> Callable[..., Any]:
    chosen = {"jit": False, **options}
    return srcdiff.value_and_grad(load(program), argnums=program.argnums, **chosen)


def check_reverse(program: Program, **options: Any) -> None:
    result = exact_result(program)
    assume(result is not None)
    assume(not is_refused(program))
    value, exact, _ = result
    args = program.fresh_args()
    found_value, found = gradient_of(program, **options)(*args)
    np.testing.assert_allclose(found_value, value, rtol=1e-10, atol=1e-10)
    scale = max(1.0, *(float(np.max(np.abs(part))) for part in exact))
    for number, found_part, part in zip(program.argnums, found, exact, strict=True):
        assert np.shape(found_part) == np.shape(part)
        message = f"gradient with respect to argument {number}"
        np.testing.assert_allclose(
            found_part, part, rtol=1e-10, atol=1e-10 * scale, err_msg=message
        )
    for given_arg, arg in zip(program.args, args, strict=True):
        np.testing.assert_array_equal(given_arg, arg, err_msg="an argument was changed")


@settings(SEARCH, max_examples=150)
@given(programs())
def test_reverse_mode_is_exact(program: Program) -> None:
    check_reverse(program)


@pytest.mark.slow
@settings(SEARCH, max_examples=DRAWN)
@given(programs())
def test_reverse_mode_is_exact_on_many_programs(program: Program) -> None:
    check_reverse(program)


@settings(SEARCH, max_examples=100)
@given(programs(level=2))
def test_reverse_mode_is_exact_with_jumps(program: Program) -> None:
    check_reverse(program)


@settings(SEARCH, max_examples=40)
@given(programs(level=2))
def test_checkpoints_change_nothing(program: Program) -> None:
    check_reverse(program, checkpoint=2)


@pytest.mark.slow
@pytest.mark.parametrize("states", [1, 2, 5])
def test_checkpoints_change_nothing_on_many_programs(states: int) -> None:
    search(partial(check_reverse, checkpoint=states), DRAWN, 2 * PARTS + states)


def search(check: Callable[[Program], None], count: int, start: int) -> None:
    """Check that many programs of the second level; the tests of a full run start apart."""

    @seed(start)
    @settings(SEARCH, derandomize=False, max_examples=count)
    @given(programs(level=2))
    def run(program: Program) -> None:
        check(program)

    run()


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_reverse_mode_is_exact_in_a_full_run(part: int) -> None:
    search(check_reverse, PLAIN_RUN // PARTS, part)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_reverse_mode_is_exact_compiled(part: int) -> None:
    search(partial(check_reverse, jit=True, cache=False), COMPILED_RUN // PARTS, PARTS + part)


def test_few_programs_are_refused(sample: tuple[int, list[Program]]) -> None:
    found = sample[1][:150]
    assert sum(map(is_refused, found)) <= 0.06 * len(found)


def test_every_construct_is_drawn(sample: tuple[int, list[Program]]) -> None:
    level, found = sample
    counts = Counter(construct for program in found for construct in program.constructs)
    expected = CONSTRUCTS if level == 1 else CONSTRUCTS + CONSTRUCTS_OF_LEVEL_2
    rare = {name: counts[name] for name in expected if counts[name] < 0.02 * len(found)}
    assert len(found) == DRAWN
    assert rare == {}
    assert set(counts) <= set(expected)


def test_programs_are_tame(sample: tuple[int, list[Program]]) -> None:
    discarded = sum(exact_result(program) is None for program in sample[1])
    assert discarded <= 0.05 * DRAWN


def test_programs_differ(sample: tuple[int, list[Program]]) -> None:
    assert len({program.text for program in sample[1]}) > 0.9 * DRAWN


def test_constructs_can_be_left_out() -> None:
    left_out = frozenset(("range loop", "matrix product", "closure", "np.where"))

    @settings(GENERATE, max_examples=50)
    @given(programs(without=left_out))
    def check(program: Program) -> None:
        assert not left_out & program.constructs
        assert ".where(" not in program.text

    check()


def test_the_source_of_a_program_is_found() -> None:
    for program in drawn(1, 20):
        lines = inspect.getsource(load(program)).splitlines()
        assert lines[0].strip().startswith("def f(x, y, A")
        assert lines[-1].strip().startswith("return ")


def central_difference(function: Callable[..., float], program: Program) -> tuple[float, float]:
    """Return a directional derivative by finite differences, and the exact one."""
    random = np.random.default_rng(1)
    directions = [random.normal(size=np.shape(program.args[k])) for k in program.argnums]

    def at(step: float) -> float:
        args = list(program.fresh_args())
        for k, direction in zip(program.argnums, directions, strict=True):
            moved = args[k] + step * direction
            args[k] = moved if isinstance(args[k], np.ndarray) else float(moved)
        return function(*args)

    h = 1e-6
    slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    _, exact = gradients(function, program.fresh_args(), program.argnums)
    pairs = zip(exact, directions, strict=True)
    return slope, float(sum(np.sum(part * direction) for part, direction in pairs))


def test_the_oracle_agrees_with_the_function_and_its_differences(
    sample: tuple[int, list[Program]],
) -> None:
    compared = 0
    for program in sample[1]:
        result = exact_result(program)
        if result is not None and result[2] > 1e-3:
            function, value = load(program), result[0]
            slope, expected = central_difference(function, program)
            assert value == pytest.approx(function(*program.fresh_args()), 1e-11, 1e-11), program
            assert slope == pytest.approx(expected, 1e-5, 1e-5), program
            compared += 1
    assert compared > 0.7 * DRAWN
