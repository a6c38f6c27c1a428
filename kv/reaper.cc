#include "kv/reaper.h"

namespace kv {

Reaper::Reaper(runtime::Executor& executor, Store& store)
    : executor_(executor),
      graveyard_(store.graveyard()),
      buried_(executor),
      fiber_(executor) {
  graveyard_.SetReaper(&buried_);
  fiber_.Spawn("kv.reaper", [this] { Run(); });
}

Reaper::~Reaper() { graveyard_.SetReaper(nullptr); }

void Reaper::Run() {
  while (!fiber_.cancelled()) {
    if (graveyard_.empty()) {
      if (buried_.WaitWake() == runtime::Wake::kCancelled) return;
      continue;
    }
    graveyard_.FreeSome(kPiecesPerTurn);
    executor_.Yield();
  }
}

}  // namespace kv
