// The requests that become commands of the keyspace.

#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"

#include "kv/integer.h"
#include "kv/resp_table.h"

namespace kv {
namespace {

constexpr absl::string_view kNotAnInteger =
    "ERR value is not an integer or out of range";

struct SetOptions {
  absl::string_view condition;  // "NX", "XX" or none.
  bool get = false;
};

// What stands behind key and value; refuses the request and answers nothing if
// it is not understood.
std::optional<SetOptions> ParseSetOptions(RespRequest& request) {
  SetOptions options;
  for (const absl::string_view word : request.args.subspan(3)) {
    if (SameWord(word, "GET")) {
      options.get = true;
    } else if (SameWord(word, "NX") || SameWord(word, "XX")) {
      const absl::string_view condition = SameWord(word, "NX") ? "NX" : "XX";
      if (!options.condition.empty() && options.condition != condition) {
        RefuseRequest(request, kSyntaxError);
        return std::nullopt;
      }
      options.condition = condition;
    } else if (SameWord(word, "EX") || SameWord(word, "PX") ||
               SameWord(word, "EXAT") || SameWord(word, "PXAT")) {
      RefuseRequest(request,
                    "ERR keys that expire are not supported yet: SET without "
                    "EX, PX, EXAT and PXAT");
      return std::nullopt;
    } else if (!SameWord(word, "KEEPTTL")) {  // No key has a TTL to lose.
      RefuseRequest(request, kSyntaxError);
      return std::nullopt;
    }
  }
  return options;
}

void Increment(RespRequest& request, absl::string_view amount) {
  request.plan.AnswerLater(Wording::kInteger)
      .Add(Operation::kIncrement, {request.args[1], amount});
}

// The request's words are the command's arguments.
void PassOn(RespRequest& request, Operation operation, Wording wording) {
  request.plan.AnswerLater(wording).Add(operation, request.args.subspan(1));
}

}  // namespace

void PlanAppend(RespRequest& request) {
  PassOn(request, Operation::kAppend, Wording::kInteger);
}

void PlanDbSize(RespRequest& request) {
  PassOn(request, Operation::kCount, Wording::kInteger);
}

void PlanDelete(RespRequest& request) {
  PassOn(request, Operation::kDelete, Wording::kInteger);
}

void PlanExists(RespRequest& request) {
  PassOn(request, Operation::kExists, Wording::kInteger);
}

void PlanGet(RespRequest& request) {
  PassOn(request, Operation::kGet, Wording::kBulk);
}

void PlanGetSet(RespRequest& request) {
  PassOn(request, Operation::kSet, Wording::kBulk);
}

void PlanMultiGet(RespRequest& request) {
  PassOn(request, Operation::kMultiGet, Wording::kList);
}

void PlanSetNx(RespRequest& request) {
  PassOn(request, Operation::kSetIfAbsent, Wording::kInteger);
}

void PlanStrLen(RespRequest& request) {
  PassOn(request, Operation::kLength, Wording::kInteger);
}

void PlanType(RespRequest& request) {
  PassOn(request, Operation::kExists, Wording::kType);
}

void PlanMultiSet(RespRequest& request) {
  if (request.args.size() % 2 == 0) {
    return RefuseRequest(request,
                         "ERR wrong number of arguments for 'mset' command");
  }
  PassOn(request, Operation::kMultiSet, Wording::kOk);
}

void PlanIncr(RespRequest& request) { Increment(request, "1"); }

void PlanDecr(RespRequest& request) { Increment(request, "-1"); }

void PlanIncrBy(RespRequest& request) {
  if (!ParseInteger(request.args[2]).has_value()) {
    return RefuseRequest(request, kNotAnInteger);
  }
  Increment(request, request.args[2]);
}

void PlanDecrBy(RespRequest& request) {
  const std::optional<int64_t> amount = ParseInteger(request.args[2]);
  if (!amount.has_value()) return RefuseRequest(request, kNotAnInteger);
  int64_t negated = 0;
  if (__builtin_sub_overflow(0, *amount, &negated)) {
    return RefuseRequest(request, "ERR decrement would overflow");
  }
  CommandBatch& batch = request.plan.AnswerLater(Wording::kInteger);
  batch.Add(Operation::kIncrement,
            {request.args[1], batch.Own(absl::StrCat(negated))});
}

void PlanSet(RespRequest& request) {
  const std::optional<SetOptions> options = ParseSetOptions(request);
  if (!options.has_value()) return;
  const absl::string_view key = request.args[1];
  const absl::string_view value = request.args[2];
  // Without GET the previous value need not travel.
  const Operation operation = options->get ? Operation::kSet : Operation::kPut;
  if (options->condition.empty()) {
    request.plan.AnswerLater(options->get ? Wording::kBulk : Wording::kOk)
        .Add(operation, {key, value});
  } else {
    request.plan.AnswerLater(options->get ? Wording::kBulk : Wording::kOkOrNil)
        .Add(operation, {key, value, options->condition});
  }
}

}  // namespace kv
