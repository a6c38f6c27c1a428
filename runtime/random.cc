#include "runtime/random.h"

#include <bit>

#include "runtime/check.h"

namespace runtime {
namespace {

// splitmix64 (Steele, Lea, Flood 2014): spreads one seed over the state.
uint64_t SplitMix(uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// -ln(1 - i/16) in units of 1/4096: the exponential distribution in sixteen
// pieces of equal probability. The last entry is the cut-off, chosen so that
// the mean comes out as 1.
constexpr int64_t kLog16[17] = {0,    264,  547,  850,   1178, 1535,
                                1925, 2357, 2839, 3386,  4017, 4764,
                                5678, 6857, 8517, 11357, 34048};

// x^5 of a fraction x in units of 1/65536.
int64_t FifthPower(int64_t x) {
  const int64_t square = x * x >> 16;
  const int64_t fourth = square * square >> 16;
  return fourth * x >> 16;
}

}  // namespace

Random::Random(uint64_t stream_seed, Tape* tape)
    : stream_(stream_seed), tape_(tape) {
  uint64_t seed = stream_seed;
  for (uint64_t& word : state_) word = SplitMix(seed);
}

Random Random::Fork(absl::string_view label, uint64_t a, uint64_t b) const {
  return Random(StreamSeed(stream_, label, a, b), tape_);
}

// xoshiro256** (Blackman, Vigna 2018).
uint64_t Random::Draw() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

uint64_t Random::Choose(uint64_t domain, uint64_t drawn) {
  if (tape_ == nullptr) return drawn;
  return tape_->Choose(stream_, ordinal_++, domain, drawn);
}

uint64_t Random::Next() { return Choose(0, Draw()); }

// Lemire 2019, without the rejection step: the bias of at most bound / 2^64 is
// far below anything that could be seen, and one draw stays one draw.
uint64_t Random::Below(uint64_t bound) {
  CHECK_GT(bound, uint64_t{0});
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(Draw()) * bound;
  return Choose(bound, static_cast<uint64_t>(product >> 64));
}

int64_t Random::Between(int64_t low, int64_t high) {
  CHECK_LE(low, high);
  const uint64_t span =
      static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  const uint64_t offset = span == ~uint64_t{0} ? Next() : Below(span + 1);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
}

absl::Duration Random::Between(absl::Duration low, absl::Duration high) {
  const int64_t low_ns = absl::ToInt64Nanoseconds(low);
  const int64_t high_ns = absl::ToInt64Nanoseconds(high);
  return absl::Nanoseconds(Between(low_ns, high_ns));
}

bool Random::Chance(uint32_t parts_per_million) {
  if (parts_per_million == 0) return false;
  return Below(1'000'000) < parts_per_million;
}

absl::Duration Random::Exponential(absl::Duration mean) {
  const uint64_t draw = Below(uint64_t{1} << 20);
  const size_t piece = draw >> 16;
  const int64_t within = static_cast<int64_t>(draw & 0xffff);
  const int64_t low = kLog16[piece];
  const int64_t span = kLog16[piece + 1] - low;
  // Straight lines, but for the tail, most of which lies low.
  const int64_t scaled = piece < 15 ? within : FifthPower(within);
  const int64_t units = low + (span * scaled >> 16);
  return absl::Nanoseconds(absl::ToInt64Nanoseconds(mean) * units / 4096);
}

}  // namespace runtime
