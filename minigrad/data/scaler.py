"""Scalers: bring every feature to a like size, with statistics of the training data that travel with the model.

A scaler is an affine map per feature. The three differ in two statistics, a center and a scale; each class is those two
lines. Statistics are taken in float64 on the host; the map itself is plain arithmetic, so that it runs on arrays of any
device and on Tensors, where gradients flow through it, and a scaler can stand first in a model.

Builds on: `minigrad.data.host`. Read next: `minigrad.data.table`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from minigrad.argument import entries
from minigrad.backend import backend
from minigrad.data.host import backend_name, host
from minigrad.errors import DTypeError, NonFiniteError, ShapeError

__all__ = ["MinMaxScaler", "RobustScaler", "Scaler", "StandardScaler"]

Float64 = NDArray[np.float64]
S = TypeVar("S", bound="Scaler")


class Scaler:
    """The base of the scalers: y = (x - center) / scale per feature; a subclass gives the two statistics.

    The features lie along the last axis. float32 stays float32, integers become float32. NaN in plain arrays of the
    host is refused; in Tensors and on devices it passes, since looking for it would wait for the device.

    >>> class MaxScaler(Scaler):
    ...     def statistics(self, x):
    ...         return np.zeros(x.shape[1]), abs(x).max(axis=0)
    >>> MaxScaler().fit_transform(np.array([[1.0], [-4.0]])).tolist()
    [[0.25], [-1.0]]
    """

    center: Float64 | None = None
    scale: Float64 | None = None

    def __init__(self) -> None:
        self._placed: dict[tuple[str, str], tuple[Any, Any]] = {}  # center and scale by (device, dtype)

    def statistics(self, x: Float64) -> tuple[Float64, Float64]:
        """Center and scale of samples x (N, features); a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__}: a scaler defines statistics(self, x)")

    def fit(self: S, x: Any) -> S:
        """Take the statistics of these samples, (..., features); training data only. Returns the scaler.

        Raises
        ------
        NonFiniteError
            If a value is NaN or infinite; the message names the column.
        ShapeError
            If there is no axis of features beside the samples, or no sample.
        """
        name = f"{type(self).__name__}.fit"
        values = _numbers(name, x)
        if values.ndim < 2:
            raise ShapeError(f"{name}: needs samples of features (N, F), got shape {values.shape}; use x[:, None]")
        if not values.size:
            raise ShapeError(f"{name}: needs at least one sample and one feature, got shape {values.shape}; pass some")
        values = values.reshape(-1, values.shape[-1]).astype(np.float64)  # (N, F)
        _refuse(name, values, ~np.isfinite(values), "is not finite", "fill it in or leave the row out")
        with np.errstate(over="ignore", invalid="ignore"):
            center, scale = self.statistics(values)
        constant = values.max(axis=0) == values.min(axis=0)  # asked exactly: the rounded std of 0.1, 0.1, 0.1 is not 0
        center, scale = np.where(constant, values[0], center), np.where(constant | (scale == 0), 1.0, scale)
        wide = np.broadcast_to(~(np.isfinite(center) & np.isfinite(scale)), values.shape)
        _refuse(name, values, wide, "spreads too far for float64", "rescale it by hand")
        self.center, self.scale, self._placed = center, scale, {}
        return self

    def transform(self, x: Any) -> Any:
        """y = (x - center) / scale, for arrays and Tensors (..., features).

        Raises
        ------
        RuntimeError
            If the scaler has no statistics yet.
        ShapeError
            If the features are not as many as it was fitted to.
        NonFiniteError
            If a plain array of the host holds NaN; the message names the column.
        """
        x, center, scale = self._prepare("transform", x)
        return _narrowed((_working(x) - center) / scale, x)

    def inverse_transform(self, y: Any) -> Any:
        """x = y * scale + center, for arrays and Tensors (..., features); raises as `transform` does."""
        y, center, scale = self._prepare("inverse_transform", y)
        return _narrowed(_working(y) * scale + center, y)

    def fit_transform(self, x: Any) -> Any:
        """Take the statistics of these samples and scale them."""
        return self.fit(x).transform(x)

    def __call__(self, x: Any) -> Any:
        return self.transform(x)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def state_dict(self) -> dict[str, Float64]:
        """Copies of the statistics, as plain arrays: center (features,) and scale (features,)."""
        center, scale = self._fitted("state_dict")
        return {"center": center.copy(), "scale": scale.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over saved statistics.

        Raises
        ------
        ShapeError
            If entries are missing or do not fit each other; nothing is changed then.
        NonFiniteError
            If a value is not finite, or a scale is 0.
        """
        name = f"{type(self).__name__}.load_state_dict"
        if not isinstance(state, Mapping) or state.keys() != {"center", "scale"}:
            raise ShapeError(f"{name}: not the state of a scaler, got {entries(state)}; pass a state_dict()")
        center, scale = (_numbers(name, state[key]).astype(np.float64) for key in ("center", "scale"))
        if center.ndim != 1 or center.shape != scale.shape:
            raise ShapeError(
                f"{name}: center and scale must be one number per feature, got shapes {center.shape} and "
                f"{scale.shape}; pass a state_dict()"
            )
        if not (np.isfinite(center) & np.isfinite(scale) & (scale != 0)).all():
            raise NonFiniteError(f"{name}: numbers must be finite and no scale 0, got {center} and {scale}; fit again")
        self.center, self.scale, self._placed = center.copy(), scale.copy(), {}

    def _fitted(self, what: str) -> tuple[Float64, Float64]:
        if self.center is None or self.scale is None:
            name = type(self).__name__
            raise RuntimeError(f"{name}.{what}: has no statistics yet, got an unfitted scaler; call fit(x) first")
        return self.center, self.scale

    def _prepare(self, what: str, x: Any) -> tuple[Any, Any, Any]:
        """The values as an array or Tensor, checked, and the statistics beside them: same device, same dtype."""
        name = f"{type(self).__name__}.{what}"
        center, scale = self._fitted(what)
        if not (hasattr(x, "dtype") and hasattr(x, "astype")) or hasattr(x, "iloc"):  # lists, data frames
            x = host(name, x)
        if x.dtype.kind not in "fiub":
            raise DTypeError(f"{name}: needs real numbers, got {x.dtype}; convert to float32 first")
        if not x.shape or x.shape[-1] != len(center):
            raise ShapeError(
                f"{name}: fitted to {len(center)} features, got shape {x.shape}; pass (..., {len(center)})"
            )
        if isinstance(x, np.ndarray) and x.dtype.kind == "f":
            _refuse(name, x, np.isnan(x), "is missing", "fill it in or leave the row out")
        device, dtype = backend_name(x), "float32" if x.dtype in (np.float16, np.float32) else "float64"
        if (device, dtype) not in self._placed:
            move = backend(device).from_host
            self._placed[device, dtype] = move(center.astype(dtype)), move(scale.astype(dtype))
        return x, *self._placed[device, dtype]


class MinMaxScaler(Scaler):
    """Map the smallest and the largest value of every feature to 0 and 1.

    y = (x - min) / (max - min)

    A constant feature gets the scale 1. One far outlier pushes all other values together; see `RobustScaler`.

    Shapes: x (..., features), y (..., features).

    >>> MinMaxScaler().fit_transform([[1.0], [2.0], [3.0], [400.0], [10.0]]).round(4).tolist()[:2]
    [[0.0], [0.0024999999441206455]]
    """

    def statistics(self, x: Float64) -> tuple[Float64, Float64]:
        """min; max - min."""
        low = x.min(axis=0)
        return low, x.max(axis=0) - low


class StandardScaler(Scaler):
    """Bring every feature to mean 0 and standard deviation 1: z-scores.

    y = (x - mean) / std, std with divisor N

    A constant feature gets the scale 1. The results are not confined to [-1, 1].

    Shapes: x (..., features), y (..., features).

    >>> StandardScaler().fit_transform([[2.0], [4.0], [6.0], [8.0]])[:, 0]
    array([-1.3416, -0.4472,  0.4472,  1.3416], dtype=float32)
    """

    def statistics(self, x: Float64) -> tuple[Float64, Float64]:
        """mean; std."""
        return x.mean(axis=0), x.std(axis=0)


class RobustScaler(Scaler):
    """Bring every feature to median 0 and interquartile range 1, which outliers hardly change.

    y = (x - median) / (q75 - q25), quantiles interpolated linearly

    A feature whose middle half is constant gets the scale 1.

    Shapes: x (..., features), y (..., features).

    >>> RobustScaler().fit_transform([[1.0], [2.0], [3.0], [400.0], [10.0]])[:, 0]
    array([-0.25 , -0.125,  0.   , 49.625,  0.875], dtype=float32)
    """

    def statistics(self, x: Float64) -> tuple[Float64, Float64]:
        """median; q75 - q25."""
        q25, median, q75 = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
        return median, q75 - q25


def _numbers(name: str, x: Any) -> NDArray[Any]:
    values = host(name, x)
    if values.dtype.kind not in "fiub":
        raise DTypeError(f"{name}: needs real numbers, got {values.dtype}; convert to float32 first")
    return values


def _working(x: Any) -> Any:
    """In the dtype that the arithmetic is done in: float16 in float32, since max - min may exceed 65504; integers in
    float64, since a float32 holds them to 2^24 alone."""
    if x.dtype in (np.float32, np.float64):
        return x
    return x.astype(np.float32 if x.dtype == np.float16 else np.float64)


def _narrowed(y: Any, x: Any) -> Any:
    """In the dtype of the values that came, float32 for integers."""
    wanted = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
    return y if y.dtype == wanted else y.astype(wanted)


def _refuse(name: str, values: NDArray[Any], wrong: NDArray[Any], what: str, remedy: str) -> None:
    """Raise for the first wrong value, with its column."""
    if wrong.any():
        place = tuple(int(number) for number in np.argwhere(wrong)[0])
        row = f"row {place[0] if len(place) == 2 else place[:-1]}, " if len(place) > 1 else ""
        raise NonFiniteError(
            f"{name}: a value of column {place[-1]} {what}, got {values[place]} in {row}column {place[-1]} "
            f"(counted from 0); {remedy}"
        )
