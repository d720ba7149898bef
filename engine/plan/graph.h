// Small algorithms on directed graphs of size_t nodes: cycles and components. Iterative: depth never meets the stack.
#pragma once

#include <cstddef>
#include <vector>

namespace plumb {

using Adjacency = std::vector<std::vector<size_t>>;  // node -> nodes it has an edge to

// One cycle as a list of nodes, the first repeated at the end; empty where there is none. O(nodes + edges).
std::vector<size_t> FindCycle(const Adjacency& edges);

// For each node the number of its strongly connected component. O(nodes + edges). Source: Tarjan 1972.
std::vector<size_t> Components(const Adjacency& edges);

// Can `to` be reached from `from`? O(edges reached).
bool Reaches(const Adjacency& edges, size_t from, size_t to);

}  // namespace plumb
