#include "kv/keyspace.h"

#include "runtime/random.h"

namespace kv {

uint64_t Keyspace::HashOf(absl::string_view key, const Value& value) {
  // In two steps: MixHash(a, b) equals MixHash(b, a), but a key is no value.
  return runtime::MixHash(runtime::MixHash(0x6b6579u, HashBytes(key)),
                          value.lanes.Finish(value.text));
}

std::optional<absl::string_view> Keyspace::Get(absl::string_view key) const {
  const auto it = values_.find(key);
  if (it == values_.end()) return std::nullopt;
  return it->second.text;
}

bool Keyspace::Contains(absl::string_view key) const {
  return values_.contains(key);
}

bool Keyspace::Set(absl::string_view key, absl::string_view value) {
  auto it = values_.find(key);
  const bool existed = it != values_.end();
  if (existed) {
    hash_ -= HashOf(key, it->second);
  } else {
    it = values_.emplace(std::string(key), Value{}).first;
  }
  it->second.text.assign(value.data(), value.size());
  it->second.lanes = LaneHash();
  it->second.lanes.Extend(value);
  hash_ += HashOf(key, it->second);
  return existed;
}

size_t Keyspace::Append(absl::string_view key, absl::string_view text) {
  auto it = values_.find(key);
  if (it == values_.end()) {
    Set(key, text);
    return text.size();
  }
  Value& value = it->second;
  hash_ -= HashOf(key, value);
  value.text.append(text.data(), text.size());
  value.lanes.Extend(value.text);
  hash_ += HashOf(key, value);
  return value.text.size();
}

bool Keyspace::Remove(absl::string_view key) {
  const auto it = values_.find(key);
  if (it == values_.end()) return false;
  hash_ -= HashOf(key, it->second);
  values_.erase(it);
  return true;
}

}  // namespace kv
