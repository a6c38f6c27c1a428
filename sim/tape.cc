#include "sim/tape.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sim {
namespace {

bool EarlierById(const Choice& a, const Choice& b) {
  return std::tie(a.stream, a.ordinal) < std::tie(b.stream, b.ordinal);
}

bool Fits(uint64_t value, uint64_t domain) {
  return domain == 0 || value < domain;
}

}  // namespace

std::string TapeRecord::Describe(const Choice& choice) const {
  const auto name = stream_names.find(choice.stream);
  return absl::StrCat(
      name != stream_names.end()
          ? name->second
          : absl::StrCat("stream ", absl::Hex(choice.stream)),
      " #", choice.ordinal, ": ", choice.value, " of ",
      choice.domain == 0 ? "2^64" : absl::StrCat(choice.domain));
}

uint64_t RecordingTape::Choose(uint64_t stream, uint64_t ordinal,
                               uint64_t domain, uint64_t drawn) {
  record_.choices.push_back({stream, ordinal, domain, drawn});
  return drawn;
}

void RecordingTape::NameStream(uint64_t stream, std::string name) {
  record_.stream_names.emplace(stream, std::move(name));
}

uint64_t ReplayTape::Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                            uint64_t drawn) {
  if (!mismatch_.empty()) return drawn;
  const Choice now{stream, ordinal, domain, drawn};
  if (played_ == record_.choices.size()) {
    mismatch_ = absl::StrCat("the tape ended after ", played_, " choices; now ",
                             TapeRecord{{}, stream_names_}.Describe(now));
    return drawn;
  }
  const Choice& then = record_.choices[played_];
  if (then.stream != stream || then.ordinal != ordinal ||
      then.domain != domain) {
    mismatch_ =
        absl::StrCat("choice ", played_, " was ", record_.Describe(then),
                     "; now ", TapeRecord{{}, stream_names_}.Describe(now));
    return drawn;
  }
  ++played_;
  return then.value;
}

void ReplayTape::NameStream(uint64_t stream, std::string name) {
  stream_names_.emplace(stream, std::move(name));
}

LenientTape::LenientTape(const TapeRecord& record) : choices_(record.choices) {
  // Stable: of two choices with one id (which only a hand-made tape has) the
  // first counts.
  std::stable_sort(choices_.begin(), choices_.end(), EarlierById);
}

uint64_t LenientTape::Choose(uint64_t stream, uint64_t ordinal, uint64_t domain,
                             uint64_t drawn) {
  const Choice id{.stream = stream, .ordinal = ordinal};
  const auto known =
      std::lower_bound(choices_.begin(), choices_.end(), id, EarlierById);
  if (known != choices_.end() && known->stream == stream &&
      known->ordinal == ordinal && Fits(known->value, domain)) {
    ++played_;
    return known->value;
  }
  ++drawn_;
  return drawn;
}

}  // namespace sim
