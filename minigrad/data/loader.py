"""`DataLoader`: a dataset in batches, in an order that only a seed and the number of the epoch decide.

Batch k of epoch e is a function of (seed, e, k). Threads, breaks, saved positions and other loaders change when a batch
is made, never what is in it.

Builds on: `minigrad.data.dataset`, `minigrad.data.prefetch`, `minigrad.backend.random`. Read next:
`minigrad.data.split`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.argument import entries, whole
from minigrad.backend.random import Generator, default_generator
from minigrad.data.collate import stack
from minigrad.data.dataset import takes_arrays
from minigrad.data.prefetch import Prefetch
from minigrad.errors import DTypeError, add_note

__all__ = ["Batches", "DataLoader"]


class DataLoader:
    """A dataset in batches of NumPy arrays, shuffled anew in every epoch.

    order(e) = permutation(N) from the stream (seed, "shuffle", e);  batch k = dataset[order[k B : (k + 1) B]]

    ``for batch in loader`` runs through one epoch, and its end moves on to the next one. An iteration that breaks off
    leaves the epoch where it was. ``state_dict()`` is the position (seed, epoch, batches handed out); after
    ``load_state_dict`` the iteration yields exactly the batches that would have followed.

    Without a `seed` it is that of `manual_seed`. `workers` threads make batches ahead of time, which the dataset must
    bear: several ask it at once. `collate` makes a batch of a list of samples, where they should not simply be stacked.
    `transform(batch, rng)` changes a finished batch; its `rng` is a `Generator` for this batch alone, so augmentation
    does not depend on threads or restarts.

    Raises
    ------
    ValueError
        If there are no samples, no batches (with drop_last), or `batch_size` or `workers` is out of range.
    DTypeError
        If the dataset has no length or items, or a number is not whole.

    >>> from minigrad.data import ArrayDataset
    >>> loader = DataLoader(ArrayDataset(np.arange(5)), batch_size=2)
    >>> [x.tolist() for (x,) in loader]
    [[0, 1], [2, 3], [4]]
    >>> loader.epoch, len(loader)
    (1, 3)
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        shuffle: bool = False,
        seed: int | None = None,
        drop_last: bool = False,
        workers: int = 0,
        transform: Callable[[Any, Generator], Any] | None = None,
        collate: Callable[[list[Any]], Any] | None = None,
    ) -> None:
        self.dataset, self.samples = dataset, _samples(dataset)
        self.batch_size = whole("DataLoader", "batch_size", batch_size, 1)
        self.workers = whole("DataLoader", "workers", workers, 0)
        self.shuffle, self.drop_last = bool(shuffle), bool(drop_last)
        for what, function in (("transform", transform), ("collate", collate)):
            if function is not None and not callable(function):
                raise DTypeError(f"DataLoader: {what} must be a function, got {function!r:.60}; pass one, or None")
        self.transform, self.collate = transform, collate
        self.seed = default_generator().state[0] if seed is None else Generator(seed).state[0]
        self._epoch, self._batch, self._start = 0, 0, 0
        if not len(self):
            raise ValueError(
                f"DataLoader: drop_last leaves no batch, got {self.samples} samples and batch_size {self.batch_size}; "
                "take smaller batches, or drop_last=False"
            )

    def __len__(self) -> int:
        return (self.samples if self.drop_last else self.samples + self.batch_size - 1) // self.batch_size

    def __iter__(self) -> Batches:
        return Batches(self, self._epoch, self._start)

    def __repr__(self) -> str:
        recipe = f"shuffle={self.shuffle}, seed={self.seed}, drop_last={self.drop_last}, workers={self.workers}"
        return f"DataLoader({self.dataset!r}, batch_size={self.batch_size}, {recipe})"

    @property
    def epoch(self) -> int:
        """The epoch that the next iteration runs through."""
        return self._epoch

    def set_epoch(self, epoch: int) -> None:
        """Go to an epoch; the current one stays where it is, in the middle too."""
        epoch = whole("DataLoader.set_epoch", "epoch", epoch, 0)
        if epoch != self._epoch:
            self._epoch, self._batch, self._start = epoch, 0, 0

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The numbers of the samples in the order of that epoch."""
        if self.shuffle:
            return Generator(self.seed).fork("shuffle", epoch).permutation(self.samples)
        return np.arange(self.samples)

    def make(self, epoch: int, number: int, order: NDArray[np.int64] | None = None) -> Any:
        """Batch `number` of an epoch, whatever has been iterated so far; `order`, if at hand, saves computing it."""
        order = self.order(epoch) if order is None else order
        chosen = order[number * self.batch_size : (number + 1) * self.batch_size]
        try:
            if self.collate is None and takes_arrays(self.dataset):
                batch = self.dataset[chosen]
            else:
                batch = (self.collate or stack)([self.dataset[int(index)] for index in chosen])
            if self.transform is None:
                return batch
            return self.transform(batch, Generator(self.seed).fork("transform", epoch, number))
        except StopIteration as error:  # it would end the loop, as if the data ended here
            raise RuntimeError(f"DataLoader: StopIteration escaped while making batch {number} of {epoch=}") from error
        except Exception as error:
            samples = f"samples {chosen[:8].tolist()}{' ...' if len(chosen) > 8 else ''}"
            add_note(error, f"DataLoader: while making batch {number} of epoch {epoch}, {samples}")
            raise

    # -- the position --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, int]:
        """The position as whole numbers: seed, epoch, batches handed out; and what it presupposes."""
        return {"seed": self.seed, "epoch": self._epoch, "batch": self._batch, **self._recipe()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to a saved position; the loader must be built alike.

        Raises
        ------
        ValueError
            If entries are missing, or the loader has other samples or batches; nothing is changed then.
        """
        name, recipe = "DataLoader.load_state_dict", self._recipe()
        if not isinstance(state, Mapping) or state.keys() != {"seed", "epoch", "batch", *recipe}:
            raise ValueError(f"{name}: not a position of a loader, got {entries(state)}; pass a state_dict()")
        for key, own in recipe.items():
            if state[key] != own:
                raise ValueError(
                    f"{name}: the position belongs to another loader, got {key} {state[key]} for {own}; "
                    "build the loader as it was, or begin an epoch with set_epoch"
                )
        epoch, batch = whole(name, "epoch", state["epoch"], 0), whole(name, "batch", state["batch"], 0)
        if batch > len(self):
            raise ValueError(f"{name}: beyond the last batch, got {batch} of {len(self)}; pass a state_dict()")
        self.seed = Generator(state["seed"]).state[0]
        self._epoch, self._batch, self._start = epoch, batch, batch

    def _recipe(self) -> dict[str, int]:
        """What a number of batches means only together with."""
        own = {"samples": self.samples, "batch_size": self.batch_size}
        return {**own, "shuffle": int(self.shuffle), "drop_last": int(self.drop_last)}

    def _reached(self, epoch: int, batch: int) -> None:
        """An iteration has come this far; a loaded position holds until its epoch is over."""
        if epoch != self._epoch:
            self._start = 0
        self._epoch, self._batch = epoch, batch


