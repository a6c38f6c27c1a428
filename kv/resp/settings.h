// What CONFIG GET and CONFIG SET see: of this node only, and until it stops.
//
// The server is configured by raft.yaml; nothing of that can be set here. What
// can be set are settings of Redis that clients and test suites set as they
// connect and that have no meaning here (how to encode small collections, when
// to save): they are remembered, and change nothing. A value must make sense,
// as in Redis. One that promises what the server does not do (events of keys, a
// limit of memory) is refused: only the one that is true is taken.

#ifndef KV_RESP_SETTINGS_H_
#define KV_RESP_SETTINGS_H_

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kv {

class RespSettings {
 public:
  static constexpr size_t kValueBytesMax = 1024;

  RespSettings();

  // For those whose value is what the server does.
  void Fix(absl::string_view name, absl::string_view value);

  // Those that match, any case, in order of name.
  std::vector<std::pair<absl::string_view, absl::string_view>> Matching(
      absl::string_view pattern) const;

  // Names and values in turn: all of them, or none. `culprit` is the name that
  // an error is about.
  // Errors: NOT_FOUND; FAILED_PRECONDITION: it cannot be changed, or not so;
  //         INVALID_ARGUMENT: not such a value, or the name comes twice.
  absl::Status Set(std::span<const absl::string_view> words,
                   absl::string_view& culprit);

 private:
  struct Setting {
    std::string value;
    bool fixed = false;
  };

  // The value as it is to be kept: a size in bytes.
  absl::Status Check(absl::string_view name, absl::string_view value,
                     std::string& kept) const;

  absl::btree_map<std::string, Setting> settings_;
};

}  // namespace kv

#endif  // KV_RESP_SETTINGS_H_
