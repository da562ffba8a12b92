// What the programs in C++ share: the graphs of ../../common/shapes.rs, node for node, clocks, and what is printed.
#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

using u32 = std::uint32_t;
using u64 = std::uint64_t;

// ------------------------------------------------------------------ graphs

// Nodes stand in topological order, those without inputs first; the inputs of node i are
// inputs[starts[i] .. starts[i + 1]].
struct Shape {
  u32 nodes = 0, leaves = 1, outputs = 1, width = 1;
  std::vector<u32> starts{0}, inputs;

  void push(std::initializer_list<u32> ids) { push(ids.begin(), ids.end()); }
  template <class It> void push(It first, It last) {
    inputs.insert(inputs.end(), first, last);
    starts.push_back(static_cast<u32>(inputs.size()));
    nodes++;
  }
  const u32* input(u32 i) const { return inputs.data() + starts[i]; }
  u32 arity(u32 i) const { return starts[i + 1] - starts[i]; }
};

// Steele, Lea and Flood's "Fast Splittable Pseudorandom Number Generators" (2014).
struct SplitMix {
  u64 state;
  u32 below(u32 n) {
    state += 0x9e3779b97f4a7c15;
    u64 z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<u32>((z ^ (z >> 31)) % n);
  }
};

inline u32 root_of(u32 n) {
  u32 r = 0;
  while (static_cast<u64>(r + 1) * (r + 1) <= n) r++;
  return r;
}

// Each kind knows how its graph is built and what a node's value is.

struct Chain {
  static Shape shape(u32 n) {
    Shape s;
    for (u32 i = 0; i < n; i++) i ? s.push({i - 1}) : s.push({});
    return s;
  }
  static u64 value(const Shape&, const u64* v, u32 i) { return (i ? v[i - 1] : 0) * 3 + i; }
};

inline u64 added(const Shape& s, const u64* v, u32 i) {
  u64 sum = 0;
  for (u32 k = s.starts[i]; k < s.starts[i + 1]; k++) sum += v[s.inputs[k]];
  return sum;
}

struct Wide {
  static Shape shape(u32 n) {
    Shape s;
    s.leaves = n;
    std::vector<u32> level;
    for (u32 i = 0; i < n; i++) s.push({}), level.push_back(i);
    while (level.size() > 1) {
      std::vector<u32> next;
      for (std::size_t a = 0; a < level.size(); a += 16) {
        std::size_t b = a + 16 < level.size() ? a + 16 : level.size();
        if (b - a == 1) {
          next.push_back(level[a]);
        } else {
          s.push(level.begin() + a, level.begin() + b);
          next.push_back(s.nodes - 1);
        }
      }
      level = std::move(next);
    }
    return s;
  }
  static u64 value(const Shape& s, const u64* v, u32 i) {
    return i < s.leaves ? static_cast<u64>(i) * 3 + 1 : added(s, v, i);
  }
};

struct Tree {
  static Shape shape(u32 n) {
    Shape s;
    s.leaves = 1;
    while (s.leaves < n) s.leaves *= 2;
    for (u32 i = 0; i < s.leaves; i++) s.push({});
    for (u32 k = 0; k + 1 < s.leaves; k++) s.push({2 * k, 2 * k + 1});
    return s;
  }
  static u64 value(const Shape& s, const u64* v, u32 i) {
    if (i < s.leaves) return static_cast<u64>(i) * 3 + 1;
    u32 k = i - s.leaves;
    return v[2 * k] * 3 + v[2 * k + 1];
  }
};

struct Wavefront {
  static Shape shape(u32 n) {
    Shape s;
    u32 w = s.width = root_of(n);
    for (u32 i = 0; i < w * w; i++) {
      bool up = i >= w, left = i % w != 0;
      if (up && left) s.push({i - w, i - 1});
      else if (up) s.push({i - w});
      else if (left) s.push({i - 1});
      else s.push({});
    }
    return s;
  }
  static u64 value(const Shape& s, const u64* v, u32 i) {
    return (i >= s.width ? v[i - s.width] : 0) * 5 + (i % s.width ? v[i - 1] : 0) * 3 + 1;
  }
};

