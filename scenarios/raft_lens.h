// How the simulator learns what Raft's messages are called: for the filters of
// a scenario, and for traces that tell a story.

#ifndef SCENARIOS_RAFT_LENS_H_
#define SCENARIOS_RAFT_LENS_H_

#include <span>
#include <vector>

#include "absl/strings/string_view.h"

#include "runtime/bytes.h"
#include "sim/message_lens.h"

namespace scenarios {

class RaftLens final : public sim::MessageLens {
 public:
  // Every kind there is. Of Raft: prevote, prevote_reply, vote, vote_reply,
  // append (with entries), probe (an append without any), append_reply,
  // heartbeat, heartbeat_reply. Of the transport: hello, welcome, ping, pong.
  static std::span<const absl::string_view> Kinds();

  std::vector<sim::SeenMessage> Look(const runtime::Bytes& write,
                                     Detail detail) const override;
};

}  // namespace scenarios

#endif  // SCENARIOS_RAFT_LENS_H_
