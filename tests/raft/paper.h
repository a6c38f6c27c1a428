// What the tests of the paper share. The paper, claim by claim: each test of
// paper_*_test.cc is a sentence of Ongaro & Ousterhout 2014 ("Raft §") or of
// Ongaro's thesis ("thesis §"). The Oracle behind CoreCluster holds figure 3
// against every step of every test.

#ifndef TESTS_RAFT_PAPER_H_
#define TESTS_RAFT_PAPER_H_

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "tests/raft/core_cluster.h"

namespace raft {

inline constexpr NodeId kN1{1};
inline constexpr NodeId kN2{2};
inline constexpr NodeId kN3{3};

inline ClusterOptions Three() { return {}; }

// A cluster whose n1 leads, with its no-op committed everywhere.
inline CoreCluster Led(ClusterOptions options = {}) {
  CoreCluster cluster(std::move(options));
  cluster.Pass(absl::Milliseconds(310));
  cluster.FireTimer(kN1);
  cluster.Settle();
  EXPECT_EQ(cluster.leader(), kN1);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.Agree(); },
                               absl::Milliseconds(120)));
  cluster.left().clear();
  return cluster;
}

// What `node` has sent of one kind, oldest first.
template <class M>
std::vector<M> SentBy(CoreCluster& cluster, NodeId node) {
  std::vector<M> sent;
  for (const CoreCluster::Left& left : cluster.left()) {
    const M* message = std::get_if<M>(&left.send.message);
    if (left.from == node && message != nullptr) sent.push_back(*message);
  }
  return sent;
}

template <class M>
std::optional<M> LastSentBy(CoreCluster& cluster, NodeId node) {
  const std::vector<M> sent = SentBy<M>(cluster, node);
  if (sent.empty()) return std::nullopt;
  return sent.back();
}

}  // namespace raft

#endif  // TESTS_RAFT_PAPER_H_
