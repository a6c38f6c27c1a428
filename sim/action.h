// A callable that runs once, kept without an allocation when it is small.
//
// What the network and the disk schedule captures a shared pointer and a few
// numbers: more than absl::AnyInvocable keeps inline, and there are millions
// of them in a run.

#ifndef SIM_ACTION_H_
#define SIM_ACTION_H_

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"

namespace sim {

// What a person may call the type, from how the compiler writes the function
// that it is a parameter of: "sim::Pipe::Arm", or "sim_pipe.cc:159".
absl::string_view NameOfCallable(absl::string_view pretty_function);

class Action {
 public:
  static constexpr size_t kInlineBytes = 48;

  Action() = default;  // Empty.

  // Any callable without arguments; larger ones go to the heap.
  template <class Callable, class = std::enable_if_t<!std::is_same_v<
                                std::remove_cvref_t<Callable>, Action>>>
  Action(Callable&& callable) {  // NOLINT: implicit, like std::function.
    using Held = std::remove_cvref_t<Callable>;
    if constexpr (sizeof(Held) <= kInlineBytes &&
                  alignof(Held) <= alignof(std::max_align_t) &&
                  std::is_nothrow_move_constructible_v<Held>) {
      new (storage_) Held(std::forward<Callable>(callable));
      operations_ = &kInlineOperations<Held>;
    } else {
      new (storage_)
          Boxed<Held>(std::make_unique<Held>(std::forward<Callable>(callable)));
      operations_ = &kInlineOperations<Boxed<Held>>;
    }
  }

  Action(Action&& other) noexcept { Take(other); }
  Action& operator=(Action&& other) noexcept {
    if (this != &other) {
      Clear();
      Take(other);
    }
    return *this;
  }
  ~Action() { Clear(); }

  // Requires: not empty.
  void operator()() { operations_->run(storage_); }

  explicit operator bool() const { return operations_ != nullptr; }

  // Where the callable was written, for people. Requires: not empty.
  absl::string_view name() const {
    return NameOfCallable(operations_->pretty_function);
  }

 private:
  struct Operations {
    void (*run)(void* held);
    void (*move)(void* from, void* to) noexcept;  // And destroys `from`.
    void (*destroy)(void* held) noexcept;
    const char* pretty_function;  // Which names the type.
  };

  template <class Held>
  struct Boxed {
    explicit Boxed(std::unique_ptr<Held> callable)
        : held(std::move(callable)) {}
    void operator()() { (*held)(); }
    std::unique_ptr<Held> held;
  };

  template <class Held>
  static constexpr const char* PrettyFunction() {
    return __PRETTY_FUNCTION__;
  }

  template <class Held>
  static constexpr Operations kInlineOperations = {
      [](void* held) { (*static_cast<Held*>(held))(); },
      [](void* from, void* to) noexcept {
        Held* const held = static_cast<Held*>(from);
        new (to) Held(std::move(*held));
        held->~Held();
      },
      [](void* held) noexcept { static_cast<Held*>(held)->~Held(); },
      PrettyFunction<Held>(),
  };

  void Take(Action& other) noexcept {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_ != nullptr) operations_->move(other.storage_, storage_);
  }
  void Clear() noexcept {
    if (operations_ != nullptr) {
      std::exchange(operations_, nullptr)->destroy(storage_);
    }
  }

  const Operations* operations_ = nullptr;
  alignas(std::max_align_t) std::byte storage_[kInlineBytes];
};

}  // namespace sim

#endif  // SIM_ACTION_H_
