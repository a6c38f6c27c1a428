#include "scenarios/checks/memory_and_disk.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void MemoryAndDisk::OnDurable(const NodeLife& life, const LogMirror& log,
                              persist::Index upto,
                              const std::optional<persist::HardState>& believed,
                              DurableState& disk) {
  disk.Update();
  if (upto.value() != 0 && !(log.Has(upto) && disk.log().Has(upto) &&
                             log.At(upto) == disk.log().At(upto))) {
    violations_.Report(
        "disk-holds-the-log",
        absl::StrCat(life.ToString(), " takes its log for durable up to ",
                     upto.value(), "; its disk has one up to ",
                     disk.log().last().value(),
                     disk.log().Has(upto) ? ", another one" : ""));
  }
  if (!believed.has_value()) return;
  const persist::HardState& state = disk.hard_state();
  if (state.term == believed->term && state.vote == believed->vote) return;
  violations_.Report(
      "disk-holds-the-vote",
      absl::StrCat(life.ToString(), " takes term ", believed->term.value(),
                   " and a vote for n", believed->vote.value(),
                   " for durable; its disk has term ", state.term.value(),
                   " and a vote for n", state.vote.value()));
}

}  // namespace scenarios
