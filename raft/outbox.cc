#include "raft/outbox.h"

#include <utility>
#include <variant>

#include "raft/codec.h"
#include "raft/node.h"
#include "runtime/check.h"

namespace raft {
namespace {

// A newer one makes an older one that has not left useless: a heartbeat and its
// reply carry only maxima.
constexpr uint32_t kHeartbeatKey = 1;
constexpr uint32_t kHeartbeatReplyKey = 2;

net::Lane LaneOf(const Message& message) {
  return std::holds_alternative<AppendRequest>(message) ? net::Lane::kAppend
                                                        : net::Lane::kControl;
}

uint32_t ReplaceKeyOf(const Message& message) {
  if (std::holds_alternative<HeartbeatRequest>(message)) return kHeartbeatKey;
  if (std::holds_alternative<HeartbeatReply>(message)) {
    return kHeartbeatReplyKey;
  }
  return 0;
}

}  // namespace

void Outbox::Post(Send send, Sequence durable) {
  if (send.after <= durable) {
    Leave(std::move(send));
  } else if (held_.size() < kHeldMax) {
    held_.push_back(std::move(send));
  }
}

void Outbox::Release(Sequence durable) {
  // Mostly in order of `after`, but not always: a reply that rests on an older
  // store may be posted behind one that rests on a newer.
  size_t still_held = 0;
  for (Send& send : held_) {
    if (send.after <= durable) {
      Leave(std::move(send));
    } else {
      std::swap(held_[still_held++], send);
    }
  }
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(still_held),
              held_.end());
}

void Outbox::Leave(Send send) {
  CHECK_NE(send.to, core_.self(), "a member writes to itself");
  if (observer_ != nullptr) observer_->OnSendLeaves(core_, send);
  net::PeerMessage message;
  message.group = core_.group();
  message.echo = send.echo;
  message.lane = LaneOf(send.message);
  message.replace_key = ReplaceKeyOf(send.message);
  message.pieces = EncodeMessage(send.message);
  transport_.Send(send.to, std::move(message));
}

}  // namespace raft
