// The requests that are answered at once: about the connection, the server and
// the commands themselves. Only what is true is said.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "kv/integer.h"
#include "kv/resp.h"
#include "kv/resp_table.h"

namespace kv {
namespace {

// What clients look at to learn which commands and replies to expect.
constexpr absl::string_view kRedisVersion = "7.0.15";
constexpr absl::string_view kServerVersion = "0.1.0";

constexpr absl::string_view kNoPassword =
    "ERR AUTH <password> called without any password configured for the "
    "default user. Are you sure your configuration is correct?";
constexpr absl::string_view kBadName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

void UnknownSubcommand(RespRequest& request) {
  RefuseRequest(
      request,
      absl::StrCat("ERR unknown subcommand '", request.args[1].substr(0, 128),
                   "'. Try ", absl::AsciiStrToUpper(request.name), " HELP."));
}

void WrongArity(RespRequest& request) {
  RefuseRequest(
      request,
      absl::StrCat("ERR wrong number of arguments for '", request.name, "|",
                   absl::AsciiStrToLower(request.args[1]), "' command"));
}

void Ok(RespRequest& request) {
  AppendSimple(request.plan.AnswerAtOnce(), "OK");
}

// Printable and without blanks, as CLIENT LIST needs it.
bool IsPlainName(absl::string_view name) {
  for (const char c : name) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

bool LeadsHere(const ServerFacts& facts) {
  return facts.raft.role == raft::Role::kLeader;
}

// '*' and '?' only: what people write behind CONFIG GET.
bool MatchesPattern(absl::string_view pattern, absl::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = absl::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() &&
               (pattern[p] == '?' ||
                absl::ascii_tolower(static_cast<unsigned char>(pattern[p])) ==
                    text[t])) {
      ++p;
      ++t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string ClientLine(const RespClient& client) {
  return absl::StrCat("id=", client.id, " addr=", client.address,
                      " name=", client.name,
                      " db=0 resp=2 lib-name=", client.library,
                      " lib-ver=", client.library_version, "\n");
}

void SetClientInfo(RespRequest& request) {
  const absl::string_view attribute = request.args[2];
  const absl::string_view value = request.args[3];
  if (!IsPlainName(value)) {
    return RefuseRequest(
        request, absl::StrCat("ERR ", absl::AsciiStrToLower(attribute),
                              " cannot contain spaces, newlines or special "
                              "characters."));
  }
  if (SameWord(attribute, "LIB-NAME")) {
    request.client.library = std::string(value);
  } else if (SameWord(attribute, "LIB-VER")) {
    request.client.library_version = std::string(value);
  } else {
    return RefuseRequest(request, absl::StrCat("ERR Unrecognized option '",
                                               attribute.substr(0, 128), "'"));
  }
  Ok(request);
}

void AppendCommandInfo(const RespCommand& command, std::string& out) {
  const std::vector<absl::string_view> flags =
      absl::StrSplit(command.flags, ' ');
  AppendArray(out, 10);
  AppendBulk(out, command.name);
  AppendInteger(out, command.arity);
  AppendArray(out, flags.size());
  for (const absl::string_view flag : flags) AppendSimple(out, flag);
  AppendInteger(out, command.first_key);
  AppendInteger(out, command.last_key);
  AppendInteger(out, command.key_step);
  // Categories, tips, key specifications and subcommands: nothing to tell.
  for (int i = 0; i < 4; ++i) AppendArray(out, 0);
}

void AllCommandInfos(std::string& out) {
  AppendArray(out, RespCommands().size());
  for (const RespCommand& command : RespCommands()) {
    AppendCommandInfo(command, out);
  }
}

void SomeCommandInfos(std::span<const absl::string_view> names,
                      std::string& out) {
  AppendArray(out, names.size());
  for (const absl::string_view name : names) {
    const RespCommand* command = FindRespCommand(name);
    if (command == nullptr) {
      absl::StrAppend(&out, "*-1\r\n");
    } else {
      AppendCommandInfo(*command, out);
    }
  }
}

std::string ServerSection(const ServerFacts& facts) {
  return absl::StrCat(
      "# Server\r\nredis_version:", kRedisVersion,
      "\r\nredis_mode:standalone\r\nraft_server_version:", kServerVersion,
      "\r\ntcp_port:", facts.redis.port,
      "\r\nuptime_in_seconds:", absl::ToInt64Seconds(facts.uptime), "\r\n");
}

std::string ClientsSection(const ServerFacts& facts) {
  return absl::StrCat("# Clients\r\nconnected_clients:", facts.clients,
                      "\r\nmaxclients:", facts.clients_max, "\r\n");
}

std::string ReplicationSection(const ServerFacts& facts) {
  std::string out = absl::StrCat(
      "# Replication\r\nrole:", LeadsHere(facts) ? "master" : "slave", "\r\n");
  if (!LeadsHere(facts) && facts.leader_redis.has_value()) {
    absl::StrAppend(&out, "master_host:", facts.leader_redis->host,
                    "\r\nmaster_port:", facts.leader_redis->port,
                    "\r\nmaster_link_status:up\r\n");
  } else if (!LeadsHere(facts)) {
    absl::StrAppend(&out, "master_link_status:down\r\n");
  }
  absl::StrAppend(&out, "master_repl_offset:", facts.raft.commit.value(),
                  "\r\n");
  return out;
}

// How far the disk is behind, and what was left because of it.
std::string StorageLines(const raft::StorageStatus& storage) {
  return absl::StrCat(
      "raft_stores_waiting:", storage.stores.stores_waiting,
      "\r\nraft_stores_waiting_peak:", storage.stores.stores_waiting_peak,
      "\r\nraft_store_bytes_waiting:", storage.stores.bytes_waiting,
      "\r\nraft_store_bytes_waiting_peak:", storage.stores.bytes_waiting_peak,
      "\r\nraft_store_oldest_ms:",
      absl::ToInt64Milliseconds(storage.stores.oldest_age),
      "\r\nraft_storage_full_refused:", storage.proposals_refused,
      "\r\nraft_storage_full_dropped:", storage.messages_dropped, "\r\n");
}

std::string RaftSection(const ServerFacts& facts) {
  return absl::StrCat(
      "# Raft\r\nraft_node_id:", facts.self.value(),
      "\r\nraft_role:", raft::RoleName(facts.raft.role),
      "\r\nraft_leader_id:", facts.raft.leader.value(),
      "\r\nraft_current_term:", facts.raft.term.value(),
      "\r\nraft_num_nodes:", facts.members,
      "\r\nraft_current_index:", facts.raft.last.value(),
      "\r\nraft_commit_index:", facts.raft.commit.value(),
      "\r\nraft_last_applied_index:", facts.raft.applied.value(), "\r\n",
      StorageLines(facts.storage));
}

std::string KeyspaceSection(const ServerFacts& facts) {
  if (facts.keys == 0) return "# Keyspace\r\n";
  return absl::StrCat("# Keyspace\r\ndb0:keys=", facts.keys,
                      ",expires=0,avg_ttl=0\r\n");
}

// The default user needs no password, so any is right, as in Redis; there is
// no other user.
bool CheckUser(RespRequest& request, absl::string_view user) {
  if (user == "default") return true;
  RefuseRequest(request,
                "WRONGPASS invalid username-password pair or user is "
                "disabled.");
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
      RefuseRequest(request, absl::StrCat("ERR Syntax error in HELLO option '",
                                          request.args[i].substr(0, 128), "'"));
      return false;
    }
  }
  if (name.has_value() && !IsPlainName(*name)) {
    RefuseRequest(request, kBadName);
    return false;
  }
  if (name.has_value()) request.client.name = std::string(*name);
  return true;
}

}  // namespace

void PlanAuth(RespRequest& request) {
  if (request.args.size() > 3) return RefuseRequest(request, kSyntaxError);
  if (request.args.size() == 2) return RefuseRequest(request, kNoPassword);
  if (CheckUser(request, request.args[1])) Ok(request);
}

void PlanClient(RespRequest& request) {
  const absl::string_view what = request.args[1];
  const size_t words = request.args.size();
  RespClient& client = request.client;
  if (SameWord(what, "ID")) {
    if (words != 2) return WrongArity(request);
    AppendInteger(request.plan.AnswerAtOnce(), static_cast<int64_t>(client.id));
  } else if (SameWord(what, "GETNAME")) {
    if (words != 2) return WrongArity(request);
    std::string& out = request.plan.AnswerAtOnce();
    client.name.empty() ? AppendNil(out) : AppendBulk(out, client.name);
  } else if (SameWord(what, "SETNAME")) {
    if (words != 3) return WrongArity(request);
    if (!IsPlainName(request.args[2])) return RefuseRequest(request, kBadName);
    client.name = std::string(request.args[2]);
    Ok(request);
  } else if (SameWord(what, "SETINFO")) {
    if (words != 4) return WrongArity(request);
    SetClientInfo(request);
  } else if (SameWord(what, "INFO")) {
    if (words != 2) return WrongArity(request);
    AppendBulk(request.plan.AnswerAtOnce(), ClientLine(client));
  } else {
    UnknownSubcommand(request);
  }
}

void PlanCluster(RespRequest& request) {
  // Any node serves any key, so clients need not know of a cluster.
  RefuseRequest(request, "ERR This instance has cluster support disabled");
}

void PlanCommand(RespRequest& request) {
  if (request.args.size() == 1) {
    return AllCommandInfos(request.plan.AnswerAtOnce());
  }
  const absl::string_view what = request.args[1];
  if (SameWord(what, "COUNT")) {
    AppendInteger(request.plan.AnswerAtOnce(),
                  static_cast<int64_t>(RespCommands().size()));
  } else if (SameWord(what, "DOCS")) {
    AppendArray(request.plan.AnswerAtOnce(), 0);
  } else if (SameWord(what, "INFO")) {
    std::string& out = request.plan.AnswerAtOnce();
    if (request.args.size() == 2) return AllCommandInfos(out);
    SomeCommandInfos(request.args.subspan(2), out);
  } else if (SameWord(what, "LIST")) {
    std::string& out = request.plan.AnswerAtOnce();
    AppendArray(out, RespCommands().size());
    for (const RespCommand& command : RespCommands()) {
      AppendBulk(out, command.name);
    }
  } else {
    UnknownSubcommand(request);
  }
}

void PlanConfig(RespRequest& request) {
  if (!SameWord(request.args[1], "GET")) return UnknownSubcommand(request);
  if (request.args.size() < 3) return WrongArity(request);
  const std::pair<absl::string_view, std::string> settings[] = {
      // Every write is in the log before it is acknowledged.
      {"appendfsync", "always"},
      {"appendonly", "yes"},
      {"databases", "1"},
      {"maxclients", absl::StrCat(request.facts().clients_max)},
      {"proto-max-bulk-len", absl::StrCat(RespParser::kRequestBytesMax)},
      {"save", ""},
  };
  std::string pairs;
  size_t count = 0;
  for (const auto& [name, value] : settings) {
    for (const absl::string_view pattern : request.args.subspan(2)) {
      if (!MatchesPattern(pattern, name)) continue;
      AppendBulk(pairs, name);
      AppendBulk(pairs, value);
      count += 2;
      break;
    }
  }
  std::string& out = request.plan.AnswerAtOnce();
  AppendArray(out, count);
  out += pairs;
}

void PlanEcho(RespRequest& request) {
  AppendBulk(request.plan.AnswerAtOnce(), request.args[1]);
}

void PlanHello(RespRequest& request) {
  if (request.args.size() > 1) {
    const std::optional<int64_t> version = ParseInteger(request.args[1]);
    if (!version.has_value()) {
      return RefuseRequest(
          request, "ERR Protocol version is not an integer or out of range");
    }
    if (*version != 2) {
      return RefuseRequest(request, "NOPROTO unsupported protocol version");
    }
  }
  if (!ApplyHelloOptions(request)) return;
  std::string& out = request.plan.AnswerAtOnce();
  AppendArray(out, 14);
  AppendBulk(out, "server");
  AppendBulk(out, "redis");
  AppendBulk(out, "version");
  AppendBulk(out, kRedisVersion);
  AppendBulk(out, "proto");
  AppendInteger(out, 2);
  AppendBulk(out, "id");
  AppendInteger(out, static_cast<int64_t>(request.client.id));
  AppendBulk(out, "mode");
  AppendBulk(out, "standalone");
  AppendBulk(out, "role");
  AppendBulk(out, LeadsHere(request.facts()) ? "master" : "replica");
  AppendBulk(out, "modules");
  AppendArray(out, 0);
}

void PlanInfo(RespRequest& request) {
  const ServerFacts facts = request.facts();
  const std::pair<absl::string_view, std::string> sections[] = {
      {"server", ServerSection(facts)},
      {"clients", ClientsSection(facts)},
      {"persistence", "# Persistence\r\nloading:0\r\n"},
      {"replication", ReplicationSection(facts)},
      {"raft", RaftSection(facts)},
      {"cluster", "# Cluster\r\ncluster_enabled:0\r\n"},
      {"keyspace", KeyspaceSection(facts)},
  };
  const auto wanted = [&request](absl::string_view section) {
    if (request.args.size() == 1) return true;
    for (const absl::string_view word : request.args.subspan(1)) {
      if (SameWord(word, section) || SameWord(word, "all") ||
          SameWord(word, "default") || SameWord(word, "everything")) {
        return true;
      }
    }
    return false;
  };
  std::string text;
  for (const auto& [name, section] : sections) {
    if (!wanted(name)) continue;
    absl::StrAppend(&text, text.empty() ? "" : "\r\n", section);
  }
  AppendBulk(request.plan.AnswerAtOnce(), text);
}

void PlanPing(RespRequest& request) {
  if (request.args.size() > 2) {
    return RefuseRequest(request,
                         "ERR wrong number of arguments for 'ping' command");
  }
  std::string& out = request.plan.AnswerAtOnce();
  request.args.size() == 2 ? AppendBulk(out, request.args[1])
                           : AppendSimple(out, "PONG");
}

void PlanQuit(RespRequest& request) {
  request.client.quit = true;
  Ok(request);
}

void PlanReset(RespRequest& request) {
  request.client.name.clear();
  AppendSimple(request.plan.AnswerAtOnce(), "RESET");
}

void PlanRole(RespRequest& request) {
  const ServerFacts facts = request.facts();
  const auto commit = static_cast<int64_t>(facts.raft.commit.value());
  std::string& out = request.plan.AnswerAtOnce();
  if (LeadsHere(facts)) {
    AppendArray(out, 3);
    AppendBulk(out, "master");
    AppendInteger(out, commit);
    AppendArray(out, 0);
    return;
  }
  const net::Address leader = facts.leader_redis.value_or(net::Address());
  AppendArray(out, 5);
  AppendBulk(out, "slave");
  AppendBulk(out, leader.host);
  AppendInteger(out, leader.port);
  AppendBulk(out, facts.leader_redis.has_value() ? "connected" : "connect");
  AppendInteger(out, commit);
}

void PlanSelect(RespRequest& request) {
  const std::optional<int64_t> number = ParseInteger(request.args[1]);
  if (!number.has_value()) {
    return RefuseRequest(request,
                         "ERR value is not an integer or out of range");
  }
  if (*number != 0) {
    return RefuseRequest(request, "ERR DB index is out of range");
  }
  Ok(request);
}

void PlanTime(RespRequest& request) {
  const int64_t micros = absl::ToUnixMicros(request.facts().wall);
  std::string& out = request.plan.AnswerAtOnce();
  AppendArray(out, 2);
  AppendBulk(out, absl::StrCat(micros / 1'000'000));
  AppendBulk(out, absl::StrCat(micros % 1'000'000));
}

}  // namespace kv
