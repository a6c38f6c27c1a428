// The answers of one connection that its client has not taken yet, worded, in
// order.
//
// They lie in pieces: what waits is never copied to make room for more, and
// what has left is given back as it leaves. One fiber adds to them while
// another writes them.

#ifndef KV_RESP_ANSWERS_H_
#define KV_RESP_ANSWERS_H_

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace kv {

class RespAnswers {
 public:
  // Where the next answers are appended; Added() must follow. Not to be held
  // across a suspension.
  std::string& tail() { return tail_; }
  void Added();

  bool empty() const { return bytes() == 0; }
  size_t bytes() const { return sealed_bytes_ + tail_.size(); }
  // With the room that is kept beside them.
  size_t memory_bytes() const {
    return sealed_memory_ + tail_.capacity() + spare_.capacity();
  }

  // What is to be written next: all there is, or about `bytes_max` of it. Stays
  // where it is until Written() or another call of this.
  // Requires: !empty().
  std::span<const std::span<const std::byte>> Front(size_t bytes_max);
  // What Front() gave has been taken: how many bytes that were.
  size_t Written();

  // Forgets everything but what Front() gave last and was not Written().
  void Drop();

 private:
  void Seal();

  std::deque<std::string> sealed_;  // Complete, oldest first.
  size_t sealed_bytes_ = 0;         // Of them, what is not written.
  size_t sealed_memory_ = 0;
  size_t written_ = 0;  // Of the first.
  std::string tail_;    // Takes what comes.
  std::string spare_;   // Empty; has been a tail.
  std::vector<std::span<const std::byte>> front_;
  size_t front_bytes_ = 0;
};

}  // namespace kv

#endif  // KV_RESP_ANSWERS_H_
