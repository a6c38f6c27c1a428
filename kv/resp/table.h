// The requests that the server answers itself, with what COMMAND tells about
// them; those of the keyspace are in kv/commands/table.h.
//
// Private to kv/resp.

#ifndef KV_RESP_TABLE_H_
#define KV_RESP_TABLE_H_

#include <span>

#include "absl/strings/string_view.h"

#include "kv/commands/call.h"
#include "kv/resp/requests.h"

namespace kv {

// One request while it is planned.
struct RespRequest {
  absl::string_view name;                   // As in the table.
  std::span<const absl::string_view> args;  // With the command's own word.
  RespClient& client;
  RespHost& host;
  RespPlan& plan;

  // The answer, which is to be written before the next request is planned.
  RespWriter Answer() { return plan.AnswerAtOnce(client); }
  void Refuse(absl::string_view error) {
    host.stats().OnError(error);
    Answer().Error(error);
  }
  void Ok() { Answer().Ok(); }

  // "ERR unknown subcommand ...", "ERR wrong number of arguments ...".
  void RefuseSubcommand();
  void RefuseArity();
};

using RespHandler = void (*)(RespRequest& request);

struct RespCommand {
  // What happens to it between MULTI and EXEC.
  enum class InMulti : uint8_t {
    kQueued,
    kAtOnce,   // It is about the transaction, or the connection.
    kRefused,  // And spoils the transaction.
  };

  absl::string_view name;  // Lower case.
  int arity;               // As in kv/commands/table.h.
  absl::string_view flags;
  // Which words are keys, as Redis counts: 0 0 0 for none.
  int first_key;
  int last_key;
  int key_step;
  InMulti in_multi;
  RespHandler handler;
};

// In order of name.
std::span<const RespCommand> RespCommands();
// Null if there is none. `name` is in lower case.
const RespCommand* FindRespCommand(absl::string_view name);

// `name` in lower case, if it can be a command's at all; else empty.
std::string LowerName(absl::string_view name);

// Whether a request of so many words has the right number of them.
bool WordsFit(int arity, size_t words);

// clients.cc
void PlanAuth(RespRequest& request);
void PlanHello(RespRequest& request);
void PlanQuit(RespRequest& request);
void PlanReset(RespRequest& request);

// client_list.cc
void PlanClientInfo(RespRequest& request);
void PlanClientKill(RespRequest& request);
void PlanClientList(RespRequest& request);

// cluster.cc
void PlanReadOnly(RespRequest& request);
void PlanReadWrite(RespRequest& request);

// command_docs.cc
void PlanCommand(RespRequest& request);

// admin.cc
void PlanEcho(RespRequest& request);
void PlanPing(RespRequest& request);
void PlanRole(RespRequest& request);
void PlanSelect(RespRequest& request);
void PlanTime(RespRequest& request);
void PlanWait(RespRequest& request);

// info.cc
void PlanInfo(RespRequest& request);

// transactions.cc
void PlanDiscard(RespRequest& request);
void PlanExec(RespRequest& request);
void PlanMulti(RespRequest& request);
void PlanUnwatch(RespRequest& request);
void PlanWatch(RespRequest& request);
// Between MULTI and EXEC: keeps the request for EXEC.
void PlanQueued(RespRequest& request);

}  // namespace kv

#endif  // KV_RESP_TABLE_H_
