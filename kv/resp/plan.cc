#include "kv/resp/plan.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "runtime/probe.h"

namespace kv {
namespace {

constexpr size_t kTextKept = 16 << 10;
// Results from here on are made room for before they are worded.
constexpr size_t kLargeResultBytes = 16 << 10;

}  // namespace

void RespPlan::Clear() {
  commands_.Clear();
  slots_.clear();
  // What one large answer needed is not kept for all the small ones.
  if (text_.capacity() > kTextKept) text_ = std::string();
  text_.clear();
  next_ = 0;
  complete_ = false;
  watcher_ = nullptr;
  watching_.clear();
}

RespPlan::Slot& RespPlan::AddSlot(RespClient& client, Kind kind) {
  const bool silent = client.replies != RespClient::Replies::kOn;
  if (client.replies == RespClient::Replies::kSkip) {
    client.replies = RespClient::Replies::kOn;
  }
  slots_.push_back({.kind = kind,
                    .version = client.version,
                    .silent = silent,
                    .text_begin = text_.size(),
                    .given = {},
                    .within = {}});
  return slots_.back();
}

RespWriter RespPlan::AnswerAtOnce(RespClient& client) {
  AddSlot(client, Kind::kAtOnce);
  return RespWriter(text_, client.version);
}

void RespPlan::AnswerLater(RespClient& client, Operation operation,
                           std::span<const absl::string_view> args) {
  AddSlot(client, Kind::kReply);
  commands_.Add(operation, args);
}

void RespPlan::AnswerWatching(RespClient& client,
                              std::span<const absl::string_view> keys) {
  AddSlot(client, Kind::kWatching);
  commands_.Add(Operation::kVersions, keys);
  watcher_ = &client;
  for (const absl::string_view key : keys) watching_.emplace_back(key);
  complete_ = true;
}

void RespPlan::AnswerTransaction(
    RespClient& client, std::span<const WatchedKey> watched,
    const CommandBatch& commands,
    std::vector<std::optional<std::string>> given) {
  AddSlot(client, Kind::kTransaction).given = std::move(given);
  AddTransaction(commands_, watched, commands);
}

absl::string_view RespPlan::TextOf(size_t slot) const {
  const size_t begin = slots_[slot].text_begin;
  const size_t end =
      slot + 1 < slots_.size() ? slots_[slot + 1].text_begin : text_.size();
  return absl::string_view(text_).substr(begin, end - begin);
}

size_t RespPlan::Word(const runtime::Bytes& results, std::string& out) {
  ResultReader replies(results.text());
  size_t used = 0;
  if (results.size() >= kLargeResultBytes) {
    // Else it would grow by doubling: twice what is needed, for as long as the
    // client does not read.
    out.reserve(out.size() + results.size() + results.size() / 32);
  }
  for (; next_ < slots_.size(); ++next_) {
    Slot& slot = slots_[next_];
    const size_t begin = out.size();
    if (slot.kind == Kind::kAtOnce) {
      absl::StrAppend(&out, TextOf(next_));
    } else {
      RespWriter writer(out, slot.version);
      if (!WordOne(slot, replies, writer)) {
        out.resize(begin);
        return used;
      }
      ++used;
      if (out[begin] == '-') {
        slot.failed = true;
        CountError(absl::string_view(out).substr(begin), CommandStats::kNone);
      }
    }
    if (slot.silent) out.resize(begin);
  }
  return used;
}

bool RespPlan::WordOne(const Slot& slot, ResultReader& replies,
                       RespWriter& out) {
  switch (slot.kind) {
    case Kind::kReply:
      return out.Reply(replies);
    case Kind::kWatching:
      return WordWatching(replies, out);
    case Kind::kTransaction:
      return WordTransaction(slot, replies, out);
    case Kind::kAtOnce:
      break;
  }
  UNREACHABLE("kv: an answer that is given already needs no reply");
}

bool RespPlan::WordWatching(ResultReader& replies, RespWriter& out) {
  const std::optional<ReplyView> versions = replies.Next();
  if (!versions.has_value() || versions->size != watching_.size()) return false;
  for (std::string& key : watching_) {
    const std::optional<ReplyView> version = replies.Next();
    if (!version.has_value() || version->kind != ReplyKind::kInteger) {
      return false;
    }
    watcher_->watched_bytes += key.size();
    watcher_->watched.push_back(
        {std::move(key), static_cast<uint64_t>(version->integer)});
  }
  out.Ok();
  return true;
}

void RespPlan::CountError(absl::string_view answer, CommandStats::Id command) {
  if (stats_ == nullptr || answer.empty() || answer[0] != '-') return;
  stats_->OnError(answer.substr(1));
  if (command != CommandStats::kNone) stats_->OnFailed(command);
}

bool RespPlan::WordTransaction(const Slot& slot, ResultReader& replies,
                               RespWriter& out) {
  ResultReader ahead = replies;
  const std::optional<ReplyView> head = ahead.Next();
  if (!head.has_value()) return false;
  if (head->kind != ReplyKind::kArray) return out.Reply(replies);
  replies = ahead;
  out.Array(slot.given.size());
  for (size_t i = 0; i < slot.given.size(); ++i) {
    const std::optional<std::string>& given = slot.given[i];
    if (given.has_value()) {
      out.Worded(*given);
      continue;
    }
    const size_t begin = out.size();
    if (!out.Reply(replies)) return false;
    if (i < slot.within.size()) {
      CountError(out.From(begin), slot.within[i]);
    }
  }
  return true;
}

void RespPlan::WordError(absl::string_view error, std::string& out) {
  for (; next_ < slots_.size(); ++next_) {
    Slot& slot = slots_[next_];
    if (slot.kind != Kind::kAtOnce) {
      if (stats_ != nullptr) stats_->OnError(error);
      slot.failed = true;
      slot.within.clear();
    }
    if (slot.silent) continue;
    if (slot.kind == Kind::kAtOnce) {
      absl::StrAppend(&out, TextOf(next_));
    } else {
      RespWriter(out, slot.version).Error(error);
    }
  }
}

void RespPlan::CountAs(CommandStats::Id command, absl::Duration took) {
  Slot& slot = slots_.back();
  if (slot.kind != Kind::kAtOnce) {
    slot.command = command;
  } else if (stats_ != nullptr) {
    stats_->OnCall(command, took, took);
    if (absl::StartsWith(TextOf(slots_.size() - 1), "-")) {
      stats_->OnFailed(command);
    }
  }
}

void RespPlan::Count(absl::Duration took) {
  if (stats_ == nullptr) return;
  int64_t size = 0;
  for (const Slot& slot : slots_) {
    if (slot.kind == Kind::kAtOnce) continue;
    size += 1 + std::count_if(slot.within.begin(), slot.within.end(),
                              [](CommandStats::Id id) {
                                return id != CommandStats::kNone;
                              });
  }
  if (size == 0) return;
  const absl::Duration share = took / size;
  for (const Slot& slot : slots_) {
    if (slot.command == CommandStats::kNone) continue;
    stats_->OnCall(slot.command, share, took);
    if (slot.failed) stats_->OnFailed(slot.command);
    for (const CommandStats::Id id : slot.within) {
      if (id != CommandStats::kNone) stats_->OnCall(id, share, took);
    }
  }
}

}  // namespace kv
