#include "scenarios/watch_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace scenarios {
namespace {

using Kind = RespReply::Kind;

constexpr uint32_t kPreparePpm = 500'000;  // Of a key, before it is watched.
constexpr uint32_t kPausePpm = 500'000;
constexpr uint32_t kMeddlePpm = 600'000;
constexpr uint32_t kMeddleAgainPpm = 300'000;
constexpr uint32_t kLeavePpm = 500'000;

// MULTI, INCR, EXEC.
constexpr size_t kExec = 2;

}  // namespace

WatchClient::WatchClient(Collaborators with, const WatchWork& work,
                         uint32_t number, runtime::Random dice)
    : with_(with), work_(work), number_(number), dice_(std::move(dice)) {
  for (Key& key : keys_) Renew(key);
}

void WatchClient::Renew(Key& key) {
  key = {.name = absl::StrCat("watched:", number_, ":", ++made_)};
}

bool WatchClient::Pause() {
  if (!dice_.Chance(kPausePpm)) return true;
  const absl::Duration span =
      dice_.Between(absl::ZeroDuration(), work_.pause_max);
  return with_.executor.SleepFor(span).ok();
}

void WatchClient::TurnAway() {
  if (!with_.watcher.connected()) return;
  const bool leaves = dice_.Chance(kLeavePpm);
  if (leaves) {
    with_.watcher.Leave();
    return;
  }
  const RespSession::Request unwatch = {"UNWATCH"};
  (void)with_.outcomes.Judge(unwatch, with_.watcher.Ask({unwatch}), 0);
}

void WatchClient::DoOne() {
  if (!with_.watcher.Connect() || !with_.other.Connect()) return;
  for (Key& key : keys_) {
    if (!with_.other.connected()) return;
    if (!dice_.Chance(kPreparePpm)) continue;
    const Change change = AnyChange(key);
    if (Carry(change, key) == Fate::kUnknown) return;
  }
  std::vector<Watched> watched;
  if (!Watch(watched)) return TurnAway();
  if (!Pause()) return;
  const bool meddles = dice_.Chance(kMeddlePpm);
  if (meddles) Meddle(watched);
  const bool again = meddles && dice_.Chance(kMeddleAgainPpm);
  if (again) Meddle(watched);
  if (!Pause()) return;
  if (with_.watcher.connected()) Exec(watched);
}

// ------------------------------------------------------------------ changes

WatchClient::Change WatchClient::SetText(const Key& key) {
  // Often what it was already: a change all the same.
  const bool usual = dice_.Below(2) == 0;
  const std::string value = usual ? "usual" : absl::StrCat("v", ++values_);
  Change change{.request = {"SET", key.name, value},
                .after = {.name = key.name, .shape = Shape::kText}};
  const bool expires = dice_.Below(2) == 0;
  if (!expires) return change;
  const absl::Duration lasts = dice_.Between(work_.lasts.low, work_.lasts.high);
  const int64_t lasts_ms = absl::ToInt64Milliseconds(lasts);
  change.request.emplace_back("PX");
  change.request.push_back(absl::StrCat(lasts_ms));
  change.after.lease = WatchBooks::Lease{.asked = with_.books.Now(),
                                         .node = with_.other.node(),
                                         .lasts_ms = lasts_ms};
  return change;
}

WatchClient::Change WatchClient::ChangeHash(const Key& key) {
  Change change{.request = {"HSET", key.name, "field", "1"}, .after = key};
  change.after.shape = Shape::kHash;
  if (key.shape == Shape::kNone) return change;
  switch (dice_.Below(3)) {
    case 0:  // As it is.
      change.changes = false;
      return change;
    case 1:
      change.request = {"HDEL", key.name, "nothing"};
      change.changes = false;
      return change;
    default:
      change.request = {"HSET", key.name, absl::StrCat("f", ++values_), "1"};
      return change;
  }
}

WatchClient::Change WatchClient::AnyChange(const Key& key) {
  const uint64_t kind = dice_.Below(8);
  // Of one that may expire nobody knows whether it is there to be deleted.
  const bool stays = !key.lease.has_value();
  if (kind < 2) {
    return {.request = {"DEL", key.name},
            .after = {.name = key.name},
            .changes = stays && key.shape != Shape::kNone};
  }
  if (kind < 4 && stays && key.shape != Shape::kText) return ChangeHash(key);
  if (kind == 4 && stays && key.shape != Shape::kNone) {
    // Far away: it changes the key, and does not end it.
    return {.request = {"EXPIRE", key.name, absl::StrCat(90'000 + ++values_)},
            .after = key};
  }
  return SetText(key);
}

WatchClient::Fate WatchClient::Carry(const Change& change, Key& key) {
  const std::vector<RespReply> replies = with_.other.Ask({change.request});
  switch (with_.outcomes.Judge(change.request, replies, 0)) {
    case RespVerdict::kAnswered:
      break;
    case RespVerdict::kNotDone:
      if (with_.other.connected()) with_.other.Leave();
      return Fate::kNothing;
    default:
      Renew(key);
      return Fate::kUnknown;
  }
  key = change.after;
  if (key.lease.has_value()) with_.books.OnLeaseDone(*key.lease);
  // What may have expired tells whether it was there to be deleted.
  const bool deleted = change.request[0] == "DEL" && replies[0].integer == 1;
  return change.changes || deleted ? Fate::kChanged : Fate::kNothing;
}

// --------------------------------------------------------------- transactions

bool WatchClient::Watch(std::vector<Watched>& watched) {
  Requests requests = {{"WATCH"}};
  for (const Key& key : keys_) {
    requests[0].push_back(key.name);
    requests.push_back({"EXISTS", key.name});
  }
  const std::vector<RespReply> replies = with_.watcher.Ask(requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    if (with_.outcomes.Judge(requests[i], replies, i) !=
        RespVerdict::kAnswered) {
      return false;
    }
    if (i == 0) continue;
    const Key& key = keys_[i - 1];
    watched.push_back({.key = key.name,
                       .was_there = replies[i].integer == 1,
                       .lease = key.lease});
  }
  return true;
}

void WatchClient::Meddle(std::vector<Watched>& watched) {
  if (!with_.other.Connect()) return;
  const size_t place = dice_.Below(kKeys);
  // One that was given up since is not the one that is watched.
  const bool watches = watched[place].key == keys_[place].name;
  const Change change = AnyChange(keys_[place]);
  const Fate fate = Carry(change, keys_[place]);
  if (!watches) return;
  if (fate == Fate::kChanged) watched[place].changed = true;
  if (fate == Fate::kUnknown) watched[place].may_have_changed = true;
}

void WatchClient::Exec(const std::vector<Watched>& watched) {
  const Requests requests = {
      {"MULTI"}, {"INCR", absl::StrCat("watches:", number_)}, {"EXEC"}};
  const WallTimes::Moment asked = with_.books.Now();
  const uint32_t node = with_.watcher.node();
  const std::vector<RespReply> replies = with_.watcher.Ask(requests);
  if (with_.outcomes.Judge(requests[kExec], replies, kExec) !=
      RespVerdict::kAnswered) {
    return TurnAway();
  }
  const RespReply& reply = replies[kExec];
  if (reply.kind == Kind::kNil) {
    with_.books.OnCalledOff(watched);
  } else if (reply.kind == Kind::kArray && reply.parts.size() == 1) {
    with_.books.OnExecuted(watched, asked, node);
  } else {
    with_.outcomes.ReportWrong(requests[kExec], reply);
  }
}

}  // namespace scenarios
