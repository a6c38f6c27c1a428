// What a key holds: a value of one of Redis' types.
//
// Each type has a class with these, besides what its commands need:
//
//   bool vanishes() const;   // Nothing is left in it: the key goes, too.
//   uint64_t hash() const;   // Of the contents; O(1). Equal contents, equal
//                            // hashes, whatever the history.
//   T Copy(Steps) const;     // All of it once more; kv/values/steps.h.
//   size_t pieces() const;   // How many allocations it is, about.
//   bool FreeSome(size_t);   // Frees so many of them. True: nothing is left.
//                            // Only for what nobody looks at any more.
//
// Strings lie in the value itself; the others, which are larger, behind a
// pointer, so that a keyspace of strings does not pay for them.

#ifndef KV_VALUES_VALUE_H_
#define KV_VALUES_VALUE_H_

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/string_view.h"

#include "kv/values/hash_value.h"
#include "kv/values/list_value.h"
#include "kv/values/set_value.h"
#include "kv/values/sorted_set_value.h"
#include "kv/values/steps.h"
#include "kv/values/string_value.h"
#include "runtime/random.h"

namespace kv {

class Value {
 public:
  Value() = default;  // An empty string.
  template <class T>
    requires(!std::is_same_v<T, Value>)
  explicit Value(T value) : holder_(Holder<T>(std::move(value))) {}

  // The value as a T; null if it is of another type.
  template <class T>
  const T* As() const {
    const auto* holder = std::get_if<Holder<T>>(&holder_);
    return holder == nullptr ? nullptr : &holder->get();
  }
  template <class T>
  T* As() {
    auto* holder = std::get_if<Holder<T>>(&holder_);
    return holder == nullptr ? nullptr : &holder->get();
  }

  bool vanishes() const {
    return std::visit(
        [](const auto& holder) { return holder.get().vanishes(); }, holder_);
  }

  uint64_t hash() const {
    return runtime::MixHash(
        holder_.index(),
        std::visit([](const auto& holder) { return holder.get().hash(); },
                   holder_));
  }

  Value Copy(Steps steps) const {
    return std::visit(
        [steps](const auto& holder) { return Value(holder.get().Copy(steps)); },
        holder_);
  }

  size_t pieces() const {
    return std::visit([](const auto& holder) { return holder.get().pieces(); },
                      holder_);
  }
  bool FreeSome(size_t pieces) {
    return std::visit(
        [pieces](auto& holder) { return holder.get().FreeSome(pieces); },
        holder_);
  }

  // As the command TYPE words it.
  absl::string_view type_name() const {
    static constexpr absl::string_view kNames[] = {"string", "hash", "list",
                                                   "set", "zset"};
    return kNames[holder_.index()];
  }

 private:
  template <class T>
  class InPlace {
   public:
    InPlace() = default;
    explicit InPlace(T value) : value_(std::move(value)) {}
    const T& get() const { return value_; }
    T& get() { return value_; }

   private:
    T value_;
  };

  // Never null, except when moved from.
  template <class T>
  class Boxed {
   public:
    explicit Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Boxed(Boxed&&) noexcept = default;
    Boxed& operator=(Boxed&&) noexcept = default;
    ~Boxed() = default;
    const T& get() const { return *value_; }
    T& get() { return *value_; }

   private:
    std::unique_ptr<T> value_;
  };

  template <class T>
  using Holder =
      std::conditional_t<std::is_same_v<T, StringValue>, InPlace<T>, Boxed<T>>;

  // The place of a type goes into its hash: never reorder.
  std::variant<Holder<StringValue>, Holder<HashValue>, Holder<ListValue>,
               Holder<SetValue>, Holder<SortedSetValue>>
      holder_;
};

}  // namespace kv

#endif  // KV_VALUES_VALUE_H_
