// CLIENT INFO, LIST and KILL: who is connected, and who shall not be.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "kv/integer.h"
#include "kv/resp/table.h"

namespace kv {
namespace {

// What a client is charged for itself, beside what it sent and is sent.
constexpr size_t kClientBytes = sizeof(RespClient);

std::string FlagsOf(const RespClient& client) {
  std::string flags;
  if (client.queued.has_value()) flags += 'x';
  if (client.quit) flags += 'c';
  if (client.follows) flags += 'r';
  if (client.no_evict) flags += 'e';
  return flags.empty() ? "N" : flags;
}

int64_t SecondsSince(runtime::Instant then, runtime::Instant now) {
  return absl::ToInt64Seconds(std::max(now - then, absl::ZeroDuration()));
}

// All fields of Redis 7.0, in its order, and behind them the two of 7.2 that
// clients set. A descriptor means nothing beyond the process: -1.
std::string ClientLine(const RespClient& client, runtime::Instant now) {
  const bool queues = client.queued.has_value();
  const size_t queued_bytes = queues ? client.queued->bytes : 0;
  const size_t total = kClientBytes + client.input_bytes + client.input_room +
                       client.answer_room + queued_bytes;
  return absl::StrCat(
      absl::StrCat("id=", client.id, " addr=", client.address,
                   " laddr=", client.local_address, " fd=-1 name=", client.name,
                   " age=", SecondsSince(client.since, now),
                   " idle=", SecondsSince(client.active, now),
                   " flags=", FlagsOf(client), " db=0 sub=0 psub=0 ssub=0"),
      " multi=",
      queues ? static_cast<int64_t>(client.queued->requests.size()) : -1,
      " qbuf=", client.input_bytes, " qbuf-free=", client.input_room,
      " argv-mem=0 multi-mem=", queued_bytes, " rbs=", client.answer_room,
      " rbp=", client.answer_bytes, " obl=", client.answer_bytes,
      " oll=0 omem=0 tot-mem=", total, " events=r cmd=",
      client.last_command.empty() ? "NULL" : client.last_command,
      " user=default redir=-1 resp=", static_cast<int>(client.version),
      " lib-name=", client.library, " lib-ver=", client.library_version, "\n");
}

// Who is meant. What is not said, all are.
struct ClientFilter {
  std::optional<std::vector<uint64_t>> ids;
  std::optional<absl::string_view> address;
  std::optional<absl::string_view> local_address;
  bool normal = true;  // TYPE: there are none of other types.
  bool skip_me = false;

  bool Fits(const RespClient& client, const RespClient& me) const {
    if (!normal || (skip_me && client.id == me.id)) return false;
    if (ids.has_value() &&
        std::find(ids->begin(), ids->end(), client.id) == ids->end()) {
      return false;
    }
    return (!address.has_value() || *address == client.address) &&
           (!local_address.has_value() ||
            *local_address == client.local_address);
  }
};

// False: there is no such type, and the request has been answered so.
bool TakeType(RespRequest& request, absl::string_view type,
              ClientFilter& filter) {
  bool known = false;
  for (const absl::string_view one :
       {"normal", "master", "replica", "slave", "pubsub"}) {
    known = known || SameWord(type, one);
  }
  if (!known) {
    request.Refuse(
        absl::StrCat("ERR Unknown client type '", type.substr(0, 128), "'"));
    return false;
  }
  filter.normal = filter.normal && SameWord(type, "normal");
  return true;
}

bool TakeUser(RespRequest& request, absl::string_view user) {
  if (user == "default") return true;
  request.Refuse(absl::StrCat("ERR No such user '", user.substr(0, 128), "'"));
  return false;
}

bool TakeSkipMe(RespRequest& request, absl::string_view word,
                ClientFilter& filter) {
  filter.skip_me = SameWord(word, "yes");
  if (filter.skip_me || SameWord(word, "no")) return true;
  request.Refuse(kSyntaxError);
  return false;
}

bool TakeId(RespRequest& request, absl::string_view word,
            ClientFilter& filter) {
  const std::optional<int64_t> id = ParseInteger(word);
  if (!id.has_value() || *id < 1) {
    request.Refuse("ERR client-id should be greater than 0");
    return false;
  }
  filter.ids = {static_cast<uint64_t>(*id)};
  return true;
}

// One option of CLIENT KILL. False: the request has been answered.
bool TakeOption(RespRequest& request, absl::string_view option,
                absl::string_view value, ClientFilter& filter) {
  if (SameWord(option, "ID")) return TakeId(request, value, filter);
  if (SameWord(option, "TYPE")) return TakeType(request, value, filter);
  if (SameWord(option, "USER")) return TakeUser(request, value);
  if (SameWord(option, "SKIPME")) return TakeSkipMe(request, value, filter);
  if (SameWord(option, "ADDR")) {
    filter.address = value;
    return true;
  }
  if (SameWord(option, "LADDR")) {
    filter.local_address = value;
    return true;
  }
  request.Refuse(kSyntaxError);
  return false;
}

size_t Kill(RespRequest& request, const ClientFilter& filter) {
  std::vector<uint64_t> found;
  for (const RespClient* client : request.host.Clients()) {
    if (filter.Fits(*client, request.client)) found.push_back(client->id);
  }
  for (const uint64_t client : found) {
    if (client == request.client.id) {
      request.client.quit = true;
    } else {
      (void)request.host.EndClient(client);
    }
  }
  return found.size();
}

}  // namespace

void PlanClientInfo(RespRequest& request) {
  // The server's view of it has its buffers.
  std::string line;
  for (const RespClient* client : request.host.Clients()) {
    if (client->id == request.client.id) {
      line = ClientLine(*client, request.host.Now());
    }
  }
  request.Answer().Verbatim(line);
}

void PlanClientList(RespRequest& request) {
  ClientFilter filter;
  const auto args = request.args;
  if (args.size() == 4 && SameWord(args[2], "TYPE")) {
    if (!TakeType(request, args[3], filter)) return;
  } else if (args.size() > 3 && SameWord(args[2], "ID")) {
    filter.ids.emplace();
    for (const absl::string_view word : args.subspan(3)) {
      const std::optional<int64_t> id = ParseInteger(word);
      if (!id.has_value()) return request.Refuse("ERR Invalid client ID");
      filter.ids->push_back(static_cast<uint64_t>(*id));
    }
  } else if (args.size() > 2) {
    return request.Refuse(kSyntaxError);
  }
  const runtime::Instant now = request.host.Now();
  std::string lines;
  for (const RespClient* client : request.host.Clients()) {
    if (filter.Fits(*client, request.client)) lines += ClientLine(*client, now);
  }
  request.Answer().Verbatim(lines);
}

// CLIENT KILL address, which may be one's own; or options and values, which
// spare the asker unless told otherwise.
void PlanClientKill(RespRequest& request) {
  ClientFilter filter;
  if (request.args.size() == 3) {
    filter.address = request.args[2];
    const bool found = Kill(request, filter) > 0;
    return found ? request.Ok() : request.Refuse("ERR No such client");
  }
  filter.skip_me = true;
  const auto options = request.args.subspan(2);
  if (options.size() % 2 != 0) return request.Refuse(kSyntaxError);
  for (size_t i = 0; i < options.size(); i += 2) {
    if (!TakeOption(request, options[i], options[i + 1], filter)) return;
  }
  request.Answer().Integer(static_cast<int64_t>(Kill(request, filter)));
}

}  // namespace kv
