// A value for each node, found by its number (n1 is 1) at the cost of an array
// access. Grows with the highest node asked for.

#ifndef SCENARIOS_CHECKS_BY_NODE_H_
#define SCENARIOS_CHECKS_BY_NODE_H_

#include <cstdint>
#include <vector>

namespace scenarios {

template <class Value>
class ByNode {
 public:
  // Requires: node >= 1.
  Value& operator[](uint32_t node) {
    if (node > values_.size()) values_.resize(node);
    return values_[node - 1];
  }

 private:
  std::vector<Value> values_;
};

}  // namespace scenarios

#endif  // SCENARIOS_CHECKS_BY_NODE_H_
