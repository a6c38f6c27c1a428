// Structs to bytes and back: two cereal archives that are bounded.
//
// Fixed-width little-endian fields. The reader never allocates more than the
// bytes that are left could describe, never reads past the end, and turns every
// defect into a status: nothing thrown by cereal passes Decode().
//
//   struct Ping { uint64_t serial; std::string text;
//     template <class A> void serialize(A& archive) { archive(serial, text); } };
//   runtime::Bytes bytes = net::Encode(ping);
//   absl::StatusOr<Ping> back = net::Decode<Ping>(bytes.span());
//
// Knows: arithmetic types, bool, enums, StrongInt, std::string, runtime::Bytes,
// std::vector, std::optional, std::pair and structs with serialize().
//
// Included only by codecs: it pulls in cereal.
