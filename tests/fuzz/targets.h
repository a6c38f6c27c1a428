// Doors through which bytes come in that nobody can vouch for, each as one
// function: whatever the input, it must not crash, hang, or allocate more than
// a small multiple of it, and what it accepts must hold together. A broken
// promise is a failed CHECK.
//
// libFuzzer looks for inputs (`./dev fuzz`); what it found, and seeds made by
// make_corpus.cc, lie in corpus/<target>/ and are run by every `./dev test`.

#ifndef TESTS_FUZZ_TARGETS_H_
#define TESTS_FUZZ_TARGETS_H_

#include <cstddef>
#include <span>

#include "absl/strings/string_view.h"

namespace fuzz {

using Input = std::span<const std::byte>;

void RunFrames(Input input);         // net/frame.h
void RunMessages(Input input);       // raft/codec.h
void RunLogRecovery(Input input);    // persist/wal_recovery.h
void RunScenarioFiles(Input input);  // scenarios/scenario_file.h
void RunArtifacts(Input input);      // scenarios/artifact.h and its parts
void RunRespRequests(Input input);   // kv/resp.h
void RunServerConfigs(Input input);  // prod/server_config.h

struct Target {
  const char* name;  // Also of its corpus.
  void (*run)(Input input);
};
std::span<const Target> Targets();

// A file of the log in an input of RunLogRecovery(): its first byte is a number
// for its name, then the offset (4 bytes, lowest first), a length (2 bytes) and
// the bytes there. An input is such stretches one after the other.
inline constexpr size_t kStretchHeadBytes = 7;

}  // namespace fuzz

#endif  // TESTS_FUZZ_TARGETS_H_
