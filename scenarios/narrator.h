// Tells readers of a trace what a node does: what it receives and sends, what
// it promises, appends, cuts off, knows to be durable and applies. All of it
// are explanations (sim/world.h): they change no digest, and nobody pays for
// them in a run without a trace.
//
//   n2 raft.receive from=n1 message=append term=3 about="after 7@2: 8..9, ..."
//   n2 raft.append upto=9 term=3
//   n2 raft.durable upto=9
//   n2 raft.send to=n1 message=append-reply term=3 about="has all up to 9"

#ifndef SCENARIOS_NARRATOR_H_
#define SCENARIOS_NARRATOR_H_

#include <cstdint>
#include <span>
#include <string>

#include "raft/node.h"
#include "sim/world.h"

namespace scenarios {

// Of one life of one node. Passes everything on to the observer behind it.
class Narrator final : public raft::NodeObserver {
 public:
  // Both must outlive this.
  Narrator(sim::World& world, sim::HostId host, raft::NodeObserver& next)
      : world_(world), host_(host), next_(next) {}

  void OnStarted(const raft::Core& core, runtime::Instant now) override;
  void OnEvent(const raft::Core& core, const raft::Event& event,
               runtime::Instant now) override;
  void OnStep(const raft::Core& core, const raft::Effects& effects) override;
  void OnSendLeaves(const raft::Core& core, const raft::Send& send) override;
  void OnApplied(const raft::Core& core,
                 std::span<const raft::Command> commands,
                 std::span<const runtime::Bytes> results, raft::Index index,
                 uint64_t state_hash) override;
  void OnAnswered(const raft::Core& core, raft::Ticket ticket,
                  const raft::Outcome& outcome) override;
  void OnStored(const raft::Core& core, raft::Sequence upto) override;
  void OnStorageFailed(const raft::Core& core) override;

 private:
  void Say(absl::string_view kind,
           std::initializer_list<runtime::NoteField> fields);
  void SayMessage(absl::string_view kind, absl::string_view whom_key,
                  raft::NodeId whom, const raft::Message& message);
  void SayWhatChanged(const raft::Core& core, const raft::Effects& effects);

  sim::World& world_;
  const sim::HostId host_;
  raft::NodeObserver& next_;
  // As last told.
  raft::NodeId vote_;
  raft::Term vote_term_;
  raft::Index durable_;
  raft::Index commit_;
};

// "append", "vote-reply"...
const char* MessageName(const raft::Message& message);
// What it says beside its term, in words: "after 7@2: 8..9, commit 7".
std::string MessageText(const raft::Message& message);

}  // namespace scenarios

#endif  // SCENARIOS_NARRATOR_H_
