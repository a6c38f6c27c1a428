#include "scenarios/tape_codec.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/btree_map.h"

#include "scenarios/packed_numbers.h"

namespace scenarios {
namespace {

// Of one stream, while its choices pass.
struct StreamState {
  uint64_t stream = 0;
  uint64_t next_ordinal = 0;
  uint64_t last_domain = 0;
};

// What follows the number of the stream.
enum Form : uint64_t {
  kExpected = 0,   // The next ordinal, the same domain as the last choice.
  kNewDomain = 1,  // The next ordinal; the domain follows.
  kExplicit = 2,   // Ordinal and domain follow.
};
constexpr uint64_t kForms = 3;

}  // namespace

std::string EncodeTape(const sim::TapeRecord& record) {
  std::string out;
  PutNumber(out, record.stream_names.size());
  for (const auto& [stream, name] : record.stream_names) {
    PutNumber(out, stream);
    PutText(out, name);
  }
  PutNumber(out, record.choices.size());
  absl::btree_map<uint64_t, size_t> numbers;
  std::vector<StreamState> states;
  for (const sim::Choice& choice : record.choices) {
    const auto [found, is_new] = numbers.emplace(choice.stream, states.size());
    if (is_new) states.push_back({.stream = choice.stream});
    StreamState& state = states[found->second];
    const bool in_order = choice.ordinal == state.next_ordinal;
    const Form form = !in_order                            ? kExplicit
                      : choice.domain == state.last_domain ? kExpected
                                                           : kNewDomain;
    PutNumber(out, found->second * kForms + form);
    if (is_new) PutNumber(out, choice.stream);
    if (form == kExplicit) PutNumber(out, choice.ordinal);
    if (form != kExpected) PutNumber(out, choice.domain);
    PutNumber(out, choice.value);
    state.next_ordinal = choice.ordinal + 1;
    state.last_domain = choice.domain;
  }
  return out;
}

absl::StatusOr<sim::TapeRecord> DecodeTape(absl::string_view bytes) {
  PackedReader source(bytes);
  sim::TapeRecord record;
  for (uint64_t names = source.Number(); names > 0 && source.ok(); --names) {
    const uint64_t stream = source.Number();
    record.stream_names[stream] = source.Text();
  }
  std::vector<StreamState> states;
  for (uint64_t left = source.Number(); left > 0 && source.ok(); --left) {
    const uint64_t head = source.Number();
    const uint64_t number = head / kForms;
    if (number > states.size()) return absl::DataLossError("no such stream");
    if (number == states.size()) states.push_back({.stream = source.Number()});
    StreamState& state = states[number];
    sim::Choice choice;
    choice.stream = state.stream;
    choice.ordinal =
        head % kForms == kExplicit ? source.Number() : state.next_ordinal;
    choice.domain =
        head % kForms == kExpected ? state.last_domain : source.Number();
    choice.value = source.Number();
    state.next_ordinal = choice.ordinal + 1;
    state.last_domain = choice.domain;
    record.choices.push_back(choice);
  }
  if (!source.ok() || source.left() != 0) {
    return absl::DataLossError("the tape is cut off or damaged");
  }
  return record;
}

}  // namespace scenarios
