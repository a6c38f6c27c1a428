#include "kv/keyspace.h"

#include "runtime/random.h"

namespace kv {

void Keyspace::Rehash(absl::string_view key, Value& value) {
  hash_ -= value.hash;
  // In two steps: MixHash(a, b) equals MixHash(b, a), but a key is no value.
  value.hash = runtime::MixHash(runtime::MixHash(0x6b6579u, HashBytes(key)),
                                value.lanes.Finish(value.text));
  hash_ += value.hash;
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
  if (!existed) it = values_.emplace(std::string(key), Value{}).first;
  it->second.text.assign(value.data(), value.size());
  it->second.lanes = LaneHash();
  it->second.lanes.Extend(value);
  Rehash(key, it->second);
  return existed;
}

size_t Keyspace::Append(absl::string_view key, absl::string_view text) {
  auto it = values_.find(key);
  if (it == values_.end()) {
    Set(key, text);
    return text.size();
  }
  Value& value = it->second;
  value.text.append(text.data(), text.size());
  value.lanes.Extend(value.text);
  Rehash(key, value);
  return value.text.size();
}

bool Keyspace::Remove(absl::string_view key) {
  const auto it = values_.find(key);
  if (it == values_.end()) return false;
  hash_ -= it->second.hash;
  values_.erase(it);
  return true;
}

}  // namespace kv
