// What the function that executes a command gets, and what most of them need.
//
//   void HLen(Call& call) {
//     const HashValue* hash = nullptr;
//     if (!Look(call, call.args[0], hash)) return;   // WRONGTYPE is answered.
//     call.reply.Integer(hash == nullptr ? 0 : ToInteger(hash->size()));
//   }
//
//   void HDel(Call& call) {
//     Edit<HashValue> hash(call, call.args[0]);
//     if (!hash.ok()) return;
//     int64_t count = 0;
//     for (const auto field : call.args.subspan(1)) count +=
//     hash->Remove(field); call.reply.Integer(count);
//   }
//
// A command gives exactly one reply, and changes nothing if that is an error.

#ifndef KV_COMMANDS_CALL_H_
#define KV_COMMANDS_CALL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/strings/string_view.h"

#include "kv/command.h"
#include "kv/commands/table.h"
#include "kv/keyspace.h"
#include "kv/pace.h"
#include "kv/reply.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace kv {

// What Redis says, word for word.
inline constexpr absl::string_view kWrongType =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr absl::string_view kSyntaxError = "ERR syntax error";
inline constexpr absl::string_view kNotAnInteger =
    "ERR value is not an integer or out of range";
inline constexpr absl::string_view kNotAFloat =
    "ERR value is not a valid float";
inline constexpr absl::string_view kNoSuchKey = "ERR no such key";
inline constexpr absl::string_view kOutOfRange = "ERR index out of range";
inline constexpr absl::string_view kTooLarge =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

// Of a count that must not be negative.
inline constexpr absl::string_view kNotPositive =
    "ERR value is out of range, must be positive";

// Strings do not grow beyond what one request can set. The same on all nodes,
// whatever they are told to take.
inline constexpr size_t kValueBytesMax = kRequestBytesMax;

struct Call {
  const CommandRow& row;
  std::span<const absl::string_view> args;  // Without the command's own word.
  Keyspace& keys;
  ResultWriter& reply;
  runtime::Random& dice;  // Only if row.random.
  // Whoever walks over many things counts them: then others have their turns.
  Pace& pace;
};

// Any case.
bool SameWord(absl::string_view a, absl::string_view b);

// An argument that must be an integer. Nothing: it is not, and the call has
// been answered with `error`.
std::optional<int64_t> IntegerArg(Call& call, absl::string_view text,
                                  absl::string_view error = kNotAnInteger);
// The same within [low, high].
std::optional<int64_t> IntegerArg(Call& call, absl::string_view text,
                                  int64_t low, int64_t high,
                                  absl::string_view error);

// An integer that is not below `low`: `error` says both that it is no integer
// and that it is too low.
std::optional<int64_t> IntegerFromArg(Call& call, absl::string_view text,
                                      int64_t low, absl::string_view error);

// before + amount, in decimal (kv/decimal.h). Nothing: one of them is no number
// (`before`: `not_a_float` is the error), or infinite, and the call has been
// answered so.
std::optional<std::string> AddDecimals(
    Call& call, absl::string_view before, absl::string_view amount,
    absl::string_view not_a_float = kNotAFloat);

// Whether so many replies that weigh so much together may be given. False: they
// may not, and the call has been answered so. For those who change as much as
// they answer, before they do.
bool ReplyFits(Call& call, size_t bytes, size_t parts);
// What a text or a double weighs in a reply, at most.
inline constexpr size_t kDoubleReplyBytes = 32;
inline size_t TextReplyBytes(absl::string_view text) { return text.size() + 6; }

// "ERR wrong number of arguments for 'get' command".
void AnswerWrongArity(Call& call);

// Sizes as replies.
inline int64_t ToInteger(size_t size) { return static_cast<int64_t>(size); }

// Finds `key`; `value` is null if there is none. False: it holds another type,
// and the call has been answered so.
template <class T>
bool Look(Call& call, absl::string_view key, const T*& value) {
  value = nullptr;
  const Keyspace::Slot* slot = call.keys.Find(key);
  if (slot == nullptr) return true;
  value = slot->value.As<T>();
  if (value == nullptr) call.reply.Error(kWrongType);
  return value != nullptr;
}

// A value that is being changed: the one at `key`, or an empty one. When this
// goes, the keyspace takes note of what it has become; a collection that is
// empty then is removed, or never was there. Several may be open at once, for
// different keys.
template <class T>
class Edit {
 public:
  // Not ok(): the key holds another type, and the call has been answered so.
  Edit(Call& call, absl::string_view key) : keys_(call.keys), key_(key) {
    const Keyspace::Slot* slot = call.keys.Find(key);
    existed_ = slot != nullptr;
    if (existed_ && slot->value.As<T>() == nullptr) {
      call.reply.Error(kWrongType);
      return;
    }
    slot_ = &call.keys.Open<T>(key);
    value_ = slot_->value.As<T>();
  }
  Edit(const Edit&) = delete;
  Edit& operator=(const Edit&) = delete;
  ~Edit() {
    if (slot_ != nullptr) keys_.Commit(key_, *slot_);
  }

  bool ok() const { return slot_ != nullptr; }
  // Whether there was such a key before.
  bool existed() const { return existed_; }
  T* operator->() { return value_; }
  T& operator*() { return *value_; }

 private:
  Keyspace& keys_;
  const absl::string_view key_;
  bool existed_ = false;
  Keyspace::Slot* slot_ = nullptr;
  T* value_ = nullptr;
};

}  // namespace kv

#endif  // KV_COMMANDS_CALL_H_
