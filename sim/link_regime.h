// The regime of one direction between two hosts: real links are not noisy all
// the time, they are calm for long and bad for a while.
//
//   calm        nothing beyond the other knobs
//   lossy       much is lost; a byte stream sends again after kResendAfter
//   laggy       everything takes long, and each thing differently
//   reordering  frames overtake each other
//   flapping    cut and whole again in quick succession
//   slow        little bandwidth
//
// A regime lasts for an exponential time; then it is the turn of another, which
// reigns with the chance that its knob says, and else it is calm. So switching
// one off leaves the others at their times. Changes are noted ("net.regime")
// and counted ("net.regime_lossy" and so on); what they do to a frame is
// counted as usual, a byte stream that sends again as net.segment_resent and a
// cut as net.regime_flap.
//
// The dice are its own: "net.regime" for the changes, "net.regime_flap" for the
// flapping, "net.regime_toll" for what else they do.

#ifndef SIM_LINK_REGIME_H_
#define SIM_LINK_REGIME_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

#include "runtime/random.h"
#include "sim/event.h"
#include "sim/network_knobs.h"

namespace sim {

class Link;

enum class Regime : uint8_t {
  kCalm,
  kLossy,
  kLaggy,
  kReordering,
  kFlapping,
  kSlow,
};

// "lossy".
const char* RegimeName(Regime regime);

class LinkRegime {
 public:
  // How long TCP waits before it sends a lost segment again.
  static constexpr absl::Duration kResendAfter = absl::Milliseconds(200);

  // `link` must outlive this, and this every event of the world.
  explicit LinkRegime(Link& link);
  LinkRegime(const LinkRegime&) = delete;
  LinkRegime& operator=(const LinkRegime&) = delete;

  // The first regime begins, unless one reigns already.
  void Begin() {
    if (!reigns_) Change();
  }
  Regime current() const { return current_; }

  // What it does to one write. All of it requires that the knobs of the link
  // have regimes at all.
  bool Loses();
  Time DrawLag();
  // Zero, or how much later a frame arrives that others overtake.
  Time DrawOvertaken();
  // What the link carries; `usual` may be 0, no limit.
  uint64_t Bandwidth(uint64_t usual) const;

 private:
  void Change();
  Regime DrawRegime();
  void Become(Regime next);
  void Flip();

  Link& link_;
  runtime::Random dice_;
  runtime::Random flap_dice_;
  runtime::Random toll_dice_;
  Regime current_ = Regime::kCalm;
  bool reigns_ = false;  // The next change is planned.
  bool flips_ = false;   // The next flip is.
  bool down_ = false;
};

}  // namespace sim

#endif  // SIM_LINK_REGIME_H_
