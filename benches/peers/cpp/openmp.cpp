// OpenMP: one thread makes the tasks in topological order, with their values as what they depend on. They run meanwhile, so
// there are no phases.
#include <omp.h>

#include <memory>

#include "graph.hpp"

static u64 fib(u32 n) {
  if (n < 2) return n;
  u64 a, b;
#pragma omp task shared(a) firstprivate(n)
  a = fib(n - 1);
#pragma omp task shared(b) firstprivate(n)
  b = fib(n - 2);
#pragma omp taskwait
  return a + b;
}

// A list of dependences is part of the code; the iterator of the general case is slower.
template <class Kind> static void make_tasks(const Shape* s, u64* v) {
  for (u32 i = 0; i < s->nodes; i++) {
    const u32* p = s->input(i);
    u32 n = s->arity(i);
    switch (n) {
      case 0:
#pragma omp task depend(out : v[i]) firstprivate(s, v, i)
        v[i] = Kind::value(*s, v, i);
        break;
      case 1:
#pragma omp task depend(in : v[p[0]]) depend(out : v[i]) firstprivate(s, v, i)
        v[i] = Kind::value(*s, v, i);
        break;
      case 2:
#pragma omp task depend(in : v[p[0]], v[p[1]]) depend(out : v[i]) firstprivate(s, v, i)
        v[i] = Kind::value(*s, v, i);
        break;
      case 3:
#pragma omp task depend(in : v[p[0]], v[p[1]], v[p[2]]) depend(out : v[i]) firstprivate(s, v, i)
        v[i] = Kind::value(*s, v, i);
        break;
      case 4:
#pragma omp task depend(in : v[p[0]], v[p[1]], v[p[2]], v[p[3]]) depend(out : v[i]) firstprivate(s, v, i)
        v[i] = Kind::value(*s, v, i);
        break;
      case 16:
#pragma omp task depend(in : v[p[0]], v[p[1]], v[p[2]], v[p[3]], v[p[4]], v[p[5]], v[p[6]], v[p[7]], v[p[8]], v[p[9]], \
                            v[p[10]], v[p[11]], v[p[12]], v[p[13]], v[p[14]], v[p[15]]) depend(out : v[i])          \
    firstprivate(s, v, i)
        v[i] = Kind::value(*s, v, i);
        break;
      default: {
#pragma omp task depend(iterator(u32 q = 0 : n), in : v[p[q]]) depend(out : v[i]) firstprivate(s, v, i)
        v[i] = Kind::value(*s, v, i);
      }
    }
  }
}

struct Tasks {
  template <class Kind> Sample operator()(const Shape& shape) const {
    u64 t0 = now();
    std::unique_ptr<u64[]> values(new u64[shape.nodes]);
#pragma omp parallel
#pragma omp single
    make_tasks<Kind>(&shape, values.get());
    u64 t1 = now();
    u64 sum = checksum(shape, values.get());
    u64 t2 = now();
    values.reset();
    return {{{"run", t1 - t0 + (now() - t2)}}, sum};
  }
};

int main(int argc, char** argv) {
  Wish wish(argc, argv);
  omp_set_dynamic(0);
  omp_set_num_threads(wish.threads);
  int threads = 0;
#pragma omp parallel reduction(+ : threads)
  threads += 1;
  if (threads != wish.threads) stop("OpenMP gives " + std::to_string(threads) + " threads");
  if (wish.workload == "fib") {
    wish.measure([&] {
      u64 t0 = now(), value = 0;
#pragma omp parallel
#pragma omp single
      value = fib(wish.size);
      return Sample{{{"run", now() - t0}}, value};
    });
  } else {
    wish.measure_graph(Tasks{});
  }
}
