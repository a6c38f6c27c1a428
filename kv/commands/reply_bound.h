// Keeps a reply from growing far beyond what it may weigh while it is written.
//
//   const ReplyBound bound(call.reply);
//   call.reply.Array(hash->size());
//   for (const auto& field : hash->fields()) {
//     if (bound.full()) return;
//     call.reply.Text(field.key);
//   }
//
// A value may be larger than any reply, and an argument may name it often. Once
// it is full, writing may stop anywhere: what there is makes place for an
// error when this goes.

#ifndef KV_COMMANDS_REPLY_BOUND_H_
#define KV_COMMANDS_REPLY_BOUND_H_

#include <cstddef>

#include "kv/reply.h"

namespace kv {

class ReplyBound {
 public:
  explicit ReplyBound(ResultWriter& reply)
      : reply_(reply), begin_(reply.bytes()), parts_(reply.parts()) {}
  ReplyBound(const ReplyBound&) = delete;
  ReplyBound& operator=(const ReplyBound&) = delete;
  ~ReplyBound() {
    HasTooManyParts() ? reply_.CutReply(begin_) : reply_.BoundReply(begin_);
  }

  bool full() const {
    return reply_.bytes() - begin_ > kReplyBytesMax || HasTooManyParts();
  }

 private:
  bool HasTooManyParts() const {
    return reply_.parts() - parts_ > kReplyPartsMax;
  }

  ResultWriter& reply_;
  const size_t begin_;  // What bytes() was before the reply.
  const size_t parts_;  // And parts().
};

}  // namespace kv

#endif  // KV_COMMANDS_REPLY_BOUND_H_
