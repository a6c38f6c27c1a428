// The Redis commands we speak, with what COMMAND tells about them.
//
// Private to resp_commands.cc, resp_keyspace.cc and resp_admin.cc.

#ifndef KV_RESP_TABLE_H_
#define KV_RESP_TABLE_H_

#include <cstddef>
#include <optional>
#include <span>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

#include "kv/resp_commands.h"

namespace kv {

// One request while it is planned.
struct RespRequest {
  absl::string_view name;                   // As in the table.
  std::span<const absl::string_view> args;  // With the command's own word.
  RespClient& client;
  absl::FunctionRef<ServerFacts()> facts;
  RespPlan& plan;
};

using RespHandler = void (*)(RespRequest& request);

struct RespCommand {
  absl::string_view name;  // Lower case.
  // Words a request has, its own included; negative: at least that many.
  int arity;
  absl::string_view flags;  // Separated by blanks.
  // Which words are keys, as Redis counts: 0 0 0 for none, last -1 for "to the
  // end".
  int first_key;
  int last_key;
  int key_step;
  RespHandler handler;
};

// In order of name.
std::span<const RespCommand> RespCommands();
// Any case. Null if there is none.
const RespCommand* FindRespCommand(absl::string_view name);

// Any case.
bool SameWord(absl::string_view a, absl::string_view b);

// Answers this request with an error line.
void RefuseRequest(RespRequest& request, absl::string_view error);
inline constexpr absl::string_view kSyntaxError = "ERR syntax error";

// resp_keyspace.cc
void PlanAppend(RespRequest& request);
void PlanDbSize(RespRequest& request);
void PlanDecr(RespRequest& request);
void PlanDecrBy(RespRequest& request);
void PlanDelete(RespRequest& request);
void PlanExists(RespRequest& request);
void PlanGet(RespRequest& request);
void PlanGetSet(RespRequest& request);
void PlanIncr(RespRequest& request);
void PlanIncrBy(RespRequest& request);
void PlanMultiGet(RespRequest& request);
void PlanMultiSet(RespRequest& request);
void PlanSet(RespRequest& request);
void PlanSetNx(RespRequest& request);
void PlanStrLen(RespRequest& request);
void PlanType(RespRequest& request);

// resp_admin.cc
void PlanAuth(RespRequest& request);
void PlanClient(RespRequest& request);
void PlanCluster(RespRequest& request);
void PlanCommand(RespRequest& request);
void PlanConfig(RespRequest& request);
void PlanEcho(RespRequest& request);
void PlanHello(RespRequest& request);
void PlanInfo(RespRequest& request);
void PlanPing(RespRequest& request);
void PlanQuit(RespRequest& request);
void PlanReset(RespRequest& request);
void PlanRole(RespRequest& request);
void PlanSelect(RespRequest& request);
void PlanTime(RespRequest& request);

}  // namespace kv

#endif  // KV_RESP_TABLE_H_
