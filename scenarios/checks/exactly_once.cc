#include "scenarios/checks/exactly_once.h"

#include <optional>

#include "absl/strings/str_cat.h"

#include "kv/reply.h"
#include "kv/service.h"
#include "kv/varint.h"

namespace scenarios {
namespace {

// More than any run sends in one session; beyond it nothing is remembered.
constexpr uint64_t kSequencesMax = 1 << 24;

struct Stamp {
  uint64_t session = 0;
  uint64_t sequence = 0;
};

// The head of an entry; see kv/command.h. Nobody's (0) if it is none.
Stamp StampOf(const runtime::Bytes& payload) {
  kv::FieldReader reader(payload.text());
  uint8_t version = 0;
  Stamp stamp;
  if (!reader.Byte(version) || !reader.Varint(stamp.session) ||
      !reader.Varint(stamp.sequence)) {
    return {};
  }
  return stamp;
}

bool IsRefusal(const runtime::Bytes& result) {
  const std::optional<kv::ReplyView> reply =
      kv::ResultReader(result.text()).Next();
  return reply.has_value() && reply->kind == kv::ReplyKind::kRefusal;
}

}  // namespace

void ExactlyOnce::OnApplied(const NodeLife& life,
                            std::span<const raft::Command> commands,
                            std::span<const runtime::Bytes> results) {
  for (size_t i = 0; i < commands.size(); ++i) {
    if (commands[i].index <= seen_) continue;
    seen_ = commands[i].index;
    OnCommand(life, commands[i], results[i]);
  }
}

void ExactlyOnce::OnCommand(const NodeLife& life, const raft::Command& command,
                            const runtime::Bytes& result) {
  const Stamp stamp = StampOf(command.payload);
  if (stamp.session == 0 || stamp.sequence == 0 ||
      stamp.sequence > kSequencesMax || IsRefusal(result)) {
    return;
  }
  std::vector<Executed>& of_session = executed_[stamp.session];
  if (of_session.size() < stamp.sequence) of_session.resize(stamp.sequence);
  Executed& executed = of_session[stamp.sequence - 1];
  if (executed.index.value() == 0) {
    executed = {command.index, result};
    return;
  }
  if (executed.result == result) return;
  violations_.Report(
      "exactly-once",
      absl::StrCat("entry ", command.index.value(), " repeats command ",
                   stamp.sequence, " of session ", stamp.session,
                   ", first executed as entry ", executed.index.value(),
                   ", and ", life.ToString(),
                   " gives it another answer: it was executed again"));
}

}  // namespace scenarios