struct Layered {
  static Shape shape(u32 n) {
    Shape s;
    u32 w = root_of(n);
    if (w < 4) w = 4;
    s.width = s.leaves = s.outputs = w;
    for (u32 i = 0; i < w; i++) s.push({});
    SplitMix random{42};
    for (u32 layer = 1; layer < w; layer++) {
      for (u32 j = 0; j < w; j++) {
        u32 wanted = 1 + random.below(4);
        std::vector<u32> parents;
        while (parents.size() < wanted) {
          u32 parent = (layer - 1) * w + random.below(w);
          bool known = false;
          for (u32 p : parents) known |= p == parent;
          if (!known) parents.push_back(parent);
        }
        s.push(parents.begin(), parents.end());
      }
    }
    return s;
  }
  static u64 value(const Shape& s, const u64* v, u32 i) { return added(s, v, i) * 3 + i; }
};

// One number for all outputs, the same in every program of this folder.
inline u64 checksum(const Shape& s, const u64* v) {
  u64 sum = 0;
  for (u32 i = s.nodes - s.outputs; i < s.nodes; i++) sum = sum * 0x100000001b3 + v[i];
  return sum;
}

// ------------------------------------------------------------------ one program

inline u64 now() {
  using namespace std::chrono;
  return static_cast<u64>(duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count());
}

// What one run took; the total is their sum.
struct Sample {
  std::vector<std::pair<const char*, u64>> phases;
  u64 checksum;
};

[[noreturn]] inline void stop(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(2);
}

// PROGRAM PEER WORKLOAD SIZE THREADS WARM-UPS RUNS
struct Wish {
  std::string peer, workload;
  u32 size;
  int threads, warm_ups, runs;

  Wish(int argc, char** argv) {
    if (argc != 7) stop(std::string("usage: ") + argv[0] + " PEER WORKLOAD SIZE THREADS WARM-UPS RUNS");
    auto number = [](const char* text) {
      char* end;
      long n = std::strtol(text, &end, 10);
      if (*end || n < 0) stop(std::string("`") + text + "` is not a number");
      return n;
    };
    peer = argv[1], workload = argv[2];
    size = static_cast<u32>(number(argv[3]));
    threads = static_cast<int>(number(argv[4]));
    warm_ups = static_cast<int>(number(argv[5]));
    runs = static_cast<int>(number(argv[6]));
  }

  template <class Once> void measure(Once once) const {
    for (int i = 0; i < warm_ups; i++) once();
    for (int i = 0; i < runs; i++) {
      Sample sample = once();
      u64 total = 0;
      for (auto& [phase, took] : sample.phases) {
        print(phase, took, sample.checksum);
        total += took;
      }
      print("total", total, sample.checksum);
    }
  }

  // Calls run.operator()<Kind>(shape) again and again, Kind and shape being those of the workload.
  template <class Run> void measure_graph(Run run) const {
    auto with = [&]<class Kind>() {
      Shape shape = Kind::shape(size);
      measure([&] { return run.template operator()<Kind>(shape); });
    };
    if (workload == "chain") with.template operator()<Chain>();
    else if (workload == "wide") with.template operator()<Wide>();
    else if (workload == "tree") with.template operator()<Tree>();
    else if (workload == "wavefront") with.template operator()<Wavefront>();
    else if (workload == "layered") with.template operator()<Layered>();
    else stop(workload + ": no such workload");
  }

 private:
  void print(const char* phase, u64 took, u64 sum) const {
    std::printf("RESULT %s %s %d %s %llu %llu\n", peer.c_str(), workload.c_str(), threads, phase,
                static_cast<unsigned long long>(took), static_cast<unsigned long long>(sum));
  }
};
