// Binary-safe keys to values, with deadlines, versions and a hash of it all.
//
// An ordered tree, not a hash table: whatever walks it sees the same order on
// every node, in every run, on every compiler; Abseil's hash tables are salted
// with an address. The order is that of kv/values/hash_ordered.h.
//
// Time. A key with a deadline is due once the time of an entry has reached it.
// It is there until an entry that changes the keyspace touches it (or looks for
// due keys), so all nodes remove it at the same place of the log. A read that
// meets a due key must not decide that by itself: met_due() says so, and what
// the read answered is to be thrown away (kv/store.h).
//
// Versions. Every change of a key, removal included, gives it a higher version.
// Those of keys that are gone are remembered in slots that keys share, so a
// version may rise for nothing, but never stays the same through a change.
//
// Values are copied out of the entries that set them: a view would keep a whole
// replication message alive for the sake of one small value.

#ifndef KV_KEYSPACE_H_
#define KV_KEYSPACE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/strings/string_view.h"

#include "kv/graveyard.h"
#include "kv/key_slot.h"
#include "kv/values/hash_ordered.h"
#include "kv/values/steps.h"
#include "kv/values/value.h"
#include "runtime/check.h"

namespace kv {

// What has happened here since the keyspace was made; no part of its state.
struct KeyspaceCounts {
  uint64_t hits = 0;    // Keys that commands looked for to read them, found ...
  uint64_t misses = 0;  // ... and not found.
  uint64_t expired = 0;
};

class Keyspace {
 public:
  static constexpr int64_t kNoDeadline = -1;

  struct Slot {
    Value value;
    int64_t deadline_ms = kNoDeadline;  // Since 1970.
    uint64_t version = 0;
    uint64_t hash = 0;  // What it adds to the keyspace's.
  };
  // Slots do not move: those who change one hold its address.
  using Slots = HashOrdered<Slot>;

  // From now on it is `now_ms`. `reading`: nothing may be changed, and keys
  // that are due are reported instead of removed.
  void Begin(int64_t now_ms, bool reading);
  // Whether a key that is due was looked for since Begin(), and had to stay.
  bool met_due() const { return met_due_; }
  int64_t now_ms() const { return now_ms_; }

  // Whether what Find() looks for from now on is counted as read.
  void CountLookups(bool count) { counts_lookups_ = count; }
  const KeyspaceCounts& counts() const { return counts_; }
  // What Begin() began, for those who let others look at the keyspace in
  // between.
  struct Moment {
    int64_t now_ms;
    bool reading;
    bool met_due;
    bool counts_lookups;
  };
  Moment moment() const {
    return {now_ms_, reading_, met_due_, counts_lookups_};
  }
  void Resume(const Moment& moment);

  // A hint: these keys will be looked for, soon and in turn.
  void Expect(std::span<const absl::string_view> keys) const;

  // Null if there is none (any more). Valid until the key is changed.
  const Slot* Find(absl::string_view key);
  // For who walks slots(): a key that is due is to be looked for with Find().
  bool IsDue(const Slot& slot) const {
    return slot.deadline_ms != kNoDeadline && slot.deadline_ms <= now_ms_;
  }
  // For people and tests: whether due or not, now or later.
  const Slot* Peek(absl::string_view key) const;

  // ---- Changes. Requires: not reading.

  // The slot of `key`, made if there is none, with an empty T. Every use must
  // be followed by Commit(). Requires: if there is one, it is a T.
  template <class T>
  Slot& Open(absl::string_view key) {
    if (Slot* slot = FindForChange(key); slot != nullptr) return *slot;
    return Insert(key, Value(T()));
  }
  // `slot` of `key` has changed, or was opened and left as it was. Removes it
  // if its value vanishes.
  void Commit(absl::string_view key, Slot& slot);

  // Whatever was there is replaced, its deadline too.
  void Put(absl::string_view key, Value value,
           int64_t deadline_ms = kNoDeadline);
  // The same with a string, in the room of the one that it replaces.
  void PutString(absl::string_view key, absl::string_view text,
                 int64_t deadline_ms = kNoDeadline);
  // True if there was one.
  bool Remove(absl::string_view key);
  // What was there, which is gone now. Requires: there is one.
  Slot Take(absl::string_view key);
  // Requires: there is one.
  void SetDeadline(absl::string_view key, int64_t deadline_ms);
  // `step()` is called for each key, and may suspend.
  template <class Step>
  void Clear(Step&& step);
  // Removes keys that are due, at most so many. Returns how many.
  size_t RemoveDue(size_t count_max);

  // ---- The whole.

  // Due or not, until somebody looks.
  size_t size() const { return slots_.size(); }
  size_t volatile_count() const { return deadlines_.size(); }
  const Slots& slots() const { return slots_; }
  // Those of one hash slot (kv/key_slot.h), due or not: at once.
  size_t CountInSlot(uint32_t slot) const { return in_slot_[slot]; }
  // So many of them at most. Walks the keys, until it has them.
  std::vector<std::string> KeysInSlot(uint32_t slot, size_t count_max,
                                      Steps steps) const;
  // The deadline that comes first.
  std::optional<int64_t> first_deadline_ms() const;

  // Of the last change of `key`; 0: it was never there.
  uint64_t VersionOf(absl::string_view key);

  // Equal contents, equal hashes, whatever the history: the sum, modulo 2^64,
  // of a hash of each key with its value and deadline.
  uint64_t hash() const { return hash_; }

  // Where removed values go.
  Graveyard& graveyard() { return graveyard_; }
  const Graveyard& graveyard() const { return graveyard_; }

 private:
  using Deadlines = absl::btree_set<std::pair<int64_t, std::string>>;
  // All slots and deadlines of a keyspace that was cleared.
  class Ruins;

  static constexpr size_t kForgottenSlots = 4096;

  // Null if there is none (any more).
  Slots::Item* FindAlive(absl::string_view key);
  // Null if there is none (any more).
  Slot* FindForChange(absl::string_view key);
  Slot& Insert(absl::string_view key, Value value);
  // Ends a Put of what is in `slot` now.
  void Settle(absl::string_view key, Slot& slot, int64_t deadline_ms);
  void Erase(Slots::Item& item);
  void Drop(Slots::Item& item);
  void BuryAll();
  void Rehash(absl::string_view key, Slot& slot);
  void Reschedule(absl::string_view key, Slot& slot, int64_t deadline_ms);
  // The version that a key gets when it goes.
  uint64_t& Forgotten(absl::string_view key);

  Slots slots_;
  std::vector<uint32_t> in_slot_ = std::vector<uint32_t>(kKeySlots);
  Deadlines deadlines_;
  // By hash of the key: the last version at which one of them went.
  std::array<uint64_t, kForgottenSlots> forgotten_ = {};
  uint64_t last_version_ = 0;
  uint64_t hash_ = 0;
  Graveyard graveyard_;

  int64_t now_ms_ = 0;
  bool reading_ = false;
  bool met_due_ = false;
  bool counts_lookups_ = false;
  KeyspaceCounts counts_;
};

template <class Step>
void Keyspace::Clear(Step&& step) {
  CHECK(!reading_, "a read must not change the keyspace");
  if (slots_.empty()) return;
  ++last_version_;
  for (const auto& item : slots_) {
    Forgotten(item.key) = last_version_;
    step();
  }
  BuryAll();
  hash_ = 0;
}

}  // namespace kv

#endif  // KV_KEYSPACE_H_
