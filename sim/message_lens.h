// What the guest tells the simulator about its own messages: where each one in
// a write begins and what it is called. For filters and traces; the simulator
// itself knows no protocol.

#ifndef SIM_MESSAGE_LENS_H_
#define SIM_MESSAGE_LENS_H_

#include <cstddef>
#include <span>
#include <vector>

#include "absl/strings/string_view.h"

#include "runtime/bytes.h"
#include "runtime/probe.h"

namespace sim {

struct SeenMessage {
  absl::string_view kind;  // "append". Static storage.
  size_t bytes = 0;        // How much of the write it is.
  // More for people, if asked for. Keys and text are of static storage.
  std::vector<runtime::NoteField> fields = {};
};

class MessageLens {
 public:
  enum class Detail : uint8_t { kKinds, kFields };

  virtual ~MessageLens() = default;

  // The messages of one write on a frame stream, in order, from its first byte.
  // They need not cover all of it: what is left at the end is not known (it may
  // be damaged).
  virtual std::vector<SeenMessage> Look(const runtime::Bytes& write,
                                        Detail detail) const = 0;
};

}  // namespace sim

#endif  // SIM_MESSAGE_LENS_H_
