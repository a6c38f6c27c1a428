// The fault atlas: which nodes may lose what they have acknowledged, what was
// lost, and what that excuses.
//
// Raft survives the loss of acknowledged data on a minority: then a quorum of
// undamaged nodes holds every committed entry, and one of them can lead. So
// within the atlas at most a minority of the nodes is ever damaged, or wiped:
// the first to be struck are the ones that may be. It counts whole nodes and
// not ranges of their logs, since a node that finds any damage stays down:
// there is no repair from peers. Beyond the atlas every node may be damaged,
// and all that is asked for is a clean stop.
//
// Under either, the last frame of a log is spared as long as nothing vouches
// for it (wal_map.h): what no log can notice no quorum of two out of three can
// make good.
// And of the two slots of a superblock one is spared while the other is bad:
// two old slots look like the disk of some days ago, and nothing can tell.
//
// A damaged node that refuses to start is excused if, and only if, what it
// names as the reason is what was damaged: that is asked of the simulated disk.

#ifndef SCENARIOS_DAMAGE_LEDGER_H_
#define SCENARIOS_DAMAGE_LEDGER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/strings/string_view.h"

#include "scenarios/checks/durable_state.h"
#include "scenarios/scenario.h"
#include "sim/disk_damage.h"
#include "sim/world.h"

namespace scenarios {

class DamageLedger {
 public:
  // The disks of n1, n2, ... are those of `hosts`, as `shadows` read them.
  // `world` must outlive this.
  DamageLedger(sim::World& world, std::vector<sim::HostId> hosts,
               std::vector<ShadowReader> shadows, Atlas atlas);

  // ---- before something is lost
  // May `node` lose acknowledged data? If so, it counts as one that did.
  bool Admit(uint32_t node);
  // May its disk lose this? The gate of its disk.
  bool Allows(uint32_t node, const sim::DamageSite& site);

  // ---- what happened
  void NoteWiped(uint32_t node) { wiped_.insert(node); }
  // It is up: if it was wiped, it had never founded before.
  void NoteUp(uint32_t node) { wiped_.erase(node); }
  // `node` has ended by itself with `code` (kv/exit_code.h), saying `why`. True
  // if that is how a server stops that has found damage, and the damage that it
  // names is there.
  bool Explains(uint32_t node, int code, absl::string_view why);

  // ---- what follows, for the ending
  // The node has refused to run because of damage that is still there: it
  // cannot come back, and need not. Or it was wiped, has --init-cluster, and
  // waits for those who have refused: they may know what it has lost.
  bool LostForGood(uint32_t node) const;
  uint32_t nodes_lost() const;
  // So many are lost for good that those who are left are no quorum. Nothing
  // can be committed any more, and no answer is owed.
  bool Unrecoverable() const;
  // "n2: 0000000000000001.wal offset 512: ..."; empty if none is lost.
  std::string Lost() const;

 private:
  // `site` is in one slot of the superblock, and the other cannot stand in.
  bool OtherSlotIsBad(uint32_t node, const sim::DamageSite& site) const;
  bool HasRefused(uint32_t node) const;
  uint32_t size() const { return static_cast<uint32_t>(hosts_.size()); }
  const sim::DiskDamage& DamageOf(uint32_t node) const;
  bool IsDamaged(uint32_t node) const;
  bool HasMisreadSuperblock(uint32_t node) const;
  bool NamesDamage(uint32_t node, absl::string_view why) const;
  bool NamesMisread(uint32_t node, absl::string_view why) const;

  sim::World& world_;
  const std::vector<sim::HostId> hosts_;
  const std::vector<ShadowReader> shadows_;
  const uint32_t damaged_max_;
  absl::btree_set<uint32_t> admitted_;
  absl::btree_set<uint32_t> wiped_;
  absl::btree_map<uint32_t, std::string> refused_;  // And why.
};

}  // namespace scenarios

#endif  // SCENARIOS_DAMAGE_LEDGER_H_
