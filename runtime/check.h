// Broken invariants: what only a bug can do. On in every build.
//
//   CHECK(index <= last, "commit beyond the log of ", node);
//   CHECK_EQ(a, b, "why they must be equal");
//
// A failed check calls the installed CheckHandler with the evidence. In
// production there is none: the process prints the evidence and aborts. In the
// simulator the handler of the World fails the seed and abandons the fiber, so
// a handler must not return.
//
// What the world can do (a full disk, a lost peer, bad input) is never a
// check: it is an absl::Status.

#ifndef RUNTIME_CHECK_H_
#define RUNTIME_CHECK_H_

#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"

#include "runtime/instant.h"
#include "runtime/strong_int.h"

namespace runtime {

struct CheckFailure {
  const char* file;
  int line;
  std::string condition;  // The text of the condition, with its values.
  std::string message;    // What the caller added; may be empty.
};

// Called once per failure; must not return (it is aborted if it does).
using CheckHandler = void (*)(const CheckFailure&);

// Installs `handler` (null: print and abort) and returns the one before it.
CheckHandler SetCheckHandler(CheckHandler handler);

[[noreturn]] void FailCheck(const char* file, int line, std::string condition,
                            std::string message);

// How a checked value is printed. Overload by adding a branch here, not
// elsewhere: the evidence of a failed check should look the same everywhere.
template <class T>
std::string CheckText(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return absl::StrCat(static_cast<int64_t>(value));
  } else if constexpr (std::is_pointer_v<T>) {
    return value == nullptr ? "null" : "non-null";
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, Instant>) {
    return absl::StrCat(value.nanos(), "ns");
  } else if constexpr (requires { value.value().value(); }) {
    return CheckText(value.value());
  } else if constexpr (requires {
                         { value.value() } -> std::same_as<uint64_t>;
                       }) {
    return absl::StrCat(value.value());
  } else if constexpr (requires { value.ToString(); }) {
    return std::string(value.ToString());
  } else if constexpr (requires { absl::StrCat(value); }) {
    return absl::StrCat(value);
  } else if constexpr (std::is_convertible_v<T, std::string>) {
    return value;
  } else {
    return "(value)";
  }
}

}  // namespace runtime

#define CHECK(condition, ...)                                              \
  do {                                                                     \
    if (!(condition)) [[unlikely]] {                                       \
      ::runtime::FailCheck(__FILE__, __LINE__, #condition,                 \
                           ::absl::StrCat("" __VA_OPT__(, ) __VA_ARGS__)); \
    }                                                                      \
  } while (false)

#define RUNTIME_CHECK_OP(op, a, b, ...)                         \
  do {                                                          \
    const auto& check_a = (a);                                  \
    const auto& check_b = (b);                                  \
    if (!(check_a op check_b)) [[unlikely]] {                   \
      ::runtime::FailCheck(                                     \
          __FILE__, __LINE__,                                   \
          ::absl::StrCat(#a " " #op " " #b " (",                \
                         ::runtime::CheckText(check_a), " vs ", \
                         ::runtime::CheckText(check_b), ")"),   \
          ::absl::StrCat("" __VA_OPT__(, ) __VA_ARGS__));       \
    }                                                           \
  } while (false)

#define CHECK_EQ(a, b, ...) \
  RUNTIME_CHECK_OP(==, a, b __VA_OPT__(, ) __VA_ARGS__)
#define CHECK_NE(a, b, ...) \
  RUNTIME_CHECK_OP(!=, a, b __VA_OPT__(, ) __VA_ARGS__)
#define CHECK_LT(a, b, ...) RUNTIME_CHECK_OP(<, a, b __VA_OPT__(, ) __VA_ARGS__)
#define CHECK_LE(a, b, ...) \
  RUNTIME_CHECK_OP(<=, a, b __VA_OPT__(, ) __VA_ARGS__)
#define CHECK_GT(a, b, ...) RUNTIME_CHECK_OP(>, a, b __VA_OPT__(, ) __VA_ARGS__)
#define CHECK_GE(a, b, ...) \
  RUNTIME_CHECK_OP(>=, a, b __VA_OPT__(, ) __VA_ARGS__)

#endif  // RUNTIME_CHECK_H_