class Batches(Iterator[Any]):
    """One run through an epoch of a loader: what ``iter(loader)`` gives."""

    def __init__(self, loader: DataLoader, epoch: int, start: int) -> None:
        self._loader, self._epoch, self._done = loader, epoch, start
        order, numbers = loader.order(epoch), range(start, len(loader))

        def make(number: int) -> Any:
            return loader.make(epoch, number, order)

        self._source: Iterator[Any] | None
        self._source = Prefetch(make, numbers, loader.workers) if loader.workers else map(make, numbers)
        loader._reached(epoch, start)

    def __len__(self) -> int:
        return len(self._loader) - self._done

    def __next__(self) -> Any:
        if self._source is None:
            raise StopIteration
        try:
            batch = next(self._source)
        except StopIteration:
            self._source = None
            self._loader._reached(self._epoch + 1, 0)
            raise
        except BaseException:
            self._source = None  # an iteration that failed has ended, and its epoch is not over
            raise
        self._done += 1
        self._loader._reached(self._epoch, self._done)
        return batch


def _samples(dataset: Any) -> int:
    """The number of samples, of what can be a dataset."""
    if isinstance(dataset, tuple):
        raise DTypeError("DataLoader: a tuple is no dataset, got one; wrap arrays in ArrayDataset(*arrays)")
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise DTypeError(
            f"DataLoader: a dataset has a length and items, got {type(dataset).__name__}; "
            "define __len__ and __getitem__, or pass an ArrayDataset"
        )
    if len(dataset) == 0:
        raise ValueError(f"DataLoader: the dataset is empty, got {dataset!r:.60}; pass one with at least one sample")
    return len(dataset)
