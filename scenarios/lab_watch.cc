#include "scenarios/lab_watch.h"

#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "kv/command.h"
#include "raft/codec.h"
#include "runtime/check.h"

namespace scenarios {
namespace {

constexpr absl::string_view kKeyPrefix = "lab-";

bool IsRequest(const raft::Message& message) {
  return std::holds_alternative<raft::PreVoteRequest>(message) ||
         std::holds_alternative<raft::VoteRequest>(message) ||
         std::holds_alternative<raft::AppendRequest>(message) ||
         std::holds_alternative<raft::HeartbeatRequest>(message);
}

}  // namespace

runtime::Bytes EncodeLabCommand(const LabCommand& command) {
  const std::string key = absl::StrCat(kKeyPrefix, command.serial);
  kv::CommandBatch batch;
  batch.Add(kv::Operation::kPut, {absl::string_view(key), command.text});
  return kv::EncodeEntry({}, {}, batch);
}

std::optional<LabCommand> DecodeLabCommand(const raft::Record& record) {
  if (record.kind != static_cast<uint8_t>(raft::EntryKind::kCommand)) {
    return std::nullopt;
  }
  kv::SessionStamp stamp;
  kv::Decisions decisions;
  kv::CommandBatch batch;
  if (!kv::DecodeEntry(record.payload.text(), stamp, decisions, batch).ok() ||
      batch.size() != 1 || batch[0].operation != kv::Operation::kPut) {
    return std::nullopt;
  }
  absl::string_view key = batch[0].args[0];
  LabCommand command;
  if (!absl::ConsumePrefix(&key, kKeyPrefix) ||
      !absl::SimpleAtoi(key, &command.serial)) {
    return std::nullopt;
  }
  command.text = std::string(batch[0].args[1]);
  return command;
}

// One life of one node: its log, as far as it consists of commands.
class LabWatch::Observer final : public raft::NodeObserver {
 public:
  Observer(LabWatch& watch, uint32_t node, raft::NodeObserver* judge)
      : watch_(watch), node_(node), judge_(judge) {}

  void OnStarted(const raft::Core& core, runtime::Instant now) override {
    judge_->OnStarted(core, now);
    for (raft::Index i(1); i <= core.log().last_index(); ++i) {
      Append(core.log().At(i));
    }
  }

  void OnEvent(const raft::Core& core, const raft::Event& event,
               runtime::Instant now) override {
    judge_->OnEvent(core, event, now);
  }

  void OnStep(const raft::Core& core, const raft::Effects& effects) override {
    judge_->OnStep(core, effects);
    for (const persist::Store& store : effects.stores) {
      if (store.truncate_from.has_value()) Truncate(*store.truncate_from);
      for (const raft::Record& record : store.entries) Append(record);
    }
  }

  void OnSendLeaves(const raft::Core& core, const raft::Send& send) override {
    judge_->OnSendLeaves(core, send);
    watch_.CountSend(node_, send);
  }

  void OnApplied(const raft::Core& core,
                 std::span<const raft::Command> commands,
                 std::span<const runtime::Bytes> results, raft::Index index,
                 uint64_t state_hash) override {
    judge_->OnApplied(core, commands, results, index, state_hash);
    while (applied_ < commands_.size() && commands_[applied_].index <= index) {
      ++applied_;
    }
  }

  void OnAnswered(const raft::Core& core, raft::Ticket ticket,
                  const raft::Outcome& outcome) override {
    judge_->OnAnswered(core, ticket, outcome);
  }

  void OnStored(const raft::Core& core, raft::Sequence upto) override {
    judge_->OnStored(core, upto);
  }

  void OnStorageFailed(const raft::Core& core) override {
    judge_->OnStorageFailed(core);
  }

  uint64_t NumberOf(uint64_t serial) const {
    for (size_t i = commands_.size(); i > 0; --i) {
      if (commands_[i - 1].command.serial == serial) return i;
    }
    return 0;
  }
  uint64_t applied() const { return applied_; }
  const LabCommand& At(uint64_t number) const {
    return commands_[number - 1].command;
  }

 private:
  struct Placed {
    raft::Index index;
    LabCommand command;
  };

  void Append(const raft::Record& record) {
    std::optional<LabCommand> command = DecodeLabCommand(record);
    if (!command.has_value()) return;
    commands_.push_back({record.index, *std::move(command)});
  }
  void Truncate(raft::Index from) {
    while (!commands_.empty() && commands_.back().index >= from) {
      commands_.pop_back();
    }
  }

  LabWatch& watch_;
  const uint32_t node_;
  raft::NodeObserver* const judge_;
  std::vector<Placed> commands_;  // In order of the log.
  size_t applied_ = 0;            // How many of them.
};

LabWatch::LabWatch(uint32_t nodes) : nodes_(nodes) {}

LabWatch::~LabWatch() = default;

raft::NodeObserver* LabWatch::Begin(uint32_t node, raft::NodeObserver* judge) {
  lives_.push_back(std::make_unique<Observer>(*this, node, judge));
  nodes_[node - 1].life = lives_.back().get();
  return lives_.back().get();
}

uint64_t LabWatch::NumberOf(uint32_t node, uint64_t serial) const {
  const Observer* life = nodes_[node - 1].life;
  return life == nullptr ? 0 : life->NumberOf(serial);
}

uint64_t LabWatch::Applied(uint32_t node) const {
  const Observer* life = nodes_[node - 1].life;
  return life == nullptr ? 0 : life->applied();
}

const LabCommand& LabWatch::AppliedAt(uint32_t node, uint64_t number) const {
  CHECK(number >= 1 && number <= Applied(node), "not applied: ", number);
  return nodes_[node - 1].life->At(number);
}

void LabWatch::CountSend(uint32_t node, const raft::Send& send) {
  if (IsRequest(send.message)) ++nodes_[node - 1].requests;
  for (const runtime::Bytes& piece : raft::EncodeMessage(send.message)) {
    bytes_ += piece.size();
  }
}

}  // namespace scenarios
