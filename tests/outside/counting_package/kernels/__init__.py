"""The declarations of this package's kernels; their forms stand in the folders `numpy` and `numba` beside them."""
