// What can be decoded has one encoding only: the one it was decoded from.

#include <string>

#include "raft/codec.h"
#include "runtime/bytes.h"
#include "runtime/check.h"
#include "tests/fuzz/targets.h"

namespace fuzz {

void RunMessages(Input input) {
  const runtime::Bytes bytes = runtime::Bytes::Copy(input);
  const absl::StatusOr<raft::Message> message = raft::DecodeMessage(bytes);
  if (!message.ok()) return;
  std::string again;
  for (const runtime::Bytes& piece : raft::EncodeMessage(*message)) {
    again.append(piece.text().data(), piece.size());
  }
  CHECK(absl::string_view(again) == bytes.text(), "a message of ", bytes.size(),
        " bytes has another encoding of ", again.size());
}

}  // namespace fuzz
