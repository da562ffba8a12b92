"""Dask, with its threaded scheduler and with dask.distributed, as its users write it.

    dask_peer.py PEER WORKLOAD SIZE THREADS WARM-UPS RUNS

where PEER is `dask` or `distributed`. Prints what the other programs print.
"""

import sys
from time import perf_counter_ns

import dask
from dask import delayed
from shapes import M, checksum, inputs_of, leaves_of, outputs_of


def step(x, i):
    return x * 3 + i & M


def leaf(i):
    return i * 3 + 1


def add_up(*xs):
    return sum(xs) & M


def pair(a, b):
    return a * 3 + b & M


def cell(up, left):
    return up * 5 + left * 3 + 1 & M


def mix(i, *xs):
    return sum(xs) * 3 + i & M


class Graph:
    """What is built, run and dropped, again and again."""

    def __init__(self, workload, size):
        self.inputs = list(inputs_of(workload, size))
        self.outputs = outputs_of(workload, size, len(self.inputs))
        # The width of the square is what its first row tells.
        self.width = next((i for i, ks in enumerate(self.inputs) if i and ks != [i - 1]), len(self.inputs))
        self.leaves = leaves_of(workload, size)
        self.call = getattr(self, workload)
        # Impure, as calls are unless their user says otherwise.
        self.functions = {f: delayed(f, pure=False) for f in (step, leaf, add_up, pair, cell, mix)}

    def chain(self, f, i, xs):
        return f[step](xs[0] if xs else 0, i)

    def wide(self, f, i, xs):
        return f[add_up](*xs) if xs else f[leaf](i)

    def tree(self, f, i, xs):
        return f[pair](*xs) if xs else f[leaf](i)

    def wavefront(self, f, i, xs):
        return f[cell](xs[0] if i >= self.width else 0, xs[-1] if i % self.width else 0)

    def layered(self, f, i, xs):
        return f[mix](i, *xs)

    def run(self, settings):
        t0 = perf_counter_ns()
        nodes = []
        for i, inputs in enumerate(self.inputs):
            nodes.append(self.call(self.functions, i, [nodes[k] for k in inputs]))
        roots = [nodes[i] for i in self.outputs]
        t1 = perf_counter_ns()
        values = dask.compute(*roots, **settings)
        t2 = perf_counter_ns()
        del nodes, roots
        t3 = perf_counter_ns()
        return [("build", t1 - t0), ("run", t2 - t1), ("drop", t3 - t2)], checksum(values)


@delayed
def fib(n):
    """A graph inside a task: the chapter "Launch tasks from tasks" of Dask's documentation."""
    if n < 2:
        return n
    a, b = dask.compute(fib(n - 1), fib(n - 2))
    return a + b


def run_fib(n, settings):
    t0 = perf_counter_ns()
    with dask.config.set(settings):
        value = fib(n).compute()
    return [("run", perf_counter_ns() - t0)], value


def main():
    peer, workload, *numbers = sys.argv[1:]
    size, threads, warm_ups, runs = map(int, numbers)
    cluster = client = None
    settings = {}
    if peer == "distributed":
        from distributed import Client, LocalCluster

        cluster = LocalCluster(n_workers=threads, threads_per_worker=1, dashboard_address=None)
        client = Client(cluster)
        delayed(leaf)(1).compute()
    elif peer == "dask":
        settings = {"scheduler": "threads", "num_workers": threads}
    else:
        sys.exit(f"{peer}: no such peer in this program")
    if workload == "fib":
        once = lambda: run_fib(size, settings)
    else:
        graph = Graph(workload, size)
        once = lambda: graph.run(settings)
    for _ in range(warm_ups):
        once()
    for _ in range(runs):
        phases, total = once()
        phases.append(("total", sum(took for _, took in phases)))
        for phase, took in phases:
            print("RESULT", peer, workload, threads, phase, took, total, flush=True)
    if client:
        client.close()
        cluster.close()


if __name__ == "__main__":
    main()
