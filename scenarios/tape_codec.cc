#include "scenarios/tape_codec.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/btree_map.h"

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

void Put(std::string& out, uint64_t number) {
  while (number >= 0x80) {
    out += static_cast<char>(0x80 | (number & 0x7f));
    number >>= 7;
  }
  out += static_cast<char>(number);
}

class Source {
 public:
  explicit Source(absl::string_view bytes) : bytes_(bytes) {}

  uint64_t Take() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ >= bytes_.size()) break;
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      number |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return number;
    }
    ok_ = false;
    return 0;
  }
  std::string TakeText() {
    const uint64_t size = Take();
    if (!ok_ || size > left()) {
      ok_ = false;
      return "";
    }
    at_ += size;
    return std::string(bytes_.substr(at_ - size, size));
  }
  size_t left() const { return bytes_.size() - at_; }
  bool ok() const { return ok_; }

 private:
  absl::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace

std::string EncodeTape(const sim::TapeRecord& record) {
  std::string out;
  Put(out, record.stream_names.size());
  for (const auto& [stream, name] : record.stream_names) {
    Put(out, stream);
    Put(out, name.size());
    out += name;
  }
  Put(out, record.choices.size());
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
    Put(out, found->second * kForms + form);
    if (is_new) Put(out, choice.stream);
    if (form == kExplicit) Put(out, choice.ordinal);
    if (form != kExpected) Put(out, choice.domain);
    Put(out, choice.value);
    state.next_ordinal = choice.ordinal + 1;
    state.last_domain = choice.domain;
  }
  return out;
}

absl::StatusOr<sim::TapeRecord> DecodeTape(absl::string_view bytes) {
  Source source(bytes);
  sim::TapeRecord record;
  for (uint64_t names = source.Take(); names > 0 && source.ok(); --names) {
    const uint64_t stream = source.Take();
    record.stream_names[stream] = source.TakeText();
  }
  std::vector<StreamState> states;
  for (uint64_t left = source.Take(); left > 0 && source.ok(); --left) {
    const uint64_t head = source.Take();
    const uint64_t number = head / kForms;
    if (number > states.size()) return absl::DataLossError("no such stream");
    if (number == states.size()) states.push_back({.stream = source.Take()});
    StreamState& state = states[number];
    sim::Choice choice;
    choice.stream = state.stream;
    choice.ordinal =
        head % kForms == kExplicit ? source.Take() : state.next_ordinal;
    choice.domain =
        head % kForms == kExpected ? state.last_domain : source.Take();
    choice.value = source.Take();
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
