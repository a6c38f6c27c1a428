#include "kv/resp/plan.h"

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
                    .given = {}});
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
    const Slot& slot = slots_[next_];
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

bool RespPlan::WordTransaction(const Slot& slot, ResultReader& replies,
                               RespWriter& out) {
  ResultReader ahead = replies;
  const std::optional<ReplyView> head = ahead.Next();
  if (!head.has_value()) return false;
  if (head->kind != ReplyKind::kArray) return out.Reply(replies);
  replies = ahead;
  out.Array(slot.given.size());
  for (const std::optional<std::string>& given : slot.given) {
    if (given.has_value()) {
      out.Worded(*given);
    } else if (!out.Reply(replies)) {
      return false;
    }
  }
  return true;
}

void RespPlan::WordError(absl::string_view error, std::string& out) {
  for (; next_ < slots_.size(); ++next_) {
    if (slots_[next_].silent) continue;
    if (slots_[next_].kind == Kind::kAtOnce) {
      absl::StrAppend(&out, TextOf(next_));
    } else {
      RespWriter(out, slots_[next_].version).Error(error);
    }
  }
}

}  // namespace kv
