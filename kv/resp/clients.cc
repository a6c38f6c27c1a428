// What clients say about themselves: HELLO, AUTH, CLIENT, RESET, QUIT.

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "kv/integer.h"
#include "kv/resp/product.h"
#include "kv/resp/table.h"

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

std::string ClientLine(const RespClient& client) {
  return absl::StrCat(
      "id=", client.id, " addr=", client.address, " name=", client.name,
      " db=0 sub=0 psub=0 multi=",
      client.queued.has_value()
          ? static_cast<int64_t>(client.queued->requests.size())
          : -1,
      " watch=", client.watched.size(),
      " cmd=", client.last_command.empty() ? "NULL" : client.last_command,
      " user=default resp=", static_cast<int>(client.version),
      " lib-name=", client.library, " lib-ver=", client.library_version, "\n");
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

void ListClients(RespRequest& request) {
  std::string lines;
  for (const RespClient* client : request.host.Clients()) {
    lines += ClientLine(*client);
  }
  request.Answer().Verbatim(lines);
}

// CLIENT KILL address, or CLIENT KILL ID n | ADDR a.
void KillClients(RespRequest& request) {
  std::optional<int64_t> id;
  std::optional<absl::string_view> address;
  const bool old_form = request.args.size() == 3;
  if (old_form) {
    address = request.args[2];
  } else if (request.args.size() == 4 && SameWord(request.args[2], "ID")) {
    id = ParseInteger(request.args[3]);
    if (!id.has_value()) {
      return request.Refuse("ERR client-id should be greater than 0");
    }
  } else if (request.args.size() == 4 && SameWord(request.args[2], "ADDR")) {
    address = request.args[3];
  } else {
    return request.Refuse(kSyntaxError);
  }
  std::vector<uint64_t> found;
  for (const RespClient* client : request.host.Clients()) {
    if ((id.has_value() && static_cast<uint64_t>(*id) == client->id) ||
        (address.has_value() && *address == client->address)) {
      found.push_back(client->id);
    }
  }
  for (const uint64_t client : found) {
    if (client == request.client.id) {
      request.client.quit = true;
    } else {
      (void)request.host.EndClient(client);
    }
  }
  if (!old_form) {
    return request.Answer().Integer(static_cast<int64_t>(found.size()));
  }
  found.empty() ? request.Refuse("ERR No such client") : request.Ok();
}

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

void PlanClient(RespRequest& request) {
  const absl::string_view what = request.args[1];
  const size_t words = request.args.size();
  RespClient& client = request.client;
  if (SameWord(what, "ID")) {
    if (words != 2) return request.RefuseArity();
    request.Answer().Integer(static_cast<int64_t>(client.id));
  } else if (SameWord(what, "GETNAME")) {
    if (words != 2) return request.RefuseArity();
    RespWriter out = request.Answer();
    client.name.empty() ? out.Nil() : out.Bulk(client.name);
  } else if (SameWord(what, "SETNAME")) {
    if (words != 3) return request.RefuseArity();
    if (!IsPlainName(request.args[2])) return request.Refuse(kBadName);
    client.name = std::string(request.args[2]);
    request.Ok();
  } else if (SameWord(what, "SETINFO")) {
    if (words != 4) return request.RefuseArity();
    SetClientInfo(request);
  } else if (SameWord(what, "INFO")) {
    if (words != 2) return request.RefuseArity();
    request.Answer().Verbatim(ClientLine(client));
  } else if (SameWord(what, "LIST")) {
    ListClients(request);
  } else if (SameWord(what, "KILL")) {
    if (words < 3) return request.RefuseArity();
    KillClients(request);
  } else if (SameWord(what, "REPLY")) {
    if (words != 3) return request.RefuseArity();
    SetReplies(request);
  } else if (SameWord(what, "NO-EVICT") || SameWord(what, "NO-TOUCH")) {
    // Nobody is ever evicted, and no use is recorded.
    if (words != 3) return request.RefuseArity();
    request.Ok();
  } else {
    request.RefuseSubcommand();
  }
}

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
