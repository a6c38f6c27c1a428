// Every command of the keyspace: its name, what Redis' COMMAND tells about it,
// and the function that executes it.
//
// One row a command, one file a family (strings.cc, keys.cc, hashes.cc, ...).
// The same row serves everybody: a connection looks a request up by its name, a
// log entry by its operation.

#ifndef KV_COMMANDS_TABLE_H_
#define KV_COMMANDS_TABLE_H_

#include <cstddef>
#include <span>

#include "absl/strings/string_view.h"

#include "kv/service.h"

namespace kv {

struct Call;

// Executes a command: reads or changes the keyspace and gives exactly one
// reply. It looks at nothing but its Call: no clock, no dice of its own.
using CommandHandler = void (*)(Call& call);

struct CommandRow {
  Operation operation;
  absl::string_view name;  // Lower case. Empty: no client can ask for it.
  // Words a request has, its own name included; negative: at least that many.
  int arity;
  absl::string_view flags;  // As COMMAND words them, separated by blanks.
  // Which words are keys, as Redis counts: 0 0 0 for none, last -1 for "to the
  // end".
  int first_key;
  int last_key;
  int key_step;
  CommandHandler handler;  // Null: the store executes it itself.
  bool random = false;     // Draws dice.
  // Changes nothing, so it needs no entry in the log. AllCommands() fills it
  // in: what has the flag "readonly" does.
  bool reads = false;
  // Reads, and may look at any number of things, whatever it is asked for and
  // however little it answers. AllCommands() fills it in.
  bool walks = false;
};

// In order of name; rows without a name first.
std::span<const CommandRow> AllCommands();

// Null if there is none. `name` is in lower case.
const CommandRow* FindCommand(absl::string_view name);
const CommandRow* FindCommand(Operation operation);

bool ArityFits(const CommandRow& row, size_t words);

// The families.
std::span<const CommandRow> StringCommands();          // strings.cc
std::span<const CommandRow> CounterCommands();         // counters.cc
std::span<const CommandRow> KeyCommands();             // keys.cc
std::span<const CommandRow> ScanCommands();            // scan.cc
std::span<const CommandRow> ExpiryCommands();          // expiry.cc
std::span<const CommandRow> TransactionCommands();     // transaction.cc
std::span<const CommandRow> LcsCommands();             // lcs.cc
std::span<const CommandRow> HashCommands();            // hashes.cc
std::span<const CommandRow> ListCommands();            // lists.cc
std::span<const CommandRow> SetCommands();             // sets.cc
std::span<const CommandRow> SetAlgebraCommands();      // set_algebra.cc
std::span<const CommandRow> SortedSetCommands();       // sorted_sets.cc
std::span<const CommandRow> SortedSetRangeCommands();  // sorted_set_ranges.cc
std::span<const CommandRow> SortedSetPopCommands();    // sorted_set_pops.cc
std::span<const CommandRow>
SortedSetAlgebraCommands();  // sorted_set_algebra.cc

}  // namespace kv

#endif  // KV_COMMANDS_TABLE_H_
