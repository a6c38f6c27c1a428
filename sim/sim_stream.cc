#include "sim/sim_stream.h"

#include <algorithm>
#include <utility>

#include "runtime/bytes.h"
#include "runtime/check.h"
#include "runtime/status_macros.h"

namespace sim {
namespace {

// Walks over the pieces of one write and copies them out, each byte once.
class PieceCursor {
 public:
  explicit PieceCursor(std::span<const std::span<const std::byte>> pieces)
      : pieces_(pieces) {}

  // Requires: `bytes` are left.
  runtime::Bytes Take(size_t bytes) {
    return runtime::Bytes::Build(bytes, [this](std::span<std::byte> out) {
      while (!out.empty()) {
        const std::span<const std::byte> piece =
            pieces_.front().subspan(offset_);
        const size_t count = std::min(piece.size(), out.size());
        std::copy_n(piece.begin(), count, out.begin());
        out = out.subspan(count);
        offset_ += count;
        if (offset_ == pieces_.front().size()) {
          pieces_ = pieces_.subspan(1);
          offset_ = 0;
        }
      }
    });
  }

 private:
  std::span<const std::span<const std::byte>> pieces_;
  size_t offset_ = 0;  // In the first of them.
};

}  // namespace

SimStream::SimStream(std::shared_ptr<Connection> connection, Side side)
    : connection_(std::move(connection)), side_(side) {}

SimStream::~SimStream() {
  if (alive()) connection_->Release(side_);
}

bool SimStream::alive() const {
  return connection_->endpoint(side_).life->alive;
}

absl::Status SimStream::AwaitOpen(runtime::Instant deadline) {
  while (true) {
    if (absl::Status usable = connection_->Usable(side_); !usable.ok()) {
      if (!absl::IsUnavailable(usable)) return usable;
      return absl::UnavailableError("connection refused");
    }
    if (here().state == Endpoint::State::kOpen) return absl::OkStatus();
    RETURN_IF_ERROR(here().readable->Wait(deadline));
  }
}

// ---- reading

absl::StatusOr<size_t> SimStream::Read(std::span<std::byte> buffer,
                                       runtime::Instant deadline) {
  CHECK(!buffer.empty());
  while (true) {
    const absl::Status usable = connection_->Usable(side_);
    if (absl::IsCancelled(usable)) return usable;
    // What arrived before a reset of the peer can still be read.
    if (!here().unread.empty()) return TakeUnread(buffer);
    if (here().closed_by_peer) return size_t{0};
    RETURN_IF_ERROR(usable);
    CHECK(here().readable->empty(), "two fibers read one stream");
    RETURN_IF_ERROR(here().readable->Wait(deadline));
  }
}

size_t SimStream::TakeUnread(std::span<std::byte> buffer) {
  Endpoint& end = here();
  Pipe& pipe = connection_->incoming(side_);
  size_t there = 0;
  for (const Parcel& parcel : end.unread) {
    there += parcel.data.size();
    if (there - end.front_read_bytes >= buffer.size()) break;
  }
  const size_t count = pipe.link().DrawRead(
      std::min(there - end.front_read_bytes, buffer.size()));
  size_t done = 0;
  size_t charged = 0;
  while (done < count) {
    const Parcel& parcel = end.unread.front();
    const size_t left = parcel.data.size() - end.front_read_bytes;
    const size_t take = std::min(left, count - done);
    std::copy_n(parcel.data.data() + end.front_read_bytes, take,
                buffer.begin() + static_cast<std::ptrdiff_t>(done));
    done += take;
    if (parcel.charged) charged += take;
    end.front_read_bytes += take;
    if (take == left) {
      end.unread.pop_front();
      end.front_read_bytes = 0;
    }
  }
  if (charged != 0) pipe.Consumed(charged);
  return count;
}

// ---- writing

absl::Status SimStream::Write(
    std::span<const std::span<const std::byte>> pieces,
    net::Patience patience) {
  RETURN_IF_ERROR(connection_->Usable(side_));
  CHECK(!here().closed_here, "Write() after CloseWrite()");
  size_t left = 0;
  for (const std::span<const std::byte> piece : pieces) left += piece.size();
  if (left == 0) return absl::OkStatus();
  Pipe& pipe = connection_->outgoing(side_);
  pipe.link().world().MayFailToAllocate();
  const uint32_t reset_ppm = pipe.link().knobs().reset_ppm;
  const bool breaks = pipe.link().Strikes(reset_ppm, "");
  Time stall = pipe.link().DrawStall();
  PieceCursor cursor(pieces);
  while (left > 0) {
    RETURN_IF_ERROR(AwaitRoom(left, patience));
    const bool whole = pipe.framing() == net::Framing::kFrames;
    const size_t count = whole ? left : std::min(left, pipe.room());
    pipe.SendData(cursor.Take(count), std::exchange(stall, 0));
    left -= count;
  }
  if (breaks) connection_->Break(side_);
  return absl::OkStatus();
}

absl::Status SimStream::AwaitRoom(size_t left, net::Patience patience) {
  Pipe& pipe = connection_->outgoing(side_);
  RETURN_IF_ERROR(connection_->Usable(side_));
  if (pipe.HasRoomFor(left)) return absl::OkStatus();
  runtime::Executor& executor = here().writable->executor();
  net::PatientWait wait(patience, executor.Now(), pipe.taken_bytes());
  while (true) {
    pipe.AwaitRoom();
    CHECK(here().writable->empty(), "two fibers write one stream");
    const absl::Status waited = here().writable->Wait(wait.next_look());
    if (!waited.ok() && !absl::IsDeadlineExceeded(waited)) return waited;
    RETURN_IF_ERROR(connection_->Usable(side_));
    if (pipe.HasRoomFor(left)) return absl::OkStatus();
    if (!waited.ok() && !wait.GoesOn(executor.Now(), pipe.taken_bytes())) {
      return waited;
    }
  }
}

uint64_t SimStream::taken_bytes() const {
  return connection_->outgoing(side_).taken_bytes();
}

void SimStream::CloseWrite() {
  if (alive()) connection_->CloseWrite(side_);
}

void SimStream::Reset() {
  if (alive()) connection_->Reset(side_);
}

net::Address SimStream::remote_address() const {
  return connection_->address(Other(side_));
}

net::Address SimStream::local_address() const {
  return connection_->address(side_);
}

}  // namespace sim
