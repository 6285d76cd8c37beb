"""Random streams: reproducible, restartable, independent, the same on every backend, and fair."""

import copy
import pickle
import threading
import warnings
from itertools import pairwise

import numpy as np
import pytest

from minigrad.backend import backend, use_backend
from minigrad.backend.bits import _BLOCK, key_words
from minigrad.backend.random import Generator, default_generator, manual_seed, random_bits

host, strict = backend("numpy"), backend("strict")
N = 1 << 18
BACKENDS = [host, strict]
KNOWN = [2758015990, 3629104124, 3203228763, 3820782578]  # checkpoints rely on them
FORKED = 10217468987434063063


# -- bits


def test_known_values_stay():
    assert random_bits(host, 0, (4,)).tolist() == KNOWN
    assert Generator(0).fork("layer", 3).state == (FORKED, 0)


def test_a_number_depends_on_key_and_counter_alone():
    whole = random_bits(host, 5, (3 * _BLOCK + 17,))
    assert whole.dtype == np.uint32
    for offset, n in [(0, 3), (1, _BLOCK), (_BLOCK - 1, _BLOCK + 5), (2 * _BLOCK, 17)]:
        assert np.array_equal(random_bits(host, 5, (n,), offset), whole[offset : offset + n])
    assert np.array_equal(random_bits(host, 5, (4, 5, 6)), whole[:120].reshape(4, 5, 6))
    assert random_bits(host, 5, ()) == whole[0]
    assert random_bits(host, 5, (0, 3)).shape == (0, 3)


def test_counters_beyond_32_bits():
    edge = (1 << 32) - 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        across = random_bits(host, 5, (6,), edge)
    assert np.array_equal(across[:3], random_bits(host, 5, (3,), edge))
    assert np.array_equal(across[3:], random_bits(host, 5, (3,), 1 << 32))
    assert not np.array_equal(across[3:], random_bits(host, 5, (3,), 0))
    assert random_bits(host, 2**64 - 1, (2,), 2**64 - 2).shape == (2,)


def chi_square(cells, count):
    """Over its expectation; 1 for fair cells, with a spread of sqrt(2 / count)."""
    seen = np.bincount(cells, minlength=count)
    expected = cells.size / count
    return float(((seen - expected) ** 2 / expected).sum() / (count - 1))


@pytest.mark.parametrize("key", [0, 1, 2, 3, 2**32, 2**63])
def test_bits_are_fair_and_independent(key):
    bits, neighbour = random_bits(host, key, (N,)), random_bits(host, key + 1, (N,))
    limit = 5 / np.sqrt(N)  # five standard deviations
    single = np.unpackbits(bits.view(np.uint8)).reshape(N, 32).mean(axis=0)
    assert np.abs(single - 0.5).max() < limit / 2
    u, v = bits / 2**32 - 0.5, neighbour / 2**32 - 0.5
    assert abs(u.mean()) < limit / np.sqrt(12)
    for a, b in [(u, v), (u[1:], u[:-1]), (u[2:], u[:-2]), (u[1:], v[:-1]), (u[16:], u[:-16]), (u, v[::-1])]:
        assert abs(np.mean(a * b)) * 12 < limit
    flips = np.unpackbits((bits ^ neighbour).view(np.uint8)).reshape(N, 32).mean(axis=0)
    assert np.abs(flips - 0.5).max() < limit / 2
    spread = 5 * np.sqrt(2 / 2**12)
    for shift in (0, 7, 20):
        assert abs(chi_square((bits >> shift & 0xFFF).astype(int), 1 << 12) - 1) < spread
    pairs = (bits[:-1] >> 26 << 6 | bits[1:] >> 26).astype(int)
    assert abs(chi_square(pairs, 1 << 12) - 1) < spread
    pairs = (bits >> 26 << 6 | neighbour >> 26).astype(int)
    assert abs(chi_square(pairs, 1 << 12) - 1) < spread


def test_streams_share_no_long_runs_and_are_no_permutations_of_each_other():
    a, b = np.sort(random_bits(host, 0, (N,))), np.sort(random_bits(host, 1, (N,)))
    assert np.intersect1d(a, b).size < 40  # N * N / 2**32 = 16 are due by chance


def test_flipping_one_bit_of_the_counter_flips_half_of_the_result():
    counters = np.arange(0, 1 << 20, 97)
    table = random_bits(host, 9, (1 << 20,))
    for bit in range(20):
        changed = np.bitwise_count(table[counters] ^ table[counters ^ (1 << bit)])
        assert abs(changed.mean() - 16) < 0.15


