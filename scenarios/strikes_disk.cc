// What the disk acts of a scenario do, and how they are undone.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "persist/superblock.h"
#include "raft/host.h"
#include "scenarios/nemesis.h"
#include "scenarios/roles.h"
#include "scenarios/scenario.h"
#include "scenarios/wal_map.h"
#include "sim/sim_disk.h"

namespace scenarios {

namespace {

// Bytes on a disk.
struct Spot {
  std::string path;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

std::vector<Spot> SpotsOf(const WalMap& map, RotDisk::Where where,
                          persist::Index committed) {
  using Where = RotDisk::Where;
  std::vector<Spot> spots;
  for (const WalFrame& frame : map.frames) {
    if (!frame.vouched || where == Where::kSuperblock) continue;
    if (where == Where::kCommitted &&
        (!frame.last_index.has_value() || *frame.last_index > committed)) {
      continue;
    }
    if (where == Where::kTail) spots.clear();
    spots.push_back({frame.path, frame.offset, frame.bytes});
  }
  if (map.slot_bytes > 0 &&
      (where == Where::kSuperblock || where == Where::kAny)) {
    spots.push_back({std::string(persist::kSuperblockPath), map.slot_offset,
                     map.slot_bytes});
  }
  return spots;
}

// Where the last file of the log is to end. One time in two in the part that
// is in use. `bytes` is how long it is.
uint64_t DrawCut(const WalMap& map, uint64_t bytes, runtime::Random& dice) {
  uint64_t used = persist::kSegmentHeaderBytes;
  for (const WalFrame& frame : map.frames) {
    if (frame.path == map.live_path) used = frame.offset + frame.bytes;
  }
  const bool in_use = dice.Chance(500'000);
  return dice.Below(std::min(in_use ? used : bytes, bytes));
}

}  // namespace

Nemesis::Undo Nemesis::Strike(const FailSync& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  for (const uint32_t node : nodes) {
    world_.disk(cluster_.host(node)).Order(sim::DiskFault::kSyncFails);
  }
  return [this, nodes] { Release(nodes); };
}

Nemesis::Undo Nemesis::Strike(const TroubleDisk& act) {
  Nodes nodes;
  if (!act.follows) {
    nodes = Resolve(act.target);
    if (!Seize(nodes)) return nullptr;
  }
  std::optional<sim::DiskKnobs> own;
  if (!act.knobs.empty()) {
    sim::Knobs knobs = world_.knobs();
    ApplyKnobs(DrawKnobs(act.knobs, false, how_), knobs);
    own = knobs.disk;
  }
  if (act.follows) return Follow(act, std::move(own));
  for (const uint32_t node : nodes) TroubleDiskOf(node, act, own);
  return [this, nodes] {
    Release(nodes);
    for (const uint32_t node : nodes) CalmDisk(node);
  };
}

Nemesis::Undo Nemesis::Strike(const CrashAtFile& act) {
  using Call = CrashAtFile::Call;
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  sim::CrashOrder order{.file = act.file, .power = act.power};
  if (act.call == Call::kWrite) order.call = sim::CrashOrder::Call::kWrite;
  if (act.call == Call::kSync) order.call = sim::CrashOrder::Call::kSync;
  for (const uint32_t node : nodes) {
    for (uint32_t i = 0; i < act.times; ++i) {
      world_.disk(cluster_.host(node)).OrderCrash(order);
    }
  }
  return [this, nodes] {
    Release(nodes);
    for (const uint32_t node : nodes) {
      world_.disk(cluster_.host(node)).CancelCrashes();
    }
  };
}

void Nemesis::TroubleDiskOf(uint32_t node, const TroubleDisk& act,
                            const std::optional<sim::DiskKnobs>& own) {
  sim::SimDisk& disk = world_.disk(cluster_.host(node));
  if (own.has_value()) disk.SetKnobs(own);
  if (act.full) disk.SetFull(true);
  if (act.stuck) disk.SetStuck(true);
  if (act.stall.has_value()) disk.StallFor(*act.stall);
}

void Nemesis::CalmDisk(uint32_t node) {
  sim::SimDisk& disk = world_.disk(cluster_.host(node));
  disk.SetKnobs(std::nullopt);
  disk.SetFull(false);
  disk.SetStuck(false);
}

// ------------------------------------------- trouble that goes with a role

struct Nemesis::Following {
  TroubleDisk act;
  std::optional<sim::DiskKnobs> own;
  uint64_t healings = 0;
  uint32_t node = 0;  // Whose disk it is now; 0: nobody's.
  bool over = false;
};

Nemesis::Undo Nemesis::Follow(const TroubleDisk& act,
                              std::optional<sim::DiskKnobs> own) {
  const uint32_t player = PlayerOf(cluster_, act.target.front().kind);
  tale_.nodes = player == 0 ? Nodes() : Nodes{player};
  // It is one node's trouble, whoever that is later.
  if (bounded_ && player != 0 && !Seize({player})) return nullptr;
  if (bounded_ && player != 0) Release({player});
  auto following = std::make_shared<Following>(
      Following{.act = act, .own = std::move(own), .healings = healings_});
  MoveOn(following);
  return [this, following] {
    following->over = true;
    if (following->node == 0) return;
    Release({following->node});
    CalmDisk(following->node);
  };
}

void Nemesis::MoveOn(const std::shared_ptr<Following>& following) {
  constexpr absl::Duration kLookEvery = absl::Milliseconds(1);
  if (following->over || following->healings != healings_) return;
  const uint32_t player =
      PlayerOf(cluster_, following->act.target.front().kind);
  if (player != following->node) {
    if (following->node != 0) {
      Release({following->node});
      CalmDisk(following->node);
    }
    following->node = player;
    if (player != 0) {
      ++struck_[player];
      TroubleDiskOf(player, following->act, following->own);
      world_.CountFault("disk.follows_role", {.host = cluster_.host(player)});
    }
  }
  Later(kLookEvery, [this, following] { MoveOn(following); });
}

// ------------------------------------------------------------------- damage

Nemesis::Undo Nemesis::Strike(const RotDisk& act) {
  Nodes nodes = Resolve(act.target);
  std::erase_if(
      nodes, [this](uint32_t node) { return !cluster_.damage().Admit(node); });
  if (!Seize(nodes)) return nullptr;
  std::vector<std::pair<uint32_t, Spot>> damaged;
  for (const uint32_t node : nodes) {
    const WalMap map = MapWal(cluster_.Shadow(node), raft::Host::kFirstGroup);
    const std::vector<Spot> spots =
        SpotsOf(map, act.where, cluster_.checks().committed());
    if (spots.empty()) continue;
    const Spot& spot = spots[how_.Below(spots.size())];
    sim::DiskDamage& damage = world_.disk(cluster_.host(node)).damage();
    const absl::Status struck =
        act.unreadable ? damage.MakeUnreadable(spot.path, spot.offset)
                       : damage.Rot(spot.path, spot.offset, spot.bytes);
    if (struck.ok()) damaged.emplace_back(node, spot);
  }
  if (damaged.empty()) {
    Release(nodes);
    return nullptr;
  }
  return [this, nodes, damaged = std::move(damaged)] {
    Release(nodes);
    for (const auto& [node, spot] : damaged) {
      world_.disk(cluster_.host(node))
          .damage()
          .Mend(spot.path, spot.offset, spot.bytes);
      BootIfDown(node);
    }
  };
}

Nemesis::Undo Nemesis::Strike(const WipeDisk& act) {
  const Nodes nodes = Resolve(act.target);
  if (!Seize(nodes)) return nullptr;
  const bool any =
      std::count_if(nodes.begin(), nodes.end(),
                    [this](uint32_t node) { return cluster_.Wipe(node); }) > 0;
  if (!any) {
    Release(nodes);
    return nullptr;
  }
  return [this, nodes] {
    Release(nodes);
    for (const uint32_t node : nodes) BootIfDown(node);
  };
}

Nemesis::Undo Nemesis::Strike(const ShortenLog& act) {
  Nodes nodes = Resolve(act.target);
  std::erase_if(
      nodes, [this](uint32_t node) { return !cluster_.damage().Admit(node); });
  if (!Seize(nodes)) return nullptr;
  bool any = false;
  for (const uint32_t node : nodes) {
    sim::SimDisk& disk = world_.disk(cluster_.host(node));
    const WalMap map = MapWal(cluster_.Shadow(node), raft::Host::kFirstGroup);
    const std::optional<sim::ShadowFile> live = disk.Shadow(map.live_path);
    if (!live.has_value() || live->size() == 0) continue;
    const uint64_t cut = DrawCut(map, live->size(), how_);
    cluster_.Kill(node);
    // A file that is just being cut by the node itself may be shorter already.
    disk.damage().CutShort(map.live_path, cut).IgnoreError();
    any = true;
  }
  if (!any) {
    Release(nodes);
    return nullptr;
  }
  return [this, nodes] {
    Release(nodes);
    for (const uint32_t node : nodes) BootIfDown(node);
  };
}

}  // namespace scenarios
