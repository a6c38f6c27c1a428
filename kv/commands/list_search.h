// Of the commands for lists, those that look for an item by what it is. Their
// rows stand with the others, in lists.cc.

#ifndef KV_COMMANDS_LIST_SEARCH_H_
#define KV_COMMANDS_LIST_SEARCH_H_

#include "kv/commands/call.h"

namespace kv {

void LPos(Call& call);
void LRem(Call& call);
void LInsert(Call& call);

}  // namespace kv

#endif  // KV_COMMANDS_LIST_SEARCH_H_
