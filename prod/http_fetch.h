// One page from an admin port, and if there is none, why: in words that tell a
// wrong name from a wrong port from a server that hangs.

#ifndef PROD_HTTP_FETCH_H_
#define PROD_HTTP_FETCH_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "net/address.h"

namespace prod {

struct HttpPage {
  int code = 0;
  std::string body;
};

// What came from the other side, all of it. Pure.
// Errors: UNAVAILABLE, saying what it looks like instead of HTTP.
absl::StatusOr<HttpPage> ParseHttpAnswer(absl::string_view bytes);

// Blocks the thread until `deadline`; looking up a name may take longer.
// Errors: UNAVAILABLE.
absl::StatusOr<HttpPage> FetchPage(const net::Address& address,
                                   absl::string_view path, absl::Time deadline,
                                   size_t answer_bytes_max);

}  // namespace prod

#endif  // PROD_HTTP_FETCH_H_
