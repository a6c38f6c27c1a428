#include "net/peer_queue.h"

#include "runtime/check.h"

namespace net {

size_t PeerQueue::Cost(const PeerMessage& message) {
  size_t bytes = kMessageOverheadBytes;
  for (const runtime::Bytes& piece : message.pieces) bytes += piece.size();
  return bytes;
}

size_t PeerQueue::Push(PeerMessage message) {
  const size_t cost = Cost(message);
  LaneQueue& lane = lanes_[static_cast<size_t>(message.lane)];
  PeerMessage* older = nullptr;
  if (message.replace_key != 0) {
    const auto found = lane.keyed.find({message.group, message.replace_key});
    if (found != lane.keyed.end()) {
      older = &lane.messages[found->second - lane.first];
    }
  }
  const size_t freed = older != nullptr ? Cost(*older) : 0;
  size_t dropped = 0;
  if (bytes_ - freed + cost > bytes_max_) {
    dropped = MakeRoom(message.lane, cost - freed);
    if (bytes_ - freed + cost > bytes_max_) return dropped + 1;
  }
  bytes_ = bytes_ - freed + cost;
  if (older != nullptr) {
    *older = std::move(message);
    return dropped;
  }
  if (message.replace_key != 0) {
    lane.keyed[{message.group, message.replace_key}] =
        lane.first + lane.messages.size();
  }
  lane.messages.push_back(std::move(message));
  return dropped;
}

size_t PeerQueue::MakeRoom(Lane lane, size_t bytes) {
  size_t dropped = 0;
  for (size_t lower = kLanes; --lower > static_cast<size_t>(lane);) {
    while (!lanes_[lower].messages.empty() && bytes_ + bytes > bytes_max_) {
      DropNewest(lanes_[lower]);
      ++dropped;
    }
  }
  return dropped;
}

void PeerQueue::DropNewest(LaneQueue& lane) {
  Forget(lane, lane.messages.back());
  lane.messages.pop_back();
}

void PeerQueue::Forget(LaneQueue& lane, const PeerMessage& message) {
  bytes_ -= Cost(message);
  if (message.replace_key != 0) {
    lane.keyed.erase({message.group, message.replace_key});
  }
}

std::optional<PeerMessage> PeerQueue::Pop() {
  for (LaneQueue& lane : lanes_) {
    if (lane.messages.empty()) continue;
    Forget(lane, lane.messages.front());
    PeerMessage message = std::move(lane.messages.front());
    lane.messages.pop_front();
    ++lane.first;
    return message;
  }
  CHECK_EQ(bytes_, 0u);
  return std::nullopt;
}

size_t PeerQueue::Clear() {
  size_t dropped = 0;
  for (LaneQueue& lane : lanes_) {
    dropped += lane.messages.size();
    lane.first += lane.messages.size();
    lane.messages.clear();
    lane.keyed.clear();
  }
  bytes_ = 0;
  return dropped;
}

}  // namespace net
