#include "scenarios/checks/lease_books.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace scenarios {

LeaseBooks::Set LeaseBooks::OnSetAsked(absl::string_view key,
                                       absl::string_view value,
                                       int64_t lasts_ms, uint32_t node) {
  ++now_;
  Values& values = keys_[std::string(key)];
  values.push_back({.number = values.size(),
                    .text = std::string(value),
                    .lasts_ms = lasts_ms,
                    .node = node,
                    .begin = walls_.Now(),
                    .deadline = {}});
  return {std::string(key), values.size() - 1};
}

void LeaseBooks::OnSetDone(const Set& set) {
  Value& value = keys_[set.key][set.number];
  value.deadline = DeadlineOf(value);
  value.state = State::kDone;
  value.done = ++now_;
}

void LeaseBooks::OnSetNotDone(const Set& set) {
  ++now_;
  Value& value = keys_[set.key][set.number];
  value.state = State::kNotDone;
  if (value.seen == kNever) return;
  violations_.Report("value-untrue",
                     absl::StrCat("the client of ", set.key, " is told that ",
                                  value.text, " was not set, but it was read"));
}

WallTimes::Span LeaseBooks::DeadlineOf(const Value& value) const {
  if (value.state == State::kDone) return value.deadline;
  const WallTimes::Span decided = walls_.Since(value.begin, value.node);
  return {decided.low_ms + value.lasts_ms, decided.high_ms + value.lasts_ms};
}

LeaseBooks::Read LeaseBooks::OnReadAsked(absl::string_view key, uint32_t node) {
  return {.key = std::string(key),
          .asked = ++now_,
          .begin = walls_.Now(),
          .node = node};
}

std::vector<LeaseBooks::Value*> LeaseBooks::Possible(const Read& read) {
  std::vector<Value*> possible;
  Values& values = keys_[read.key];
  for (auto it = values.rbegin(); it != values.rend(); ++it) {
    if (it->state != State::kNotDone) possible.push_back(&*it);
    if (WasSet(*it, read)) break;
  }
  return possible;
}

std::vector<LeaseBooks::Value*> LeaseBooks::Alive(
    const std::vector<Value*>& possible, const Read& read) const {
  const WallTimes::Span now = walls_.Since(read.begin, read.node);
  std::vector<Value*> alive;
  for (Value* value : possible) {
    const bool may_last = DeadlineOf(*value).high_ms > now.low_ms;
    if (may_last && !WasGone(*value, read)) alive.push_back(value);
  }
  return alive;
}

std::string LeaseBooks::Describe(const Value& value) const {
  const WallTimes::Span deadline = DeadlineOf(value);
  return absl::StrCat(value.text, ", due from ", deadline.low_ms, " to ",
                      deadline.high_ms);
}

std::string LeaseBooks::DescribeClocks(const Read& read) const {
  const WallTimes::Span now = walls_.Since(read.begin, read.node);
  return absl::StrCat(read.node == WallTimes::kAllNodes ? "the clocks showed "
                                                        : "the clock showed ",
                      now.low_ms, " to ", now.high_ms);
}

void LeaseBooks::Report(absl::string_view check, const Read& read,
                        absl::string_view told, absl::string_view why) {
  violations_.Report(check,
                     absl::StrCat(read.key, " is told to be ", told, ": ", why,
                                  "; meanwhile ", DescribeClocks(read)));
}

std::vector<LeaseBooks::Value*> LeaseBooks::MustBeThere(
    const Read& read, absl::string_view told) {
  ++now_;
  ++told_there_;
  const std::vector<Value*> possible = Possible(read);
  std::vector<Value*> alive = Alive(possible, read);
  if (!alive.empty()) return alive;
  if (possible.empty()) {
    Report("value-untrue", read, told, "nothing was ever set");
  } else if (WasGone(*possible.front(), read)) {
    Report("key-came-back", read, told,
           absl::StrCat("it was told to be gone before, and nothing was set "
                        "since ",
                        possible.front()->text));
  } else {
    Report("expired-key-answered", read, told, Describe(*possible.front()));
  }
  return alive;
}

void LeaseBooks::OnThere(const Read& read) { (void)MustBeThere(read, "there"); }

void LeaseBooks::OnValue(const Read& read, absl::string_view text) {
  ++now_;
  ++told_there_;
  const std::string told = absl::StrCat("there, with ", text);
  const std::vector<Value*> possible = Possible(read);
  const auto found =
      std::find_if(possible.begin(), possible.end(),
                   [text](const Value* value) { return value->text == text; });
  if (found == possible.end()) {
    Report("value-untrue", read, told,
           possible.empty()
               ? std::string("nothing was ever set")
               : absl::StrCat("it may be ", Describe(*possible.back())));
    return;
  }
  Value& value = **found;
  value.seen = std::min(value.seen, now_);
  if (WasGone(value, read)) {
    Report("key-came-back", read, told, "it was told to be gone before");
  } else if (Alive({&value}, read).empty()) {
    Report("expired-key-answered", read, told, Describe(value));
  }
}

void LeaseBooks::OnGone(const Read& read) {
  ++now_;
  ++told_gone_;
  const std::vector<Value*> possible = Possible(read);
  if (possible.empty() || !WasSet(*possible.back(), read)) return;
  const bool may_be_due =
      std::any_of(possible.begin(), possible.end(), [this](const Value* value) {
        const WallTimes::Span lived =
            walls_.Since(value->begin, WallTimes::kAllNodes);
        return DeadlineOf(*value).low_ms <= lived.high_ms;
      });
  Value& last = *possible.back();
  if (!may_be_due) {
    Report("key-gone-early", read, "gone", Describe(last));
    return;
  }
  last.gone = std::min(last.gone, now_);
}

void LeaseBooks::OnGoneForSet(const Read& read, const Set& set) {
  // It is not what it has not found.
  Value& value = keys_[set.key][set.number];
  value.state = State::kNotDone;
  OnGone(read);
  value.state = State::kOpen;
}

void LeaseBooks::OnTimeLeft(const Read& read, int64_t left_ms) {
  const std::string told = absl::StrCat("there for ", left_ms, "ms more");
  const std::vector<Value*> alive = MustBeThere(read, told);
  if (alive.empty()) return;
  // -1 is no time: there is no deadline.
  if (left_ms <= 0 && left_ms != -1) {
    Report("expired-key-answered", read, told, Describe(*alive.back()));
    return;
  }
  const WallTimes::Span now = walls_.Since(read.begin, read.node);
  for (const Value* value : alive) {
    const WallTimes::Span deadline = DeadlineOf(*value);
    if (left_ms > 0 && left_ms >= deadline.low_ms - now.high_ms &&
        left_ms <= deadline.high_ms - now.low_ms) {
      return;
    }
  }
  Report("deadline-untrue", read, told, Describe(*alive.back()));
}

void LeaseBooks::OnDeadline(const Read& read, int64_t deadline_ms) {
  const std::string told = absl::StrCat("there until ", deadline_ms);
  const std::vector<Value*> alive = MustBeThere(read, told);
  if (alive.empty()) return;
  for (Value* value : alive) {
    const WallTimes::Span deadline = DeadlineOf(*value);
    if (deadline_ms < deadline.low_ms || deadline_ms > deadline.high_ms) {
      continue;
    }
    // Only one can be meant: from now on it is known exactly.
    if (alive.size() == 1 && value->state == State::kDone) {
      value->deadline = {deadline_ms, deadline_ms};
    }
    return;
  }
  Report("deadline-untrue", read, told, Describe(*alive.back()));
}

}  // namespace scenarios
