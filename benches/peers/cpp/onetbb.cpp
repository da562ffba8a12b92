// oneTBB: a flow graph of continue nodes, values in an array beside it; the recursion with task groups.
#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_group.h>

#include <atomic>
#include <deque>
#include <memory>

#include "graph.hpp"

using tbb::flow::continue_msg;
using Node = tbb::flow::continue_node<continue_msg>;

static u64 fib(u32 n) {
  if (n < 2) return n;
  u64 a, b;
  tbb::task_group group;
  group.run([&a, n] { a = fib(n - 1); });
  group.run([&b, n] { b = fib(n - 2); });
  group.wait();
  return a + b;
}

struct FlowGraph {
  template <class Kind> Sample operator()(const Shape& shape) const {
    u64 t0 = now();
    std::unique_ptr<u64[]> values(new u64[shape.nodes]);
    auto graph = std::make_unique<tbb::flow::graph>();
    // Nodes cannot be moved. A deque makes them in chunks.
    auto nodes = std::make_unique<std::deque<Node>>();
    const Shape* s = &shape;
    u64* v = values.get();
    for (u32 i = 0; i < shape.nodes; i++)
      nodes->emplace_back(*graph, [s, v, i](const continue_msg&) { v[i] = Kind::value(*s, v, i); });
    for (u32 i = 0; i < shape.nodes; i++)
      for (u32 k = 0; k < shape.arity(i); k++) tbb::flow::make_edge((*nodes)[shape.input(i)[k]], (*nodes)[i]);
    u64 t1 = now();
    for (u32 i = 0; i < shape.leaves; i++) (*nodes)[i].try_put(continue_msg());
    graph->wait_for_all();
    u64 t2 = now();
    u64 sum = checksum(shape, v);
    u64 t3 = now();
    nodes.reset();
    graph.reset();
    values.reset();
    return {{{"build", t1 - t0}, {"run", t2 - t1}, {"drop", now() - t3}}, sum};
  }
};

int main(int argc, char** argv) {
  Wish wish(argc, argv);
  tbb::global_control limit(tbb::global_control::max_allowed_parallelism, wish.threads);
  // Starts the workers.
  std::atomic<int> seen{0};
  tbb::parallel_for(0, 100000, [&](int) { seen++; });
  if (wish.workload == "fib") {
    wish.measure([&] {
      u64 t0 = now(), value = fib(wish.size);
      return Sample{{{"run", now() - t0}}, value};
    });
  } else {
    wish.measure_graph(FlowGraph{});
  }
}
