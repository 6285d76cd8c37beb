"""Who takes part in the benchmark, and the processes they run in, one of which computes at a time."""

import importlib.util
import json
import os
import select
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["PEERS", "Peer", "Worker", "WorkerError", "installed", "prepare_numba"]

ROOT = Path(__file__).resolve().parents[1]
WORKER = Path(__file__).with_name("bench_worker.py")
BUILD_LIMIT, BLOCK_LIMIT = 300.0, 120.0  # seconds; compiling takes most of the first
LARGE = str(1 << 30)
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": LARGE, "MALLOC_TRIM_THRESHOLD_": LARGE}  # read by glibc at the start


class Peer(NamedTuple):
    """A library with its settings; `kernels` tells minigrad's two apart."""

    name: str
    kernels: str | None
    title: str
    package: str
    environment: dict[str, str]


PEERS = [
    Peer("minigrad", "numpy", "minigrad, NumPy kernels", "numpy", {"MINIGRAD_KERNELS": "numpy"}),
    Peer("minigrad", "numba", "minigrad, numba kernels", "numba", {"MINIGRAD_KERNELS": "numba"}),
    Peer("torch", None, "PyTorch eager", "torch", {}),
    Peer("torch tuned", None, "PyTorch eager, memory kept", "torch", KEEP_MEMORY),
    Peer("torch fused", None, "PyTorch fused", "torch", {}),
    Peer("jax", None, "JAX jit", "jax", {"JAX_PLATFORMS": "cpu"}),
    Peer("jax tuned", None, "JAX jit, pooling by reshape", "jax", {"JAX_PLATFORMS": "cpu"}),
    Peer("gemm", None, "matrix products alone", "numpy", {}),
]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS")


def installed(peer: Peer) -> bool:
    return importlib.util.find_spec(peer.package) is not None


def environment(peer: Peer, threads: int) -> dict[str, str]:
    """What the process of a peer finds; settings of the caller's own shell for the same things are overwritten."""
    flags = f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()} intra_op_parallelism_threads={threads}"
    own = {name: value for name, value in os.environ.items() if name not in KEEP_MEMORY}
    return own | dict.fromkeys(THREADS, str(threads)) | {"XLA_FLAGS": flags} | peer.environment


def prepare_numba() -> str:
    """Have minigrad's kernels compiled, which the workers would else count as memory and time; why not, or nothing."""
    if importlib.util.find_spec("numba") is None:
        return "numba is not installed"
    own = os.environ | {"MINIGRAD_KERNELS": "numba"}
    asked = "from minigrad.kernels import provider_in_use as used; assert used() == 'numba', used()"
    for command in (["-m", "minigrad", "compile"], ["-c", asked]):
        whole = [sys.executable, *command]
        done = subprocess.run(whole, capture_output=True, text=True, check=False, env=own, cwd=ROOT)
        if done.returncode:
            return f"numba not available: {last_lines(done.stderr, 1)}"
    return ""


def last_lines(text: str, count: int = 4) -> str:
    return "\n".join(text.strip().splitlines()[-count:]) or "it said nothing"


class WorkerError(RuntimeError):
    """A peer has failed: its last words."""


class Worker:
    """The process of one peer, for one workload and number of threads."""

    def __init__(self, workload: str, peer: Peer, threads: int, command: list[str] | None = None) -> None:
        self.peer = peer
        job: dict[str, Any] = {"workload": workload, "peer": peer.name, "kernels": peer.kernels, "threads": threads}
        if peer.package == "jax" and hasattr(os, "sched_getaffinity"):  # XLA's pool has a thread for every core it sees
            job["cpus"] = sorted(os.sched_getaffinity(0))[:threads]
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 (closed below)
        self.process = subprocess.Popen(
            command or [sys.executable, str(WORKER), json.dumps(job)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True, encoding="utf-8",
            env=environment(peer, threads),
        )  # fmt: skip

    def reply(self, limit: float) -> dict[str, Any]:
        """The next line of the process, which has `limit` seconds for it."""
        ready, _, _ = select.select([self.process.stdout], [], [], limit)
        if not ready:
            raise WorkerError(f"no answer within {limit:g} seconds")
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            code = self.process.wait()
            self.errors.seek(0)
            raise WorkerError(f"ended with {code}: {last_lines(self.errors.read())}")
        return dict(json.loads(line))

    def built(self) -> dict[str, Any]:
        """Wait for the workload; the seconds of a step, about, and the settings in words."""
        return self.reply(BUILD_LIMIT)

    def block(self, steps: int) -> dict[str, Any]:
        """Take so many steps: their seconds, and the most memory held so far."""
        with suppress(BrokenPipeError):  # it has died: its output ends, and `reply` says why
            print(steps, file=self.process.stdin, flush=True)
        return self.reply(BLOCK_LIMIT)

    def close(self) -> None:
        """End the process; one that does not listen is killed."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            with suppress(BrokenPipeError):  # of a number it never read
                if stream:
                    stream.close()
