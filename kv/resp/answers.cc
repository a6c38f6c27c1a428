#include "kv/resp/answers.h"

#include <algorithm>
#include <utility>

#include "runtime/bytes.h"
#include "runtime/check.h"

namespace kv {
namespace {

// A piece is complete once it has so much.
constexpr size_t kPieceBytes = 64 << 10;
// Room for answers that a connection keeps while there are none.
constexpr size_t kRoomKept = 16 << 10;
// As many as one call of the system takes.
constexpr size_t kFrontPiecesMax = 64;

}  // namespace

void RespAnswers::Added() {
  if (tail_.size() >= kPieceBytes) Seal();
}

void RespAnswers::Seal() {
  // Room for more than it holds is room that nobody will use.
  if (tail_.size() >= kPieceBytes &&
      tail_.capacity() > tail_.size() + tail_.size() / 4) {
    tail_.shrink_to_fit();
  }
  sealed_bytes_ += tail_.size();
  sealed_memory_ += tail_.capacity();
  sealed_.push_back(std::move(tail_));
  tail_ = std::exchange(spare_, std::string());
}

std::span<const std::span<const std::byte>> RespAnswers::Front(
    size_t bytes_max) {
  CHECK(!empty(), "nothing is to be written");
  if (sealed_.empty()) Seal();
  front_.clear();
  front_bytes_ = 0;
  size_t skipped = written_;
  for (const std::string& piece : sealed_) {
    if (front_bytes_ >= bytes_max || front_.size() == kFrontPiecesMax) break;
    const std::span<const std::byte> rest =
        runtime::AsBytes(piece).subspan(skipped);
    skipped = 0;
    front_.push_back(
        rest.first(std::min(rest.size(), bytes_max - front_bytes_)));
    front_bytes_ += front_.back().size();
  }
  return front_;
}

size_t RespAnswers::Written() {
  const size_t taken = std::exchange(front_bytes_, 0);
  sealed_bytes_ -= taken;
  written_ += taken;
  front_.clear();
  while (!sealed_.empty() && written_ >= sealed_.front().size()) {
    std::string& piece = sealed_.front();
    written_ -= piece.size();
    sealed_memory_ -= piece.capacity();
    if (piece.capacity() <= kRoomKept && spare_.capacity() < piece.capacity()) {
      piece.clear();
      spare_ = std::move(piece);
    }
    sealed_.pop_front();
  }
  if (tail_.empty() && tail_.capacity() > kRoomKept) tail_ = std::string();
  return taken;
}

void RespAnswers::Drop() {
  tail_ = std::string();
  while (sealed_.size() > front_.size()) {
    // The first may be written in part, and is in front_ then, or whole.
    sealed_bytes_ -= sealed_.size() == 1 ? sealed_.back().size() - written_
                                         : sealed_.back().size();
    sealed_memory_ -= sealed_.back().capacity();
    sealed_.pop_back();
  }
  if (sealed_.empty()) written_ = 0;
}

}  // namespace kv
