// What CONFIG GET and CONFIG SET see.
//
// The server is configured by raft.yaml; nothing of that can be set here. What
// can be set are settings of Redis that clients and test suites set as they
// connect and that have no meaning here (how to encode small collections, when
// to save): they are remembered, and change nothing.

#ifndef KV_RESP_SETTINGS_H_
#define KV_RESP_SETTINGS_H_

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

  // Errors: NOT_FOUND; FAILED_PRECONDITION: it cannot be changed;
  //         INVALID_ARGUMENT: the value is too long.
  absl::Status Set(absl::string_view name, absl::string_view value);

 private:
  struct Setting {
    std::string value;
    bool fixed = false;
  };
  absl::btree_map<std::string, Setting> settings_;
};

}  // namespace kv

#endif  // KV_RESP_SETTINGS_H_
