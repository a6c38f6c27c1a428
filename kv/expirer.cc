#include "kv/expirer.h"

#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"

#include "kv/command.h"

namespace kv {
namespace {

// An entry that is not applied by then is given up; the next one does as well.
constexpr absl::Duration kPatience = absl::Seconds(5);

}  // namespace

Expirer::Expirer(runtime::Executor& executor, raft::Node& node,
                 const Store& store)
    : executor_(executor), node_(node), store_(store), fiber_(executor) {
  fiber_.Spawn("kv.expirer", [this] { Run(); });
}

void Expirer::Stop() {
  fiber_.Cancel();
  (void)fiber_.Join();
}

void Expirer::Run() {
  while (executor_.SleepFor(kInterval).ok()) RemoveDue();
}

void Expirer::RemoveDue() {
  for (;;) {
    const std::optional<int64_t> first = store_.first_deadline_ms();
    const int64_t now_ms = absl::ToUnixMillis(executor_.clock().WallNow());
    if (!first.has_value() || *first > now_ms || now_ms < 0) return;
    if (node_.status().role != raft::Role::kLeader) return;
    const std::string count = absl::StrCat(kKeysPerEntry);
    CommandBatch batch;
    batch.Add(Operation::kExpireDue, {count});
    const raft::Outcome outcome =
        node_.Propose(EncodeEntry({}, {.now_ms = now_ms}, batch),
                      executor_.Now() + kPatience);
    if (outcome.kind != raft::Outcome::Kind::kApplied) return;
  }
}

}  // namespace kv
