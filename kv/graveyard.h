// Values that are gone and have not been freed yet, because that takes long: a
// fiber frees them piece by piece (kv/reaper.h), so that DEL, FLUSHALL or an
// overwriting SET costs the same whatever it removes.
//
// Until somebody frees, what is buried is freed at once.

#ifndef KV_GRAVEYARD_H_
#define KV_GRAVEYARD_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "kv/values/value.h"
#include "runtime/wait_queue.h"

namespace kv {

class Graveyard {
 public:
  // Smaller values are freed where they are: that is cheaper.
  static constexpr size_t kPiecesMin = 512;

  // Anything of many pieces.
  class Grave {
   public:
    virtual ~Grave() = default;
    // Frees so many pieces, or all that are left. True: nothing is left.
    virtual bool FreeSome(size_t pieces) = 0;
  };

  // Leaves an empty value behind, if it takes the value at all.
  void Bury(Value& value) {
    if (reaper_ == nullptr || value.pieces() < kPiecesMin) return;
    Bury(std::make_unique<ValueGrave>(std::exchange(value, Value())));
  }
  void Bury(std::unique_ptr<Grave> grave) {
    if (reaper_ == nullptr) return;
    graves_.push_back(std::move(grave));
    reaper_->NotifyAll();
  }

  bool empty() const { return graves_.empty(); }
  size_t size() const { return graves_.size(); }
  // Requires: !empty().
  void FreeSome(size_t pieces) {
    if (graves_.front()->FreeSome(pieces)) graves_.pop_front();
  }
  // From now on somebody frees, who waits in `reaper`. Null: nobody any more.
  void SetReaper(runtime::WaitQueue* reaper) { reaper_ = reaper; }

 private:
  class ValueGrave final : public Grave {
   public:
    explicit ValueGrave(Value value) : value_(std::move(value)) {}
    bool FreeSome(size_t pieces) override { return value_.FreeSome(pieces); }

   private:
    Value value_;
  };

  std::deque<std::unique_ptr<Grave>> graves_;
  runtime::WaitQueue* reaper_ = nullptr;
};

}  // namespace kv

#endif  // KV_GRAVEYARD_H_
