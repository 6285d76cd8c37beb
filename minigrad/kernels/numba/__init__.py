"""The kernels compiled by numba: one pass over each row, in plain loops.

Builds on: `minigrad.kernels.numba.jit`. Read next: `minigrad.kernels.numba.softmax`.
"""
