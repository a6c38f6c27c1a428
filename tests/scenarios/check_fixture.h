// What the tests of the checks share: where reports go, logs and steps made by
// hand.

#ifndef TESTS_SCENARIOS_CHECK_FIXTURE_H_
#define TESTS_SCENARIOS_CHECK_FIXTURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

#include "raft/core/core.h"
#include "scenarios/checks/core_step.h"
#include "scenarios/checks/log_mirror.h"
#include "scenarios/checks/violations.h"

namespace scenarios {

using persist::Index;
using persist::Sequence;
using persist::Term;
using raft::NodeId;
using raft::Role;

class Reports final : public Violations {
 public:
  void Report(absl::string_view check, std::string evidence) override {
    EXPECT_FALSE(evidence.empty());
    checks_.emplace_back(check);
  }
  // The check that was reported first, or "".
  std::string first() const { return checks_.empty() ? "" : checks_[0]; }

 private:
  std::vector<std::string> checks_;
};

inline constexpr NodeLife kN1{.node = 1, .boot = 1};
inline constexpr NodeLife kN2{.node = 2, .boot = 1};
inline constexpr NodeLife kN3{.node = 3, .boot = 1};

// A log told by the terms of its entries; entries of one place and term are
// the same unless `salt` differs.
inline LogMirror Log(const std::vector<uint64_t>& terms, uint32_t salt = 0) {
  LogMirror log;
  for (const uint64_t term : terms) {
    log.AppendFacts({.term = Term(term), .payload_crc32c = salt});
  }
  return log;
}

inline persist::HardState State(uint64_t term, uint64_t vote = 0) {
  return {.term = Term(term), .vote = NodeId(vote), .commit = Index(0)};
}

inline persist::Record Record(
    uint64_t index, uint64_t term,
    raft::EntryKind kind = raft::EntryKind::kCommand) {
  persist::Record record;
  record.index = Index(index);
  record.term = Term(term);
  record.kind = static_cast<uint8_t>(kind);
  return record;
}

inline raft::Send SendTo(uint64_t to, raft::Message message,
                         uint64_t after = 0) {
  return {.to = NodeId(to),
          .echo = runtime::Incarnation(),
          .after = Sequence(after),
          .message = std::move(message)};
}

inline raft::Moment AtRest() {
  raft::Moment moment{};
  moment.role = Role::kFollower;
  moment.term = Term(2);
  return moment;
}

// One step of n1, a follower of term 2 with nothing to do. Change what is to be
// told, then take it.
struct FakeStep {
  Told told;
  raft::Moment before = AtRest();
  raft::Moment after = AtRest();
  NodeId leader;
  raft::Leader leading;  // Used when `after` leads.
  Index durable_upto;
  runtime::Instant deadline;
  raft::CoreOptions options;
  raft::Effects effects;
  LogMirror log = Log({1, 2});

  CoreStep Take() const {
    const bool leads = after.role == Role::kLeader;
    return {kN1,          told,     before,
            after,        leader,   leads ? &leading : nullptr,
            durable_upto, deadline, options,
            effects,      log};
  }
  FakeStep& Tell(Told::Kind kind, uint32_t from, uint64_t term) {
    told.kind = kind;
    told.from = from;
    told.term = Term(term);
    return *this;
  }
  // n1 leads term 2, before and after.
  FakeStep& Lead() {
    before.role = after.role = Role::kLeader;
    before.term = after.term = Term(2);
    leader = NodeId(1);
    return *this;
  }
  raft::Progress& Peer(uint64_t node) { return leading.peers[NodeId(node)]; }
  persist::Store& Store() { return effects.stores.emplace_back(); }
};

}  // namespace scenarios

#endif  // TESTS_SCENARIOS_CHECK_FIXTURE_H_
