// One direction of a connection: what has left the writer and not yet been
// read, and when it arrives.
//
// Byte streams keep their order whatever happens: a cut link or a host without
// power sets everything aside until the way is free again, as TCP does by
// sending again. Frames of a frame stream are lost, repeated, overtaken or
// damaged one by one, by the knobs and the regime of the link.
//
// The window counts the bytes written and not yet read. Room comes back to the
// writer after one latency of the way back, and not at all while that way is
// cut (byte streams): a cut of one direction stops both in the end.
//
// Where the bandwidth is limited a large write does not come all at once, but
// in segments as they are carried, so that each side sees the other's bytes
// move.

#ifndef SIM_SIM_PIPE_H_
#define SIM_SIM_PIPE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "net/stream.h"
#include "runtime/bytes.h"
#include "sim/event.h"
#include "sim/frame_filter.h"
#include "sim/message_lens.h"
#include "sim/sim_link.h"
#include "sim/world.h"

namespace sim {

class Pipe;

// What travels. In the words of TCP: SYN, SYN-ACK, a segment, FIN, RST.
struct Parcel {
  enum class Kind : uint8_t { kOpen, kOpened, kData, kClose, kReset };

  Kind kind = Kind::kData;
  // Counted by the window. A repeated frame is not.
  bool charged = false;
  // A frame that a clog holds: it goes on at once when the link is free.
  bool clogged = false;
  Time arrival = 0;
  runtime::Bytes data;  // kData only; never empty there.
  // A large write comes in segments, one behind the other, with nothing in
  // between.
  bool more = false;  // Another segment of this write follows.
  // The last of several: all of the write.
  runtime::Bytes whole = runtime::Bytes();
};

// Who sits at the two ends. Shared ownership, because events of the world that
// are under way may outlive everybody who cares.
class PipeEnds : public std::enable_shared_from_this<PipeEnds> {
 public:
  virtual ~PipeEnds() = default;
  virtual void OnArrival(Pipe& pipe, Parcel parcel) = 0;
  // The window may have room again.
  virtual void OnRoom(Pipe& pipe) = 0;
  // The network has kept a copy of a frame and brings it again after `later`.
  virtual void OnKept(Pipe& pipe, runtime::Bytes frame, Time later) = 0;
  // Who knows what frames are made of; may be null.
  virtual const MessageLens* lens() const = 0;
};

class Pipe {
 public:
  // All must outlive this. `back` is the link of the other direction.
  Pipe(PipeEnds& ends, Link& link, Link& back, net::Framing framing);
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  Link& link() const { return link_; }
  net::Framing framing() const { return framing_; }

  // ---- the writer's end
  // Bytes that the window still takes.
  size_t room();
  // Whether a write with `bytes` left need not wait: a frame that fits or is
  // alone; of a byte stream, enough for a segment of decent size.
  bool HasRoomFor(size_t bytes);
  // From now until the next OnRoom(), somebody waits for room.
  void AwaitRoom();
  // `stall`: how much later than usual it arrives, and all that follows.
  // Requires: !data.empty().
  void SendData(runtime::Bytes data, Time stall);
  // kOpen, kOpened, kClose.
  void SendControl(Parcel::Kind kind);
  // Like SendControl(), but lost when it runs into a cut with nothing before
  // it: that leaves the other side half-open. Nothing while one is under way.
  void SendReset();
  // A frame from long ago arrives now; it may be that of another connection.
  void SendAncient(runtime::Bytes frame);
  // Tries again after `delay` to deliver what just arrived.
  void Retry(Parcel parcel, absl::Duration delay);

  // Of what was written: what has arrived, or was lost on its way. What the far
  // end does with it does not matter.
  uint64_t taken_bytes() const { return taken_bytes_; }

  // ---- the reader's end
  // `bytes` of charged parcels have been read, or have met nobody.
  void Consumed(size_t bytes);

  // ---- the world
  // The link, or the one back, may be free again.
  void Unblock();
  // What is under way goes on as fast as the link carries it now.
  void Hasten(const Link::Hastening& sooner);
  // Forgets what is under way, save a reset and the answer to a dial: those the
  // kernel had sent before.
  void Discard();
  // From now on nothing arrives, and nobody is told.
  void Swallow() { swallows_ = true; }
  // The sending host has lost its power, and with it what it would have sent
  // again.
  void SenderLostPower();

 private:
  struct Credit {
    Time at;
    size_t bytes;
  };

  void SendBytes(Parcel parcel, Time stall);
  // Message by message.
  void SendFiltered(Parcel parcel, Time stall, FrameFilters& filters);
  void TellFiltered(absl::string_view message,
                    const FrameFilters::Verdict& verdict);
  // `late`: how much later than in its order it arrives.
  void SendFrame(Parcel parcel, Time stall, Time late = 0);
  bool IsLost(const NetworkKnobs& knobs);
  // Lost, or held until the cut heals.
  void FrameMeetsCut(Parcel parcel);
  Time NextInOrder(size_t bytes, Time stall);
  // Of data: all at once, or segment by segment if the link is so slow that it
  // makes a difference.
  void InsertData(Parcel parcel, Time not_before);
  void Insert(Parcel parcel);
  void Arm();
  void DeliverDue();
  void Hold(Parcel parcel);
  void RetimeBytes(Time restart);
  void RetimeFrames(Time restart);
  void GiveBack(size_t bytes);  // Room, at once.
  void LoseInCut(size_t bytes);
  void AbsorbCredits();
  void ArmRoom();
  std::shared_ptr<Pipe> Shared();

  PipeEnds& ends_;
  Link& link_;
  Link& back_;
  const net::Framing framing_;

  std::deque<Parcel> flight_;  // By arrival.
  // Met a link that was blocked, in order; empty while the link is free.
  std::deque<Parcel> held_;
  Time last_in_order_ = 0;  // Nothing that keeps the order arrives before.
  Time last_of_all_ = 0;
  Time armed_at_ = kNever;  // The earliest event under way to deliver.
  bool reset_under_way_ = false;
  bool swallows_ = false;
  Time stalled_since_ = kNever;  // By a cut or a dark host; bytes only.

  Link::Flow flow_;
  uint64_t taken_bytes_ = 0;
  // Lost in a cut, or where nobody was: not taken as long as that lasts.
  uint64_t cut_bytes_ = 0;
  size_t used_bytes_ = 0;
  std::deque<Credit> credits_;  // Read, and on the way back to the writer.
  size_t withheld_bytes_ = 0;   // Read, and the way back is cut.
  bool room_armed_ = false;
  bool writer_waits_ = false;
};

}  // namespace sim

#endif  // SIM_SIM_PIPE_H_
