#include "net/steady_write.h"

#include <algorithm>
#include <vector>

#include "runtime/status_macros.h"

namespace net {
namespace {

using Piece = std::span<const std::byte>;

size_t BytesOf(std::span<const Piece> pieces) {
  size_t bytes = 0;
  for (const Piece& piece : pieces) bytes += piece.size();
  return bytes;
}

}  // namespace

absl::Status WriteSteadily(runtime::Executor& executor, Stream& stream,
                           std::span<const Piece> pieces,
                           absl::Duration timeout) {
  if (BytesOf(pieces) <= kSteadyStepBytes) {
    return stream.Write(pieces, executor.Now() + timeout);
  }
  std::vector<Piece> step;
  size_t room = kSteadyStepBytes;
  for (Piece piece : pieces) {
    while (!piece.empty()) {
      const size_t take = std::min(piece.size(), room);
      step.push_back(piece.first(take));
      piece = piece.subspan(take);
      room -= take;
      if (room > 0) continue;
      RETURN_IF_ERROR(stream.Write(step, executor.Now() + timeout));
      step.clear();
      room = kSteadyStepBytes;
    }
  }
  if (step.empty()) return absl::OkStatus();
  return stream.Write(step, executor.Now() + timeout);
}

}  // namespace net
