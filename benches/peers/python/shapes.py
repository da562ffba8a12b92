"""The graphs of ../../common/shapes.rs, node for node, and the answers that every program must give.

Pure Python and the standard library alone: it is the third way in which the answers are computed.
"""

from math import isqrt

M = (1 << 64) - 1
WORKLOADS = ("chain", "wide", "tree", "wavefront", "layered", "fib")


class SplitMix:
    """Steele, Lea and Flood's "Fast Splittable Pseudorandom Number Generators" (2014)."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = self.state + 0x9E3779B97F4A7C15 & M
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M
        z = (z ^ z >> 27) * 0x94D049BB133111EB & M
        return (z ^ z >> 31) % n


def inputs_of(workload, size):
    """Yields, for each node in order, the list of its inputs."""
    if workload == "chain":
        yield []
        for i in range(1, size):
            yield [i - 1]
    elif workload == "wide":
        for _ in range(size):
            yield []
        level, made = list(range(size)), size
        while len(level) > 1:
            after = []
            for a in range(0, len(level), 16):
                group = level[a : a + 16]
                if len(group) == 1:
                    after += group
                else:
                    yield group
                    after.append(made)
                    made += 1
            level = after
    elif workload == "tree":
        leaves = leaves_of(workload, size)
        for _ in range(leaves):
            yield []
        for k in range(leaves - 1):
            yield [2 * k, 2 * k + 1]
    elif workload == "wavefront":
        w = isqrt(size)
        for i in range(w * w):
            yield ([i - w] if i >= w else []) + ([i - 1] if i % w else [])
    elif workload == "layered":
        w = leaves_of(workload, size)
        for _ in range(w):
            yield []
        random = SplitMix(42)
        for layer in range(1, w):
            for _ in range(w):
                wanted = 1 + random.below(4)
                parents = []
                while len(parents) < wanted:
                    parent = (layer - 1) * w + random.below(w)
                    if parent not in parents:
                        parents.append(parent)
                yield parents
    else:
        raise ValueError(f"{workload}: no such graph")


def leaves_of(workload, size):
    """How many nodes have no inputs."""
    if workload == "wide":
        return size
    if workload == "tree":
        return 1 << (size - 1).bit_length()
    if workload == "layered":
        return max(isqrt(size), 4)
    return 1


def rule(workload, size):
    """Gives the function from a node and the values of its inputs to its value."""
    leaves, w = leaves_of(workload, size), isqrt(size)

    def wavefront(i, inputs):
        up = inputs[0] if i >= w else 0
        left = inputs[-1] if i % w else 0
        return up * 5 + left * 3 + 1 & M

    return {
        "chain": lambda i, xs: (xs[0] if xs else 0) * 3 + i & M,
        "wide": lambda i, xs: i * 3 + 1 if i < leaves else sum(xs) & M,
        "tree": lambda i, xs: i * 3 + 1 if i < leaves else xs[0] * 3 + xs[1] & M,
        "wavefront": wavefront,
        "layered": lambda i, xs: sum(xs) * 3 + i & M,
    }[workload]


def outputs_of(workload, size, nodes):
    """Which nodes are asked for: the last layer, or the last node."""
    return range(nodes - (leaves_of(workload, size) if workload == "layered" else 1), nodes)


def checksum(outputs):
    """One number for all outputs."""
    total = 0
    for value in outputs:
        total = total * 0x100000001B3 + value & M
    return total


def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def nodes_of(workload, size):
    """How many nodes a graph has, or how many calls a recursion."""
    if workload == "fib":
        return 2 * fib(size + 1) - 1
    if workload == "chain":
        return size
    if workload == "wide":
        nodes = level = size
        while level > 1:
            nodes += level // 16 + (level % 16 > 1)
            level = -(-level // 16)
        return nodes
    if workload == "tree":
        return 2 * leaves_of(workload, size) - 1
    return leaves_of("layered", size) ** 2 if workload == "layered" else isqrt(size) ** 2


def answer(workload, size):
    """The checksum that every program must print."""
    if workload == "fib":
        return fib(size)
    value, values = rule(workload, size), []
    for i, inputs in enumerate(inputs_of(workload, size)):
        values.append(value(i, [values[k] for k in inputs]))
    return checksum(values[i] for i in outputs_of(workload, size, len(values)))
