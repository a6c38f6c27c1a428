#include "runtime/work.h"

namespace runtime {

WorkSink* work_sink = nullptr;

}  // namespace runtime
