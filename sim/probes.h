// The probe sites of the program, as one world sees them: which were reached,
// and which of the BUGGIFY sites are active in this seed.
//
// Whether a site is active, and when it fires, depends on the seed and on its
// name, not on what was visited before: a new site changes nothing for others.

#ifndef SIM_PROBES_H_
#define SIM_PROBES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/probe.h"
#include "runtime/random.h"
#include "sim/engine.h"

namespace sim {

class Probes {
 public:
  // `engine` must outlive this.
  explicit Probes(Engine& engine);

  void OnReached(const runtime::ProbeSite& site);
  bool OnBuggify(const runtime::ProbeSite& site);

  // Each SOMETIMES and REACHABLE of the program by name, sorted, with how often
  // it was reached; also those that were not.
  std::vector<std::pair<std::string, uint64_t>> reached() const;

 private:
  // All sites of one name.
  struct Probe {
    std::string name;
    bool reachable = false;  // A SOMETIMES or a REACHABLE.
    uint64_t reached = 0;
    bool visited = false;                      // A BUGGIFY that has been asked.
    std::optional<runtime::Random> fire_dice;  // Present: active in this seed.
  };

  Probe& ProbeOf(const runtime::ProbeSite& site);

  Engine& engine_;
  std::vector<Probe> probes_;  // Sorted by name.
  // Where each site's probe stands. Sorted by address, to find a site quickly;
  // nothing else may depend on this order.
  std::vector<std::pair<const runtime::ProbeSite*, size_t>> places_;
};

}  // namespace sim

#endif  // SIM_PROBES_H_
