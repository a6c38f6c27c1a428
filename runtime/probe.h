// What code may tell the world about itself, nearly free when nobody listens.
//
//   ALWAYS(cond, "name")     must hold whenever it is evaluated (a CHECK that
//                            sweeps can list by name).
//   SOMETIMES(cond, "name")  a rare state that some run must reach.
//   REACHABLE("name")        a rare line that some run must reach.
//   UNREACHABLE("name")      a line that no run may reach.
//   BUGGIFY("name")          true now and then in a simulated run: take a legal
//                            but unlikely choice here (a short segment, an
//                            early flush, a tiny window). Always false in
//                            production.
//   Note("raft.role", {{"term", 3}})   a structured trace event.
//
// Names are stable: they seed the per-run activation and are what a sweep
// reports. The list of all sites is known at link time, so that a sweep can
// name those it never reached. Use the macros in .cc files outside templates
// and inline functions only: a site is one place in the program.
//
// Who listens: a sim World; nobody in production.

#ifndef RUNTIME_PROBE_H_
#define RUNTIME_PROBE_H_

#include <cstdint>
#include <initializer_list>
#include <span>

#include "absl/strings/string_view.h"

#include "runtime/check.h"
#include "runtime/strong_int.h"

namespace runtime {

enum class ProbeKind : uint8_t {
  kAlways,
  kSometimes,
  kReachable,
  kUnreachable,
  kBuggify,
};

// One place in the program. Never moves, never dies.
struct ProbeSite {
  ProbeKind kind;
  const char* name;
  const char* file;
  int line;
};

struct NoteField {
  NoteField(absl::string_view name, int64_t value) : key(name), number(value) {}
  NoteField(absl::string_view name, uint64_t value)
      : key(name), number(static_cast<int64_t>(value)) {}
  NoteField(absl::string_view name, int value) : key(name), number(value) {}
  NoteField(absl::string_view name, uint32_t value)
      : key(name), number(value) {}
  NoteField(absl::string_view name, bool value) : key(name), number(value) {}
  NoteField(absl::string_view name, const char* value)
      : key(name), text(value) {}
  NoteField(absl::string_view name, absl::string_view value)
      : key(name), text(value) {}
  template <class Tag>
  NoteField(absl::string_view name, StrongInt<Tag> value)
      : key(name), number(static_cast<int64_t>(value.value())) {}

  absl::string_view key;
  absl::string_view text;  // Set, or else `number` is the value.
  int64_t number = 0;
};

class ProbeSink {
 public:
  virtual ~ProbeSink() = default;
  virtual void OnNote(absl::string_view kind,
                      std::span<const NoteField> fields) = 0;
  // A SOMETIMES or REACHABLE was reached.
  virtual void OnReached(const ProbeSite& site) = 0;
  // Decides a BUGGIFY.
  virtual bool OnBuggify(const ProbeSite& site) = 0;
};

// The one listener of this program, or null. Set before there are threads;
// it must outlive every use.
extern ProbeSink* probe_sink;

// All sites linked into this program, in link order.
std::span<const ProbeSite* const> ProbeSites();

inline void Note(absl::string_view kind,
                 std::initializer_list<NoteField> fields) {
  if (probe_sink != nullptr) [[unlikely]] {
    probe_sink->OnNote(kind, {fields.begin(), fields.size()});
  }
}

}  // namespace runtime

// A pointer to the site lies in its own linker section: that is the catalogue.
#define RUNTIME_PROBE_SITE(kind, name)                               \
  static const ::runtime::ProbeSite probe_site{kind, name, __FILE__, \
                                               __LINE__};            \
  static const ::runtime::ProbeSite* const probe_entry               \
      __attribute__((section("probe_sites"), used)) = &probe_site

#define ALWAYS(condition, name)                              \
  do {                                                       \
    RUNTIME_PROBE_SITE(::runtime::ProbeKind::kAlways, name); \
    CHECK(condition, name);                                  \
  } while (false)

#define UNREACHABLE(name)                                          \
  do {                                                             \
    RUNTIME_PROBE_SITE(::runtime::ProbeKind::kUnreachable, name);  \
    ::runtime::FailCheck(__FILE__, __LINE__, "UNREACHABLE", name); \
  } while (false)

#define SOMETIMES(condition, name)                              \
  do {                                                          \
    RUNTIME_PROBE_SITE(::runtime::ProbeKind::kSometimes, name); \
    if (::runtime::probe_sink != nullptr && (condition)) {      \
      ::runtime::probe_sink->OnReached(probe_site);             \
    }                                                           \
  } while (false)

#define REACHABLE(name)                                         \
  do {                                                          \
    RUNTIME_PROBE_SITE(::runtime::ProbeKind::kReachable, name); \
    if (::runtime::probe_sink != nullptr) {                     \
      ::runtime::probe_sink->OnReached(probe_site);             \
    }                                                           \
  } while (false)

#define BUGGIFY(name)                                         \
  ([]() -> bool {                                             \
    RUNTIME_PROBE_SITE(::runtime::ProbeKind::kBuggify, name); \
    return ::runtime::probe_sink != nullptr &&                \
           ::runtime::probe_sink->OnBuggify(probe_site);      \
  }())

#endif  // RUNTIME_PROBE_H_
