"""The kernels in NumPy: few passes over the data, in memory that is used again.

Builds on: `minigrad.kernels.numpy.scratch`. Read next: `minigrad.kernels.numpy.softmax`.
"""
