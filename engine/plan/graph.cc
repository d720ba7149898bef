#include "engine/plan/graph.h"

#include <algorithm>

namespace plumb {
namespace {

struct Frame {
  size_t node, next;  // next: index of the edge to look at
};

}  // namespace

std::vector<size_t> FindCycle(const Adjacency& edges) {
  enum : char { kNew, kOpen, kClosed };
  std::vector<char> state(edges.size(), kNew);
  std::vector<Frame> path;
  for (size_t root = 0; root < edges.size(); ++root) {
    if (state[root] != kNew) continue;
    path.push_back({root, 0});
    state[root] = kOpen;
    while (!path.empty()) {
      Frame& top = path.back();
      if (top.next == edges[top.node].size()) {
        state[top.node] = kClosed;
        path.pop_back();
        continue;
      }
      const size_t child = edges[top.node][top.next++];
      if (state[child] == kNew) {
        state[child] = kOpen;
        path.push_back({child, 0});
      } else if (state[child] == kOpen) {
        std::vector<size_t> cycle;
        const auto start = std::find_if(path.begin(), path.end(), [&](const Frame& f) { return f.node == child; });
        for (auto it = start; it != path.end(); ++it) cycle.push_back(it->node);
        cycle.push_back(child);
        return cycle;
      }
    }
  }
  return {};
}

std::vector<size_t> Components(const Adjacency& edges) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  std::vector<size_t> index(edges.size(), kNone), low(edges.size(), 0), component(edges.size(), kNone);
  std::vector<size_t> open;
  std::vector<Frame> path;
  size_t counter = 0, components = 0;
  const auto enter = [&](size_t node) {
    index[node] = low[node] = counter++;
    open.push_back(node);
    path.push_back({node, 0});
  };
  for (size_t root = 0; root < edges.size(); ++root) {
    if (index[root] != kNone) continue;
    enter(root);
    while (!path.empty()) {
      const size_t node = path.back().node;
      if (path.back().next < edges[node].size()) {
        const size_t child = edges[node][path.back().next++];
        if (index[child] == kNone) enter(child);
        else if (component[child] == kNone) low[node] = std::min(low[node], index[child]);
        continue;
      }
      path.pop_back();
      if (!path.empty()) low[path.back().node] = std::min(low[path.back().node], low[node]);
      if (low[node] != index[node]) continue;
      size_t member;
      do {
        member = open.back();
        open.pop_back();
        component[member] = components;
      } while (member != node);
      ++components;
    }
  }
  return component;
}

bool Reaches(const Adjacency& edges, size_t from, size_t to) {
  std::vector<bool> seen(edges.size(), false);
  std::vector<size_t> todo = {from};
  seen[from] = true;
  while (!todo.empty()) {
    const size_t node = todo.back();
    todo.pop_back();
    if (node == to) return true;
    for (size_t next : edges[node]) {
      if (seen[next]) continue;
      seen[next] = true;
      todo.push_back(next);
    }
  }
  return false;
}

}  // namespace plumb
