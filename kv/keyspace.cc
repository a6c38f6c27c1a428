#include "kv/keyspace.h"

#include <algorithm>
#include <memory>

#include "runtime/check.h"
#include "runtime/prefetch.h"
#include "runtime/probe.h"
#include "runtime/random.h"

namespace kv {

using runtime::MixHash;

void Keyspace::Begin(int64_t now_ms, bool reading) {
  now_ms_ = now_ms;
  reading_ = reading;
  met_due_ = false;
}

void Keyspace::Resume(const Moment& moment) {
  now_ms_ = moment.now_ms;
  reading_ = moment.reading;
  met_due_ = moment.met_due;
  counts_lookups_ = moment.counts_lookups;
}

void Keyspace::Expect(std::span<const absl::string_view> keys) const {
  slots_.Expect(keys, [](const Slot& slot) {
    const StringValue* const string = slot.value.As<StringValue>();
    if (string == nullptr) return;
    runtime::Prefetch(string->text().data(), string->text().size());
  });
}

Keyspace::Slots::Item* Keyspace::FindAlive(absl::string_view key) {
  Slots::Item* const item = slots_.Find(key);
  if (item == nullptr || !IsDue(item->value)) return item;
  if (reading_) {
    met_due_ = true;
  } else {
    ++counts_.expired;
    Erase(*item);
  }
  return nullptr;
}

const Keyspace::Slot* Keyspace::Find(absl::string_view key) {
  Slots::Item* const item = FindAlive(key);
  if (counts_lookups_) ++(item != nullptr ? counts_.hits : counts_.misses);
  return item == nullptr ? nullptr : &item->value;
}

const Keyspace::Slot* Keyspace::Peek(absl::string_view key) const {
  const Slots::Item* const item = slots_.Find(key);
  return item == nullptr ? nullptr : &item->value;
}

Keyspace::Slot* Keyspace::FindForChange(absl::string_view key) {
  CHECK(!reading_, "a read must not change the keyspace");
  Slots::Item* const item = FindAlive(key);
  return item == nullptr ? nullptr : &item->value;
}

Keyspace::Slot& Keyspace::Insert(absl::string_view key, Value value) {
  const auto [item, fresh] = slots_.Insert(key);
  CHECK(fresh, "a key is there twice");
  ++in_slot_[KeySlot(key)];
  item.value.value = std::move(value);
  return item.value;
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
    Slots::Item* const item = slots_.Find(key);
    CHECK(item != nullptr && &item->value == &slot, "another's slot");
    const bool is_new = slot.hash == 0;
    // What was opened and never filled has not changed anything.
    is_new ? Drop(*item) : Erase(*item);
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
    graveyard_.Bury(slot->value);
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
    graveyard_.Bury(slot->value);
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
  Slots::Item* const item = FindAlive(key);
  if (item == nullptr) return false;
  Erase(*item);
  return true;
}

Keyspace::Slot Keyspace::Take(absl::string_view key) {
  CHECK(!reading_, "a read must not change the keyspace");
  Slots::Item* const item = FindAlive(key);
  CHECK(item != nullptr, "nothing to take");
  // The place of a value is never empty.
  Slot taken{.value = std::exchange(item->value.value, Value()),
             .deadline_ms = item->value.deadline_ms};
  Erase(*item);
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

void Keyspace::Erase(Slots::Item& item) {
  Reschedule(item.key, item.value, kNoDeadline);
  Forgotten(item.key) = ++last_version_;
  hash_ -= item.value.hash;
  graveyard_.Bury(item.value.value);
  Drop(item);
}

void Keyspace::Drop(Slots::Item& item) {
  --in_slot_[KeySlot(item.key)];
  slots_.Erase(item);
}

class Keyspace::Ruins final : public Graveyard::Grave {
 public:
  Ruins(Slots slots, Deadlines deadlines)
      : slots_(std::move(slots)), deadlines_(std::move(deadlines)) {}

  bool FreeSome(size_t pieces) override {
    size_t freed = 0;
    for (; freed < pieces && !deadlines_.empty(); ++freed) {
      deadlines_.erase(deadlines_.begin());
    }
    while (freed < pieces && !slots_.empty()) {
      Slots::Item& first = slots_.front();
      const size_t here = std::min(first.value.value.pieces(), pieces - freed);
      freed += here + 1;
      if (first.value.value.FreeSome(here)) slots_.FreeSome(1);
    }
    return deadlines_.empty() && slots_.empty();
  }

 private:
  Slots slots_;
  Deadlines deadlines_;
};

void Keyspace::BuryAll() {
  graveyard_.Bury(std::make_unique<Ruins>(std::exchange(slots_, {}),
                                          std::exchange(deadlines_, {})));
  in_slot_.assign(kKeySlots, 0);
}

size_t Keyspace::RemoveDue(size_t count_max) {
  CHECK(!reading_, "a read must not change the keyspace");
  size_t count = 0;
  while (count < count_max && !deadlines_.empty() &&
         deadlines_.begin()->first <= now_ms_) {
    REACHABLE("kv: a key is removed because it is due");
    Slots::Item* const item = slots_.Find(deadlines_.begin()->second);
    CHECK(item != nullptr, "a deadline of no key");
    Erase(*item);
    ++count;
  }
  counts_.expired += count;
  return count;
}

std::vector<std::string> Keyspace::KeysInSlot(uint32_t slot, size_t count_max,
                                              Steps steps) const {
  const size_t count = std::min<size_t>(in_slot_[slot], count_max);
  std::vector<std::string> keys;
  for (auto it = slots_.begin(); keys.size() < count; ++it) {
    CHECK(it != slots_.end(), "a key of the slot is missing");
    steps(1);
    if (KeySlot(it->key) == slot) keys.push_back(it->key);
  }
  return keys;
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
