// Sets, one at a time.

#include <algorithm>
#include <string>
#include <vector>

#include "kv/commands/call.h"
#include "kv/commands/reply_bound.h"
#include "kv/commands/sample.h"
#include "kv/commands/scan.h"

namespace kv {
namespace {

void SAdd(Call& call) {
  Edit<SetValue> set(call, call.args[0]);
  if (!set.ok()) return;
  int64_t count = 0;
  for (const absl::string_view member : call.args.subspan(1)) {
    call.pace.Step(2);
    if (set->Add(member)) ++count;
  }
  call.reply.Integer(count);
}

void SRem(Call& call) {
  Edit<SetValue> set(call, call.args[0]);
  if (!set.ok()) return;
  int64_t count = 0;
  for (const absl::string_view member : call.args.subspan(1)) {
    call.pace.Step(2);
    if (set->Remove(member)) ++count;
  }
  call.reply.Integer(count);
}

void SMembers(Call& call) {
  const SetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  if (set == nullptr) return call.reply.Set(0);
  const ReplyBound bound(call.reply);
  call.reply.Set(set->size());
  for (const auto& member : set->members()) {
    if (bound.full()) return;
    call.pace.StepOver(member.key.size());
    call.reply.Text(member.key);
  }
}

void SIsMember(Call& call) {
  const SetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  call.reply.Integer(set != nullptr && set->Contains(call.args[1]) ? 1 : 0);
}

void SMIsMember(Call& call) {
  const SetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  call.reply.Array(call.args.size() - 1);
  for (const absl::string_view member : call.args.subspan(1)) {
    call.pace.Step();
    call.reply.Integer(set != nullptr && set->Contains(member) ? 1 : 0);
  }
}

void SCard(Call& call) {
  const SetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  call.reply.Integer(set == nullptr ? 0 : ToInteger(set->size()));
}

void SMove(Call& call) {
  const absl::string_view member = call.args[2];
  const SetValue* from = nullptr;
  if (!Look(call, call.args[0], from)) return;
  if (from == nullptr) return call.reply.Integer(0);
  const SetValue* to = nullptr;
  if (!Look(call, call.args[1], to)) return;
  const bool there = from->Contains(member);
  call.reply.Integer(there ? 1 : 0);
  if (!there || from == to) return;
  Edit<SetValue> source(call, call.args[0]);
  source->Remove(member);
  Edit<SetValue> destination(call, call.args[1]);
  destination->Add(member);
}

void PopOne(Call& call) {
  Edit<SetValue> set(call, call.args[0]);
  if (!set.ok()) return;
  if (set->size() == 0) return call.reply.Nil();
  const std::string member = set->members().Pick(call.dice)->key;
  set->Remove(member);
  call.reply.Text(member);
}

void SPop(Call& call) {
  if (call.args.size() == 1) return PopOne(call);
  if (call.args.size() > 2) return call.reply.Error(kSyntaxError);
  const auto wanted = IntegerFromArg(call, call.args[1], 0, kNotPositive);
  if (!wanted.has_value()) return;
  Edit<SetValue> set(call, call.args[0]);
  if (!set.ok()) return;
  const size_t count = std::min(static_cast<size_t>(*wanted), set->size());
  // Items stay where they are while others go.
  std::vector<const SetValue::Members::Item*> popped;
  size_t bytes = 0;
  for (const auto& it : SampleDistinct(call, set->members(), count)) {
    call.pace.Step();
    popped.push_back(&*it);
    bytes += TextReplyBytes(it->key);
  }
  if (!ReplyFits(call, bytes, popped.size())) return;
  call.reply.Set(popped.size());
  for (const auto* const item : popped) {
    call.pace.StepOver(item->key.size());
    call.reply.Text(item->key);
    set->Remove(item->key);
  }
}

// A member as often as it comes.
void PickRepeatedly(Call& call, const SetValue& set, size_t count) {
  const ReplyBound bound(call.reply);
  call.reply.Array(count);
  SampleRepeatedly(call, set.members(), count, [&](const auto& item) {
    call.pace.StepOver(item.key.size());
    call.reply.Text(item.key);
    return !bound.full();
  });
}

void SRandMember(Call& call) {
  const SetValue* set = nullptr;
  if (call.args.size() == 1) {
    if (!Look(call, call.args[0], set)) return;
    if (set == nullptr) return call.reply.Nil();
    return call.reply.Text(set->members().Pick(call.dice)->key);
  }
  if (call.args.size() > 2) return call.reply.Error(kSyntaxError);
  const auto count = SampleSizeArg(call, call.args[1]);
  if (!count.has_value()) return;
  if (!Look(call, call.args[0], set)) return;
  if (set == nullptr || *count == 0) return call.reply.Array(0);
  if (*count < 0) {
    return PickRepeatedly(call, *set, static_cast<size_t>(-*count));
  }
  const size_t wanted = std::min(static_cast<size_t>(*count), set->size());
  const ReplyBound bound(call.reply);
  call.reply.Array(wanted);
  for (const auto& it : SampleDistinct(call, set->members(), wanted)) {
    if (bound.full()) return;
    call.pace.StepOver(it->key.size());
    call.reply.Text(it->key);
  }
}

void SScan(Call& call) {
  const auto options = ParseScan(call, 1);
  if (!options.has_value()) return;
  const SetValue* set = nullptr;
  if (!Look(call, call.args[0], set)) return;
  if (set == nullptr) return AnswerScan(call, 0, {});
  std::vector<absl::string_view> found;
  const uint64_t next = set->members().Scan(
      options->cursor, options->count, [&](const auto& item) {
        call.pace.Step(kStepsPerMatch);
        const absl::string_view member = item.key;
        if (options->Matches(member)) found.push_back(member);
      });
  AnswerScan(call, next, found);
}

constexpr CommandRow kRows[] = {
    {Operation::kSAdd, "sadd", -3, "write denyoom fast", 1, 1, 1, SAdd},
    {Operation::kSRem, "srem", -3, "write fast", 1, 1, 1, SRem},
    {Operation::kSMembers, "smembers", 2, "readonly", 1, 1, 1, SMembers},
    {Operation::kSIsMember, "sismember", 3, "readonly fast", 1, 1, 1,
     SIsMember},
    {Operation::kSMIsMember, "smismember", -3, "readonly fast", 1, 1, 1,
     SMIsMember},
    {Operation::kSCard, "scard", 2, "readonly fast", 1, 1, 1, SCard},
    {Operation::kSMove, "smove", 4, "write fast", 1, 2, 1, SMove},
    {Operation::kSPop, "spop", -2, "write fast", 1, 1, 1, SPop, true},
    {Operation::kSRandMember, "srandmember", -2, "readonly", 1, 1, 1,
     SRandMember, true},
    {Operation::kSScan, "sscan", -3, "readonly", 1, 1, 1, SScan},
};

}  // namespace

std::span<const CommandRow> SetCommands() { return kRows; }

}  // namespace kv
