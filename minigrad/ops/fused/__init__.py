"""Fused ops: many steps in one, as kernels, each beside the plain form that says what it means.

A body here calls kernels (`minigrad.kernels`) on arrays of the host and nothing else. What it cannot do, the plain form
does (`minigrad.fused`).

Builds on: `minigrad.kernels`, `minigrad.fused`. Read next: `minigrad.ops.fused.softmax`.
"""