def test_the_words_of_neighbouring_keys_differ():
    words = [key_words(key, high) for key in range(50) for high in range(3)]
    assert len({first for first, _ in words}) == len({second for _, second in words}) == 150
    assert all(0 <= word < 2**32 for pair in words for word in pair)


# -- streams


def test_state_is_two_numbers_and_restores():
    g = Generator(7)
    g.uniform((10,))
    state = g.state
    assert state == (7, 10)
    expected = g.uniform((4,)), g.normal((3,)), g.integers(0, 9, 5), g.permutation(6)
    other = Generator()
    other.set_state(list(state))
    again = other.uniform((4,)), other.normal((3,)), other.integers(0, 9, 5), other.permutation(6)
    assert all(np.array_equal(a, b) for a, b in zip(expected, again, strict=True))
    assert other.state == g.state
    assert repr(Generator(3)) == "Generator(seed=3, counter=0)"
    for twin in (copy.deepcopy(g), pickle.loads(pickle.dumps(g))):
        assert twin.state == g.state
        assert twin is not g


def test_forks_depend_on_seed_and_names_alone():
    g = Generator(1)
    before = g.fork("encoder.0", 5).state
    g.uniform((100,))
    assert g.fork("encoder.0", 5).state == before
    names = [(), ("a",), ("b",), ("a", "b"), ("ab",), ("a", ""), (1,), ("1",), (0,), (1, 0), (10,), (-1,)]
    assert len({g.fork(*name).state for name in names}) == len(names)
    assert g.fork(np.int64(3)).state == g.fork(3).state
    assert Generator(2).fork("a").state != g.fork("a").state
    assert g.fork("a").fork("b").state != g.fork("b").fork("a").state
    with pytest.raises(TypeError):
        g.fork(1.5)


def test_forks_are_independent():
    u = [Generator(0).fork("dropout", step).uniform((N,)) - 0.5 for step in range(4)]
    assert all(abs(np.mean(a * b)) * 12 < 5 / np.sqrt(N) for a, b in pairwise(u))


def test_threads_never_draw_the_same_numbers():
    g, drawn = Generator(0), []

    def work():
        drawn.extend(int(g.bits((1,))[0]) for _ in range(500))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert g.state == (0, 2000)
    assert sorted(drawn) == sorted(Generator(0).bits((2000,)).tolist())


# -- distributions


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.0, 2.0), (-3.0, 0.1), (1e-3, 1.01e-3), (0.5, 0.5)])
def test_uniform_is_the_same_everywhere_and_stays_inside(dtype, low, high):
    drawn = [xp.to_host(Generator(3).uniform((N,), low, high, dtype, xp)) for xp in BACKENDS]
    assert np.array_equal(drawn[0], drawn[1])
    assert drawn[0].dtype == dtype
    assert drawn[0].min() >= dtype(low)
    if dtype(low) < dtype(high):
        assert drawn[0].max() < dtype(high)
    rounding = 2e-3 if dtype == np.float16 else 1e-9
    assert abs(drawn[0].astype(float).mean() - (low + high) / 2) < 5 * (high - low) / np.sqrt(12 * N) + rounding


def test_uniform_never_rounds_up_to_high():
    class Top:
        """A backend whose bits are all ones."""

        def __getattr__(self, word):
            return getattr(host, word)

        def random_bits(self, key, shape, offset):
            return np.full(shape, 0xFFFFFFFF, np.uint32)

    for dtype in (np.float16, np.float32, np.float64):
        for low, high in [(0, 1), (1, 2), (-1, 1), (100, 101)]:
            drawn = Generator(0).uniform((2,), low, high, dtype, Top())
            assert drawn.dtype == dtype
            assert (drawn < high).all()
            assert (drawn > high - 1 / 3).all()


