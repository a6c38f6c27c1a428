#include "kv/keyspace.h"

#include "runtime/check.h"
#include "runtime/probe.h"
#include "runtime/random.h"

namespace kv {

using runtime::MixHash;

void Keyspace::Begin(int64_t now_ms, bool reading) {
  now_ms_ = now_ms;
  reading_ = reading;
  met_due_ = false;
}

Keyspace::Slots::iterator Keyspace::FindAlive(absl::string_view key) {
  const Slots::iterator it = slots_.find(key);
  if (it == slots_.end() || !IsDue(it->value)) return it;
  if (reading_) {
    met_due_ = true;
  } else {
    Erase(it);
  }
  return slots_.end();
}

const Keyspace::Slot* Keyspace::Find(absl::string_view key) {
  const Slots::iterator it = FindAlive(key);
  return it == slots_.end() ? nullptr : &it->value;
}

const Keyspace::Slot* Keyspace::Peek(absl::string_view key) const {
  const auto it = slots_.find(key);
  return it == slots_.end() ? nullptr : &it->value;
}

Keyspace::Slot* Keyspace::FindForChange(absl::string_view key) {
  CHECK(!reading_, "a read must not change the keyspace");
  const Slots::iterator it = FindAlive(key);
  return it == slots_.end() ? nullptr : &it->value;
}

Keyspace::Slot& Keyspace::Insert(absl::string_view key, Value value) {
  const auto [it, fresh] = slots_.insert(key);
  CHECK(fresh, "a key is there twice");
  it->value.value = std::move(value);
  return it->value;
}

void Keyspace::Rehash(absl::string_view key, Slot& slot) {
  hash_ -= slot.hash;
  // In steps: MixHash(a, b) equals MixHash(b, a), but a key is no value.
  slot.hash = MixHash(MixHash(0x6b6579u, HashBytes(key)), slot.value.hash());
  if (slot.deadline_ms != kNoDeadline) {
    slot.hash = MixHash(slot.hash, static_cast<uint64_t>(slot.deadline_ms));
  }
  hash_ += slot.hash;
}

void Keyspace::Commit(absl::string_view key, Slot& slot) {
  if (slot.value.vanishes()) {
    const auto it = slots_.find(key);
    CHECK(it != slots_.end() && &it->value == &slot, "another's slot");
    const bool is_new = slot.hash == 0;
    // What was opened and never filled has not changed anything.
    is_new ? slots_.erase(it) : Erase(it);
    return;
  }
  const uint64_t before = slot.hash;
  Rehash(key, slot);
  if (slot.hash != before) slot.version = ++last_version_;
}

void Keyspace::Put(absl::string_view key, Value value, int64_t deadline_ms) {
  Slot* slot = FindForChange(key);
  if (slot == nullptr) {
    slot = &Insert(key, std::move(value));
  } else {
    slot->value = std::move(value);
  }
  Settle(key, *slot, deadline_ms);
}

void Keyspace::PutString(absl::string_view key, absl::string_view text,
                         int64_t deadline_ms) {
  Slot* slot = FindForChange(key);
  if (slot == nullptr) slot = &Insert(key, Value());
  if (StringValue* string = slot->value.As<StringValue>(); string != nullptr) {
    string->Assign(text);
  } else {
    slot->value = Value(StringValue(text));
  }
  Settle(key, *slot, deadline_ms);
}

void Keyspace::Settle(absl::string_view key, Slot& slot, int64_t deadline_ms) {
  Reschedule(key, slot, deadline_ms);
  Rehash(key, slot);
  slot.version = ++last_version_;  // Also if it is what it was.
}

bool Keyspace::Remove(absl::string_view key) {
  CHECK(!reading_, "a read must not change the keyspace");
  const Slots::iterator it = FindAlive(key);
  if (it == slots_.end()) return false;
  Erase(it);
  return true;
}

Keyspace::Slot Keyspace::Take(absl::string_view key) {
  CHECK(!reading_, "a read must not change the keyspace");
  const Slots::iterator it = FindAlive(key);
  CHECK(it != slots_.end(), "nothing to take");
  Slot taken{.value = std::move(it->value.value),
             .deadline_ms = it->value.deadline_ms};
  Erase(it);
  return taken;
}

void Keyspace::SetDeadline(absl::string_view key, int64_t deadline_ms) {
  Slot* slot = FindForChange(key);
  CHECK(slot != nullptr, "no key to set a deadline of");
  Reschedule(key, *slot, deadline_ms);
  Rehash(key, *slot);
  slot->version = ++last_version_;
}

void Keyspace::Reschedule(absl::string_view key, Slot& slot,
                          int64_t deadline_ms) {
  if (slot.deadline_ms == deadline_ms) return;
  if (slot.deadline_ms != kNoDeadline) {
    deadlines_.erase({slot.deadline_ms, std::string(key)});
  }
  slot.deadline_ms = deadline_ms;
  if (deadline_ms != kNoDeadline) {
    deadlines_.emplace(deadline_ms, std::string(key));
  }
}

void Keyspace::Erase(Slots::iterator it) {
  Slot& slot = it->value;
  Reschedule(it->key, slot, kNoDeadline);
  Forgotten(it->key) = ++last_version_;
  hash_ -= slot.hash;
  slots_.erase(it);
}

void Keyspace::Clear() {
  CHECK(!reading_, "a read must not change the keyspace");
  if (slots_.empty()) return;
  ++last_version_;
  for (const auto& item : slots_) Forgotten(item.key) = last_version_;
  slots_.clear();
  deadlines_.clear();
  hash_ = 0;
}

size_t Keyspace::RemoveDue(size_t count_max) {
  CHECK(!reading_, "a read must not change the keyspace");
  size_t count = 0;
  while (count < count_max && !deadlines_.empty() &&
         deadlines_.begin()->first <= now_ms_) {
    REACHABLE("kv: a key is removed because it is due");
    const std::string key = deadlines_.begin()->second;
    Erase(slots_.find(key));
    ++count;
  }
  return count;
}

std::optional<int64_t> Keyspace::first_deadline_ms() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

uint64_t& Keyspace::Forgotten(absl::string_view key) {
  return forgotten_[OrderOf(key) % kForgottenSlots];
}

uint64_t Keyspace::VersionOf(absl::string_view key) {
  const Slot* slot = Find(key);
  return slot != nullptr ? slot->version : Forgotten(key);
}

}  // namespace kv
