#include "scenarios/checks/incarnations.h"

#include "absl/strings/str_cat.h"

namespace scenarios {

void Incarnations::OnStarted(const NodeLife& life) {
  const runtime::Incarnation now = disks_[life.node - 1]->incarnation();
  runtime::Incarnation& before = last_[life.node];
  if (now <= before) {
    violations_.Report(
        "incarnation-grows",
        absl::StrCat(life.ToString(), " has incarnation ", now.value(),
                     " on its disk, and a former life had ", before.value()));
  }
  before = now;
}

void Incarnations::OnHeard(const NodeLife& life, uint32_t from,
                           runtime::Incarnation incarnation) {
  // Durable once: a disk that was wiped since has forgotten it, and what was
  // said before may still be under way.
  if (incarnation <= last_[from]) return;
  DurableState& disk = *disks_[from - 1];
  if (incarnation <= disk.incarnation()) return;
  disk.Update();
  if (incarnation <= disk.incarnation()) return;
  violations_.Report(
      "incarnation-durable",
      absl::StrCat(life.ToString(), " hears of incarnation ",
                   incarnation.value(), " of n", from, ", whose disk has ",
                   disk.incarnation().value()));
}

}  // namespace scenarios
