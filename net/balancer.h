// Which of several servers gets the next call.

#ifndef NET_BALANCER_H_
#define NET_BALANCER_H_

#include <cstddef>
#include <span>

#include "net/address.h"

namespace net {

// What a balancer may know of one server.
struct TargetState {
  const Address* address;
  bool resting;  // It was not reached just now and waits for the next attempt.
  bool connected;
  size_t calls_in_flight;
};

class Balancer {
 public:
  virtual ~Balancer() = default;
  // An index into `targets`, which is never empty and whose order is that of
  // ClientConfig::targets. Never suspends.
  virtual size_t Pick(std::span<const TargetState> targets) = 0;
};

// One after the other, past those that rest as long as there is another.
class RoundRobin final : public Balancer {
 public:
  size_t Pick(std::span<const TargetState> targets) override;

 private:
  size_t next_ = 0;
};

}  // namespace net

#endif  // NET_BALANCER_H_
