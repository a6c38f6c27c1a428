// Fields one after another as text: "5:hello2:42". How a sweep's worker tells
// its parent about a seed, and how the sections of an artifact are kept.
//
// The reader never believes a length: whatever is damaged or cut off is an
// error, and nothing is allocated beyond the bytes that are there.

#ifndef SCENARIOS_TEXT_RECORD_H_
#define SCENARIOS_TEXT_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace scenarios {

using Counts = std::vector<std::pair<std::string, uint64_t>>;

class RecordWriter {
 public:
  void Text(absl::string_view text);
  void Number(uint64_t number);
  void Signed(int64_t number);
  void Texts(const std::vector<std::string>& texts);
  void CountsOf(const Counts& counts);

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// After the first defect every answer is empty or 0 and ok() is false.
class RecordReader {
 public:
  explicit RecordReader(absl::string_view bytes) : bytes_(bytes) {}

  std::string Text();
  uint64_t Number();
  int64_t Signed();
  std::vector<std::string> Texts();
  Counts CountsOf();

  bool ok() const { return ok_; }
  // OK when everything was read and nothing is left.
  // Errors: DATA_LOSS.
  absl::Status Finish() const;

 private:
  absl::string_view Field();
  // A number of elements that the bytes left could hold.
  size_t ElementCount();

  absl::string_view bytes_;
  bool ok_ = true;
};

// `text` as a JSON string, with its quotes.
std::string JsonQuoted(absl::string_view text);
// {"a":1,"b":2}
std::string JsonObject(const Counts& counts);
// ["a","b"]
std::string JsonArray(const std::vector<std::string>& texts);

}  // namespace scenarios

#endif  // SCENARIOS_TEXT_RECORD_H_
