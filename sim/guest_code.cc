#include "sim/guest_code.h"

namespace sim {

bool guest_code_runs = false;

}  // namespace sim
