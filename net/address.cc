#include "net/address.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace net {
namespace {

constexpr size_t kHostCharactersMax = 253;  // Of a domain name, RFC 1035.

absl::Status Invalid(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("not an address: \"", text, "\": ", why));
}

bool IsHostCharacter(char c) {
  return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != '[' &&
         c != ']' && c != '/';
}

// -1 when `text` is not a port. Written out because absl::SimpleAtoi() allows
// blanks and signs.
int ParsePort(absl::string_view text) {
  if (text.empty() || text.size() > 5) return -1;
  int port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    port = port * 10 + (c - '0');
  }
  return port <= 65535 ? port : -1;
}

}  // namespace

std::string Address::ToString() const {
  const bool bracket = host.find(':') != std::string::npos;
  return bracket ? absl::StrCat("[", host, "]:", port)
                 : absl::StrCat(host, ":", port);
}

bool IsLoopback(const Address& address) {
  absl::string_view host = address.host;
  if (host == "localhost" || host == "::1") return true;
  (void)absl::ConsumePrefix(&host, "::ffff:");  // IPv4 through an IPv6 socket.
  return absl::StartsWith(host, "127.") &&
         host.find_first_not_of("0123456789.") == absl::string_view::npos;
}

absl::StatusOr<Address> ParseAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return Invalid(text, "no port");
  absl::string_view host = text.substr(0, colon);
  const bool bracketed =
      host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != absl::string_view::npos) {
    return Invalid(text, "an IPv6 address needs brackets");
  }
  if (host.empty()) return Invalid(text, "no host");
  if (host.size() > kHostCharactersMax) return Invalid(text, "host too long");
  for (const char c : host) {
    if (!IsHostCharacter(c)) return Invalid(text, "odd character in the host");
  }
  const int port = ParsePort(text.substr(colon + 1));
  if (port < 0) return Invalid(text, "the port is not a number up to 65535");
  return Address{std::string(host), static_cast<uint16_t>(port)};
}

}  // namespace net
