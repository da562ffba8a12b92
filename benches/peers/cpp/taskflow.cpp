// Taskflow 4: a graph of lambdas, values in an array beside it; the recursion with task groups.
#include <memory>
#include <taskflow/taskflow.hpp>

#include "graph.hpp"

static u64 fib(tf::Executor& executor, u32 n) {
  if (n < 2) return n;
  u64 a, b;
  tf::TaskGroup group = executor.task_group();
  group.silent_async([&executor, &a, n] { a = fib(executor, n - 1); });
  group.silent_async([&executor, &b, n] { b = fib(executor, n - 2); });
  group.corun();
  return a + b;
}

struct Graph {
  tf::Executor& executor;

  template <class Kind> Sample operator()(const Shape& shape) const {
    u64 t0 = now();
    std::unique_ptr<u64[]> values(new u64[shape.nodes]);
    auto graph = std::make_unique<tf::Taskflow>();
    std::vector<tf::Task> nodes;
    nodes.reserve(shape.nodes);
    const Shape* s = &shape;
    u64* v = values.get();
    for (u32 i = 0; i < shape.nodes; i++) {
      nodes.push_back(graph->emplace([s, v, i] { v[i] = Kind::value(*s, v, i); }));
      for (u32 k = 0; k < shape.arity(i); k++) nodes[shape.input(i)[k]].precede(nodes[i]);
    }
    u64 t1 = now();
    executor.run(*graph).wait();
    u64 t2 = now();
    u64 sum = checksum(shape, v);
    u64 t3 = now();
    graph.reset();
    values.reset();
    return {{{"build", t1 - t0}, {"run", t2 - t1}, {"drop", now() - t3}}, sum};
  }
};

int main(int argc, char** argv) {
  Wish wish(argc, argv);
  tf::Executor executor(static_cast<std::size_t>(wish.threads));
  executor.async([] {}).wait();
  if (wish.workload == "fib") {
    wish.measure([&] {
      u64 t0 = now();
      u64 value = executor.async([&] { return fib(executor, wish.size); }).get();
      return Sample{{{"run", now() - t0}}, value};
    });
  } else {
    wish.measure_graph(Graph{executor});
  }
}
