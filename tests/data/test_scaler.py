"""Scalers: formulas by hand, the numbers of the articles, Tensors and devices, state, refusals."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import minigrad as mg
from minigrad.backend import namespace
from minigrad.backend.strict import no_synchronisation
from minigrad.data import MinMaxScaler, RobustScaler, Scaler, StandardScaler
from minigrad.errors import DTypeError, NonFiniteError, ShapeError

SCALERS = [MinMaxScaler, StandardScaler, RobustScaler]
OUTLIER = np.array([1.0, 2.0, 3.0, 400.0, 10.0])[:, None]
TABLE = np.array([[42, 350_000.0], [23, 18_000], [65, 61_000], [31, 40_000]], np.float64)  # age, salary


def column(values):
    return np.array(values, np.float64)[:, None]


# -- formulas


def test_min_max_of_the_articles_row():
    y = MinMaxScaler().fit_transform(OUTLIER)[:, 0]
    assert y.tolist() == [0, 1 / 399, 2 / 399, 1, 9 / 399]
    assert round(y[1], 5) == 0.00251  # an article prints 0.0033


def test_z_scores_of_the_articles_row_leave_minus_one_to_one():
    y = StandardScaler().fit_transform(column([2, 4, 6, 8]))[:, 0]
    assert np.allclose(y, [-3 / 5**0.5, -1 / 5**0.5, 1 / 5**0.5, 3 / 5**0.5], rtol=1e-15)
    assert y.round(4).tolist() == [-1.3416, -0.4472, 0.4472, 1.3416]


def test_robust_of_the_articles_row():
    # sorted 1 2 3 10 400: median 3, q25 2, q75 10
    y = RobustScaler().fit_transform(OUTLIER)[:, 0]
    assert y.tolist() == [-2 / 8, -1 / 8, 0, 397 / 8, 7 / 8]


def test_robust_interpolates_quantiles():
    # sorted 1 2 3 4: q25 = 1 + 0.75, q75 = 3 + 0.25, median 2.5
    scaler = RobustScaler().fit(column([4, 1, 3, 2]))
    assert (scaler.center.tolist(), scaler.scale.tolist()) == ([2.5], [1.5])


def oracle(kind, x):
    """The formulas once more, with loops."""
    y = np.empty_like(x)
    for j in range(x.shape[1]):
        values = sorted(x[:, j].tolist())
        n = len(values)

        def at(share, values=values, n=n):
            place = share * (n - 1)
            low = int(place)
            high = min(low + 1, n - 1)
            return values[low] + (place - low) * (values[high] - values[low])

        mean = sum(values) / n
        std = (sum((v - mean) ** 2 for v in values) / n) ** 0.5
        center, scale = {
            MinMaxScaler: (values[0], values[-1] - values[0]),
            StandardScaler: (mean, std),
            RobustScaler: (at(0.5), at(0.75) - at(0.25)),
        }[kind]
        y[:, j] = (x[:, j] - center) / (scale or 1)
    return y


@pytest.mark.parametrize("kind", SCALERS)
def test_against_the_oracle(kind):
    x = mg.backend.random.Generator(1).normal((31, 4), dtype=np.float64) * [1, 100, 1e-3, 1e6] + [0, 5, 1, -1e6]
    assert np.allclose(kind().fit_transform(x), oracle(kind, x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", SCALERS)
@given(x=arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 3)), elements=st.floats(-1e6, 1e6, width=32)))
@settings(max_examples=40, deadline=None)
def test_inverse_undoes_and_statistics_are_finite(kind, x):
    scaler = kind().fit(x)
    assert (scaler.scale > 0).all()
    assert np.allclose(scaler.inverse_transform(scaler.transform(x)), x, rtol=1e-9, atol=1e-6)
    if kind is MinMaxScaler:
        y = scaler.transform(x)
        assert y.min() >= 0
        assert y.max() <= 1


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize("value", [0.0, 0.1, 1e-30, 3e8])
def test_a_constant_column_gets_scale_one_and_becomes_zero(kind, value):
    x = np.column_stack([np.full(7, value), np.arange(7.0)])
    scaler = kind().fit(x)
    assert scaler.scale[0] == 1
    assert scaler.transform(x)[:, 0].tolist() == [0] * 7


def test_robust_with_a_constant_middle_half():
    scaler = RobustScaler().fit(column([5, 5, 5, 5, 5, 90]))
    assert scaler.scale.tolist() == [1]
    assert scaler.transform(column([90]))[0, 0] == 85


def test_one_sample_is_a_constant_column():
    assert StandardScaler().fit_transform(column([7])).tolist() == [[0]]


def test_statistics_of_the_training_part_scale_the_test_part():
    scaler = MinMaxScaler().fit(column([0, 10]))
    assert scaler.transform(column([20, -5])).tolist() == [[2], [-0.5]]


# -- shapes and dtypes


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize(
    ("dtype", "result"),
    [
        ("float16", "float16"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("int64", "float32"),
        ("uint8", "float32"),
    ],
)
def test_dtypes(kind, dtype, result, device):
    x = device.array([[1, 4], [2, 200], [3, 30]], dtype)
    scaler = kind().fit(x)
    y = scaler.transform(x)
    assert y.dtype == np.dtype(result)
    assert scaler.inverse_transform(y).dtype == np.dtype(result)
    assert np.allclose(device.host(y), oracle(kind, np.array([[1, 4], [2, 200], [3, 30.0]])), atol=2e-3)


def test_float16_survives_a_range_beyond_its_own():
    x = np.array([[-60000.0], [60000.0]], np.float16)
    assert MinMaxScaler().fit_transform(x).tolist() == [[0], [1]]


def test_min_and_max_of_float32_map_to_zero_and_one_exactly():
    x = mg.backend.random.Generator(0).uniform((1000, 5), -3, 7)
    y = MinMaxScaler().fit_transform(x)
    assert (y.min(axis=0) == 0).all()
    assert (y.max(axis=0) == 1).all()


def test_more_axes_share_the_features_of_the_last():
    x = TABLE.reshape(2, 2, 2)
    assert np.array_equal(StandardScaler().fit_transform(x), StandardScaler().fit_transform(TABLE).reshape(2, 2, 2))
    assert StandardScaler().fit(TABLE).transform(TABLE[0]).shape == (2,)  # one sample in production


def test_inputs_are_left_alone():
    before = TABLE.copy()
    StandardScaler().fit_transform(TABLE)
    assert np.array_equal(TABLE, before)


def test_lists():
    y = StandardScaler().fit_transform(TABLE.tolist())
    assert y.dtype == np.float32
    assert StandardScaler().fit(TABLE).transform([[42.0, 350_000.0]]).shape == (1, 2)


# -- Tensors, devices, models


@pytest.mark.parametrize("kind", SCALERS)
def test_tensors_and_gradients(kind, device):
    scaler = kind().fit(TABLE)
    x = device.leaf(TABLE)
    y = scaler.transform(x)
    assert isinstance(y, mg.Tensor)
    assert y.dtype == np.float32
    y.sum().backward()
    assert np.allclose(device.host(x.grad), np.broadcast_to(1 / scaler.scale, TABLE.shape), rtol=1e-6)
    back = scaler.inverse_transform(y.detach())
    assert np.allclose(device.host(back), TABLE, rtol=1e-5)


def test_derivatives_nest():
    scaler = StandardScaler().fit(TABLE)
    second = mg.grad(lambda t: mg.grad(lambda s: (scaler(s) ** 3).sum())(t).sum())(mg.Tensor(TABLE))
    assert np.allclose(second.numpy(), 6 * scaler(TABLE) / scaler.scale**2)


@pytest.mark.parametrize("kind", SCALERS)
def test_fitted_on_any_device_alike(kind, device):
    plain, tensor = kind().fit(device.array(TABLE, np.float64)), kind().fit(device.tensor(TABLE, np.float64))
    for scaler in (plain, tensor):
        assert np.array_equal(scaler.center, kind().fit(TABLE).center)
        assert np.array_equal(scaler.scale, kind().fit(TABLE).scale)


def test_no_synchronisation_on_a_device(device):
    scaler = StandardScaler().fit(TABLE)
    x, t = device.array(TABLE), device.leaf(TABLE)
    with no_synchronisation():
        y, z = scaler.transform(x), scaler.transform(t)
    assert namespace(y) is device.xp
    assert np.array_equal(device.host(y), device.host(z))


def test_statistics_are_moved_once_and_forgotten_by_a_new_fit(device):
    scaler = StandardScaler().fit(TABLE)
    first = scaler._prepare("transform", device.array(TABLE))[1]
    assert scaler._prepare("transform", device.array(TABLE))[1] is first
    y = scaler.fit(TABLE * 2).transform(device.array(TABLE * 2))
    assert np.allclose(device.host(y), StandardScaler().fit_transform(TABLE), atol=1e-6)


# -- state


@pytest.mark.parametrize("kind", SCALERS)
def test_state_goes_round(kind):
    scaler = kind().fit(TABLE)
    state = scaler.state_dict()
    other = kind()
    other.load_state_dict(state)
    assert np.array_equal(other.transform(TABLE), scaler.transform(TABLE))
    state["center"][:] = 0
    assert np.array_equal(other.transform(TABLE), scaler.transform(TABLE))  # copies, both ways
    assert all(type(value) is np.ndarray and value.dtype == np.float64 for value in state.values())
    for twin in (copy.deepcopy(scaler), pickle.loads(pickle.dumps(scaler))):
        assert np.array_equal(twin.transform(TABLE), scaler.transform(TABLE))
    assert repr(scaler) == f"{kind.__name__}()"


def test_loading_replaces_what_was_moved():
    scaler = StandardScaler().fit(TABLE)
    scaler.transform(TABLE)
    scaler.load_state_dict({"center": [0.0, 0.0], "scale": [1.0, 2.0]})
    assert scaler.transform(np.array([[3.0, 4.0]])).tolist() == [[3, 2]]


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({"center": [1.0]}, ShapeError, r"load_state_dict: not the state of a scaler, got entries \['center'\]"),
        ({"center": [1.0], "scale": [1.0, 2.0]}, ShapeError, r"one number per feature, got shapes \(1,\) and \(2,\)"),
        ({"center": [1.0], "scale": [0.0]}, NonFiniteError, "must be finite and no scale 0"),
        ({"center": [np.nan], "scale": [1.0]}, NonFiniteError, "must be finite and no scale 0"),
        ({"center": ["a"], "scale": [1.0]}, DTypeError, "needs real numbers"),
    ],
)
def test_refused_state_changes_nothing(state, error, message):
    scaler = MinMaxScaler().fit(TABLE)
    with pytest.raises(error, match=message):
        scaler.load_state_dict(state)
    assert scaler.center.tolist() == [23, 18_000]


# -- refusals


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize("what", ["transform", "inverse_transform", "__call__"])
def test_before_fit(kind, what):
    with pytest.raises(RuntimeError, match=rf"{kind.__name__}\.\w+: has no statistics yet, .*; call fit\(x\) first"):
        getattr(kind(), what)(TABLE)
    with pytest.raises(RuntimeError, match="state_dict: has no statistics yet"):
        kind().state_dict()


@pytest.mark.parametrize("kind", SCALERS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_in_fit(kind, bad):
    x = TABLE.copy()
    x[2, 1] = bad
    with pytest.raises(
        NonFiniteError, match=rf"{kind.__name__}.fit: a value of column 1 is not finite, got .* in row 2"
    ):
        kind().fit(x)


def test_nan_in_transform():
    scaler, x = StandardScaler().fit(TABLE), TABLE.copy()
    x[3, 0] = np.nan
    with pytest.raises(NonFiniteError, match=r"transform: a value of column 0 is missing, got nan in row 3, column 0"):
        scaler.transform(x)
    with pytest.raises(NonFiniteError, match=r"column 0 is missing, got nan in column 0"):
        scaler.transform(x[3])
    with pytest.raises(NonFiniteError, match=r"in row \(1, 1\), column 0"):
        scaler.transform(x.reshape(2, 2, 2))
    y = scaler.transform(mg.Tensor(x)).numpy()  # a Tensor is not read
    assert np.argwhere(np.isnan(y)).tolist() == [[3, 0]]


def test_a_refused_fit_keeps_the_old_statistics():
    scaler = StandardScaler().fit(TABLE)
    with pytest.raises(NonFiniteError):
        scaler.fit(TABLE * np.nan)
    with pytest.raises(NonFiniteError):
        scaler.fit([[1.0, np.inf]])
    assert np.array_equal(scaler.center, StandardScaler().fit(TABLE).center)


@pytest.mark.parametrize("kind", [MinMaxScaler, StandardScaler])
def test_numbers_that_spread_too_far(kind):
    scaler = kind()
    with pytest.raises(NonFiniteError, match="column 1 spreads too far for float64"):
        scaler.fit(np.array([[1, -1.7e308], [2, 1.7e308]]))
    assert scaler.center is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: s.fit([1.0, 2.0]), ShapeError, r"fit: needs samples of features \(N, F\), got shape \(2,\)"),
        (lambda s: s.fit(np.empty((0, 3))), ShapeError, r"at least one sample and one feature, got shape \(0, 3\)"),
        (lambda s: s.fit(np.empty((3, 0))), ShapeError, r"at least one sample and one feature, got shape \(3, 0\)"),
        (lambda s: s.fit([["a"]]), DTypeError, "fit: needs real numbers, got <U1"),
        (lambda s: s.transform([["a", "b"]]), DTypeError, "transform: needs real numbers, got <U1"),
        (lambda s: s.transform(np.ones((4, 3))), ShapeError, r"fitted to 2 features, got shape \(4, 3\); pass"),
        (lambda s: s.inverse_transform(mg.ones(3)), ShapeError, r"inverse_transform: fitted to 2 .* got shape \(3,\)"),
        (lambda s: s.transform(np.float64(1)), ShapeError, r"fitted to 2 features, got shape \(\)"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call(StandardScaler().fit(TABLE))


def test_a_scaler_without_statistics_of_its_own():
    with pytest.raises(NotImplementedError, match=r"Scaler: a scaler defines statistics\(self, x\)"):
        Scaler().fit(TABLE)


def test_large_integers_keep_their_differences(device):
    seconds = 1_700_000_000 + np.arange(10)[:, None]
    for make in (MinMaxScaler, StandardScaler, RobustScaler):
        scaler = make().fit(seconds)
        found = device.host(scaler.transform(device.array(seconds, None)))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, scaler.transform(seconds.astype(np.float64)), rtol=1e-6, atol=1e-6)
        assert np.ptp(found) > 0.9
