#include "kv/commands/encoding.h"

#include <algorithm>
#include <cstddef>

#include "kv/integer.h"

namespace kv {
namespace {

constexpr size_t kEmbeddedMax = 44;
constexpr size_t kPackedItemsMax = 128;
constexpr size_t kPackedBytesMax = 64;
constexpr size_t kIntegersMax = 512;

absl::string_view OfString(const StringValue& value) {
  if (ParseInteger(value.text()).has_value()) return "int";
  return value.text().size() <= kEmbeddedMax ? "embstr" : "raw";
}

absl::string_view OfHash(const HashValue& hash) {
  const bool packed =
      hash.size() <= kPackedItemsMax &&
      std::all_of(hash.fields().begin(), hash.fields().end(),
                  [](const auto& field) {
                    return field.key.size() <= kPackedBytesMax &&
                           field.value.size() <= kPackedBytesMax;
                  });
  return packed ? "listpack" : "hashtable";
}

absl::string_view OfSet(const SetValue& set) {
  const bool integers =
      set.size() <= kIntegersMax &&
      std::all_of(set.members().begin(), set.members().end(),
                  [](const auto& member) {
                    return ParseInteger(member.key).has_value();
                  });
  return integers ? "intset" : "hashtable";
}

absl::string_view OfSortedSet(const SortedSetValue& set) {
  const bool packed = set.size() <= kPackedItemsMax &&
                      std::all_of(set.members().begin(), set.members().end(),
                                  [](const auto& member) {
                                    return member.key.size() <= kPackedBytesMax;
                                  });
  return packed ? "listpack" : "skiplist";
}

}  // namespace

absl::string_view EncodingOf(const Value& value) {
  if (const auto* text = value.As<StringValue>()) return OfString(*text);
  if (const auto* hash = value.As<HashValue>()) return OfHash(*hash);
  if (const auto* set = value.As<SetValue>()) return OfSet(*set);
  if (const auto* set = value.As<SortedSetValue>()) return OfSortedSet(*set);
  return "quicklist";
}

}  // namespace kv
