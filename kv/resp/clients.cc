// What clients say about themselves: HELLO, AUTH, CLIENT, RESET, QUIT.

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "kv/integer.h"
#include "kv/resp/product.h"
#include "kv/resp/subcommands.h"

namespace kv {
namespace {

constexpr absl::string_view kNoPassword =
    "ERR AUTH <password> called without any password configured for the "
    "default user. Are you sure your configuration is correct?";
constexpr absl::string_view kBadName =
    "ERR Client names cannot contain spaces, newlines or special characters.";
constexpr size_t kNameBytesMax = 1024;

// Printable and without blanks, as CLIENT LIST needs it.
bool IsPlainName(absl::string_view name) {
  if (name.size() > kNameBytesMax) return false;
  for (const char c : name) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

void ClientId(RespRequest& request) {
  request.Answer().Integer(static_cast<int64_t>(request.client.id));
}

void GetName(RespRequest& request) {
  RespWriter out = request.Answer();
  request.client.name.empty() ? out.Nil() : out.Bulk(request.client.name);
}

void SetName(RespRequest& request) {
  if (!IsPlainName(request.args[2])) return request.Refuse(kBadName);
  request.client.name = std::string(request.args[2]);
  request.Ok();
}

void SetClientInfo(RespRequest& request) {
  const absl::string_view attribute = request.args[2];
  const absl::string_view value = request.args[3];
  const bool is_name = SameWord(attribute, "LIB-NAME");
  if (!is_name && !SameWord(attribute, "LIB-VER")) {
    return request.Refuse(absl::StrCat("ERR Unrecognized option '",
                                       attribute.substr(0, 128), "'"));
  }
  if (!IsPlainName(value)) {
    return request.Refuse(absl::StrCat(
        "ERR ", absl::AsciiStrToLower(attribute),
        " cannot contain spaces, newlines or special characters."));
  }
  (is_name ? request.client.library : request.client.library_version) =
      std::string(value);
  request.Ok();
}

void SetReplies(RespRequest& request) {
  using Replies = RespClient::Replies;
  const absl::string_view word = request.args[2];
  if (SameWord(word, "ON")) {
    request.client.replies = Replies::kOn;
    request.Ok();
  } else if (SameWord(word, "OFF")) {
    request.client.replies = Replies::kOff;
  } else if (SameWord(word, "SKIP")) {
    if (request.client.replies == Replies::kOn) {
      request.client.replies = Replies::kSkip;
    }
  } else {
    request.Refuse(kSyntaxError);
  }
}

// Nobody is ever evicted, and no use is recorded: either may be asked for, and
// shows in CLIENT LIST as far as Redis shows it.
void NoEvict(RespRequest& request) {
  const bool on = SameWord(request.args[2], "ON");
  if (!on && !SameWord(request.args[2], "OFF")) {
    return request.Refuse(kSyntaxError);
  }
  request.client.no_evict = on;
  request.Ok();
}

void NoTouch(RespRequest& request) {
  const bool known =
      SameWord(request.args[2], "ON") || SameWord(request.args[2], "OFF");
  known ? request.Ok() : request.Refuse(kSyntaxError);
}

// Nothing is tracked.
void Tracking(RespRequest& request) {
  if (SameWord(request.args[2], "OFF") && request.args.size() == 3) {
    return request.Ok();
  }
  request.Refuse(SameWord(request.args[2], "ON")
                     ? absl::string_view("ERR client side caching is not "
                                         "offered: keys are not tracked")
                     : kSyntaxError);
}

void TrackingInfo(RespRequest& request) {
  RespWriter out = request.Answer();
  out.Map(3);
  out.Bulk("flags");
  out.Set(1);
  out.Bulk("off");
  out.Bulk("redirect");
  out.Integer(-1);
  out.Bulk("prefixes");
  out.Array(0);
}

void Caching(RespRequest& request) {
  request.Refuse(
      "ERR CLIENT CACHING can be called only when the client is in tracking "
      "mode with OPTIN or OPTOUT mode enabled");
}

void GetRedirection(RespRequest& request) { request.Answer().Integer(-1); }

// Nobody is blocked.
void Unblock(RespRequest& request) {
  const auto args = request.args;
  if (args.size() > 4 || (args.size() == 4 && !SameWord(args[3], "TIMEOUT") &&
                          !SameWord(args[3], "ERROR"))) {
    return request.Refuse(
        "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  if (!ParseInteger(args[2]).has_value()) {
    return request.Refuse("ERR value is not an integer or out of range");
  }
  request.Answer().Integer(0);
}

// Nobody is paused.
void Unpause(RespRequest& request) { request.Ok(); }

constexpr absl::string_view kOpen = "noscript loading stale";
constexpr absl::string_view kAdmin = "admin noscript loading stale";

constexpr RespSubcommand kRows[] = {
    {"client|caching", 3, kOpen, Caching, "CACHING (YES|NO)",
     "An error: keys are not tracked."},
    {"client|getname", 2, kOpen, GetName, "GETNAME",
     "The name of this connection."},
    {"client|getredir", 2, kOpen, GetRedirection, "GETREDIR",
     "-1: keys are not tracked."},
    {"client|help", 2, "loading stale", PlanHelp, "HELP", "This text."},
    {"client|id", 2, kOpen, ClientId, "ID", "The id of this connection."},
    {"client|info", 2, kOpen, PlanClientInfo, "INFO",
     "This connection, as CLIENT LIST tells it."},
    {"client|kill", -3, kAdmin, PlanClientKill,
     "KILL <ip:port> | ([ID <id>] [TYPE <type>] [USER <name>] [ADDR <ip:port>] "
     "[LADDR <ip:port>] [SKIPME (YES|NO)])",
     "Ends connections to this node, but not this one unless told so."},
    {"client|list", -2, kAdmin, PlanClientList,
     "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB) | ID <id> [<id> ...]]",
     "The connections to this node."},
    {"client|no-evict", 3, kAdmin, NoEvict, "NO-EVICT (ON|OFF)",
     "Nothing: nobody is ever evicted."},
    {"client|no-touch", 3, kOpen, NoTouch, "NO-TOUCH (ON|OFF)",
     "Nothing: use is not recorded."},
    {"client|reply", 3, kOpen, SetReplies, "REPLY (ON|OFF|SKIP)",
     "Whether this connection is answered."},
    {"client|setinfo", 4, kOpen, SetClientInfo,
     "SETINFO (LIB-NAME|LIB-VER) <value>",
     "What the client library says of itself."},
    {"client|setname", 3, kOpen, SetName, "SETNAME <name>",
     "Names this connection."},
    {"client|tracking", -3, kOpen, Tracking, "TRACKING OFF",
     "Nothing: keys are not tracked."},
    {"client|trackinginfo", 2, kOpen, TrackingInfo, "TRACKINGINFO",
     "That keys are not tracked."},
    {"client|unblock", -3, kAdmin, Unblock,
     "UNBLOCK <client-id> [TIMEOUT|ERROR]", "0: nobody is ever blocked."},
    {"client|unpause", 2, kAdmin, Unpause, "UNPAUSE",
     "Nothing: nobody is ever paused."},
};

// The default user needs no password, so any is right, as in Redis; there is
// no other user.
bool CheckUser(RespRequest& request, absl::string_view user) {
  if (user == "default") return true;
  request.Refuse(
      "WRONGPASS invalid username-password pair or user is disabled.");
  return false;
}

// What stands behind HELLO's version. False: refused.
bool ApplyHelloOptions(RespRequest& request) {
  std::optional<absl::string_view> name;
  for (size_t i = 2; i < request.args.size(); ++i) {
    const size_t more = request.args.size() - i - 1;
    if (SameWord(request.args[i], "AUTH") && more >= 2) {
      if (!CheckUser(request, request.args[i + 1])) return false;
      i += 2;
    } else if (SameWord(request.args[i], "SETNAME") && more >= 1) {
      name = request.args[++i];
    } else {
      request.Refuse(absl::StrCat("ERR Syntax error in HELLO option '",
                                  request.args[i].substr(0, 128), "'"));
      return false;
    }
  }
  if (name.has_value() && !IsPlainName(*name)) {
    request.Refuse(kBadName);
    return false;
  }
  if (name.has_value()) request.client.name = std::string(*name);
  return true;
}

}  // namespace

void PlanAuth(RespRequest& request) {
  if (request.args.size() > 3) return request.Refuse(kSyntaxError);
  if (request.args.size() == 2) return request.Refuse(kNoPassword);
  if (CheckUser(request, request.args[1])) request.Ok();
}

std::span<const RespSubcommand> ClientSubcommands() { return kRows; }

void PlanHello(RespRequest& request) {
  RespVersion version = request.client.version;
  if (request.args.size() > 1) {
    const std::optional<int64_t> asked = ParseInteger(request.args[1]);
    if (!asked.has_value()) {
      return request.Refuse(
          "ERR Protocol version is not an integer or out of range");
    }
    if (*asked != 2 && *asked != 3) {
      return request.Refuse("NOPROTO unsupported protocol version");
    }
    version = *asked == 2 ? RespVersion::k2 : RespVersion::k3;
  }
  if (!ApplyHelloOptions(request)) return;
  request.client.version = version;
  const ServerFacts facts = request.host.Facts();
  RespWriter out = request.Answer();
  out.Map(7);
  out.Bulk("server");
  out.Bulk("redis");
  out.Bulk("version");
  out.Bulk(kRedisVersion);
  out.Bulk("proto");
  out.Integer(static_cast<int>(version));
  out.Bulk("id");
  out.Integer(static_cast<int64_t>(request.client.id));
  out.Bulk("mode");
  out.Bulk(request.client.redirects ? "cluster" : "standalone");
  out.Bulk("role");
  out.Bulk(facts.raft.role == raft::Role::kLeader ? "master" : "replica");
  out.Bulk("modules");
  out.Array(0);
}

void PlanQuit(RespRequest& request) {
  request.client.quit = true;
  request.Ok();
}

void PlanReset(RespRequest& request) {
  request.client.Reset();
  request.Answer().Simple("RESET");
}

}  // namespace kv
