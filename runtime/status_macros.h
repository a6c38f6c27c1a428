// Passing an error on to the caller, in one line.
//
//   RETURN_IF_ERROR(file->SyncData());
//   ASSIGN_OR_RETURN(auto file, disk.OpenFile(path, mode));

#ifndef RUNTIME_STATUS_MACROS_H_
#define RUNTIME_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RETURN_IF_ERROR(expression)                                       \
  do {                                                                    \
    if (::absl::Status status_macro = (expression); !status_macro.ok()) { \
      return status_macro;                                                \
    }                                                                     \
  } while (false)

#define ASSIGN_OR_RETURN(target, expression)                             \
  RUNTIME_ASSIGN_OR_RETURN(RUNTIME_CONCAT(status_or_, __LINE__), target, \
                           expression)

#define RUNTIME_ASSIGN_OR_RETURN(holder, target, expression) \
  auto holder = (expression);                                \
  if (!holder.ok()) return holder.status();                  \
  target = *std::move(holder)

#define RUNTIME_CONCAT(a, b) RUNTIME_CONCAT_INNER(a, b)
#define RUNTIME_CONCAT_INNER(a, b) a##b

#endif  // RUNTIME_STATUS_MACROS_H_
