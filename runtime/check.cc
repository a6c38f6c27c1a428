#include "runtime/check.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

namespace runtime {
namespace {

CheckHandler check_handler = nullptr;

// "/a/b/raft/core/log.cc" is "log.cc" in the evidence: the same text wherever
// the program was built.
const char* BaseName(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

}  // namespace

CheckHandler SetCheckHandler(CheckHandler handler) {
  return std::exchange(check_handler, handler);
}

void FailCheck(const char* file, int line, std::string condition,
               std::string message) {
  const CheckFailure failure{BaseName(file), line, std::move(condition),
                             std::move(message)};
  if (check_handler != nullptr) check_handler(failure);
  std::fprintf(stderr, "CHECK failed at %s:%d: %s %s\n", failure.file,
               failure.line, failure.condition.c_str(),
               failure.message.c_str());
  std::abort();
}

}  // namespace runtime