def test_normal_is_the_same_everywhere_and_normal():
    drawn = [xp.to_host(Generator(3).normal((N,), 1.0, 2.0, np.float64, xp)) for xp in BACKENDS]
    assert np.array_equal(drawn[0], drawn[1])
    z = (drawn[0] - 1) / 2
    limit = 5 / np.sqrt(N)
    assert abs(z.mean()) < limit
    assert abs(z.var() - 1) < limit * np.sqrt(2)
    assert abs((z**3).mean()) < limit * np.sqrt(15)
    assert abs((z**4).mean() - 3) < limit * np.sqrt(96)
    assert abs(np.mean(z[: N // 2] * z[N // 2 :])) < limit * np.sqrt(2)  # the two of a pair
    assert 4 < np.abs(z).max() < 6.7
    assert Generator(3).normal((3, 5)).dtype == np.float32
    assert Generator(3).normal((), dtype=np.float16).shape == ()
    assert Generator(3).normal((0,)).shape == (0,)


def test_integers():
    drawn = Generator(2).integers(-3, 4, N)
    assert drawn.dtype == np.int64
    assert sorted(set(drawn.tolist())) == list(range(-3, 4))
    assert abs(chi_square(drawn + 3, 7) - 1) < 5 * np.sqrt(2 / 6)
    assert isinstance(drawn, np.ndarray)
    assert Generator(2).integers(0, 10).shape == ()
    wide = Generator(2).integers(-(2**63), 2**63 - 1, (2, 500))
    assert wide.min() < -(2**62)
    assert wide.max() > 2**62
    assert Generator(2).integers(5, 6, 3).tolist() == [5, 5, 5]


def test_permutations():
    order = Generator(4).permutation(10_000)
    assert np.array_equal(np.sort(order), np.arange(10_000))
    assert abs(np.corrcoef(order, np.arange(10_000))[0, 1]) < 0.05
    g = Generator(0)
    first = np.array([g.permutation(5) for _ in range(4000)])
    assert all(abs(chi_square(first[:, place], 5) - 1) < 5 * np.sqrt(2 / 4) for place in range(5))
    assert g.permutation(0).tolist() == []
    assert g.permutation(1).tolist() == [0]


def test_a_shape_may_be_a_number_and_the_default_backend_is_used():
    assert Generator(0).uniform(3).shape == Generator(0).uniform(np.int64(3)).shape == (3,)
    with use_backend("strict"):
        for drawn in (Generator(0).uniform(2), Generator(0).normal(2), Generator(0).bits(2)):
            assert type(drawn) is strict.array_types[0]
        assert isinstance(Generator(0).permutation(3), np.ndarray)


def test_the_streams_of_the_process():
    manual_seed(11)
    first = default_generator().uniform(3)
    assert manual_seed(11) is default_generator()
    assert np.array_equal(default_generator().uniform(3), first)
    assert np.array_equal(first, Generator(11).uniform(3))
    manual_seed(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Generator(-1), ValueError, "Generator: seed must be at least 0, got -1; pass a larger one"),
        (lambda: Generator(2**64), ValueError, r"Generator: seed must be below 2\*\*64, got 1844.*; pass a smaller"),
        (lambda: Generator(1.0), TypeError, "Generator: seed must be a whole number, got 1.0; pass an int"),
        (lambda: manual_seed("x"), TypeError, "manual_seed: seed must be a whole number, got 'x'"),
        (lambda: Generator(0).set_state((1, -1)), ValueError, "Generator.set_state: counter must be at least 0"),
        (lambda: Generator(0).set_state((1, 2, 3)), ValueError, r"Generator.set_state: a state is \(seed, counter\)"),
        (lambda: Generator(0).uniform(2, 1, 0), ValueError, "Generator.uniform: low must not be above high, got 1.0"),
        (
            lambda: Generator(0).uniform(2, float("nan")),
            ValueError,
            "low must be a finite number, got nan",
        ),
        (lambda: Generator(0).uniform(2, dtype=int), TypeError, "Generator.uniform: dtype must be float16"),
        (
            lambda: Generator(0).normal(2, std=-1),
            ValueError,
            "std must be a finite number from 0 up, got -1",
        ),
        (
            lambda: Generator(0).normal(2, mean="a"),
            TypeError,
            "mean must be a finite number, got 'a'",
        ),
        (lambda: Generator(0).uniform("a"), TypeError, "Generator: a size must be a whole number, got 'a'"),
        (lambda: Generator(0).uniform((2, -1)), ValueError, "Generator: a size must be at least 0, got -1"),
        (lambda: Generator(True), TypeError, "Generator: seed must be a whole number, got True"),
        (lambda: Generator(0).normal(2, dtype=bool), TypeError, "Generator.normal: dtype must be float16"),
        (lambda: Generator(0).integers(3, 3), ValueError, "Generator.integers: low must be below high"),
        (lambda: Generator(0).permutation(-1), ValueError, "Generator.permutation: n must not be negative, got -1"),
    ],
)
def test_errors_by_message(call, error, message):
    with pytest.raises(error, match=message):
        call()
