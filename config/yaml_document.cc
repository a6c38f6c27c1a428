// The text of a YAML file, before its parser sees it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "yaml-cpp/depthguard.h"
#include "yaml-cpp/eventhandler.h"

#include "config/utf8.h"
#include "config/yaml_reader.h"

namespace config {
namespace {

bool CheckText(YamlErrors& errors, absl::string_view text) {
  YAML::Mark mark;
  mark.line = mark.column = 0;
  bool indenting = true;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto byte = static_cast<uint8_t>(c);
    const size_t bytes = CharacterBytes(text, at);
    if (bytes == 0) {
      return errors.Fail(mark, absl::StrCat("expected UTF-8, not the byte 0x",
                                            absl::Hex(byte, absl::kZeroPad2)));
    }
    if (c == '\t' && indenting) {
      return errors.Fail(mark, "expected spaces: a tab does not indent");
    }
    if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f) {
      return errors.Fail(mark,
                         absl::StrCat("expected text, not the character 0x",
                                      absl::Hex(byte, absl::kZeroPad2)));
    }
    at += bytes;
    indenting = c == '\n' || (indenting && c == ' ');
    mark.column = c == '\n' ? 0 : mark.column + 1;
    if (c == '\n') ++mark.line;
  }
  return true;
}

// Notes where the second document begins, and nothing else.
class DocumentCounter final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) second_ = mark;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  const std::optional<YAML::Mark>& second() const { return second_; }

 private:
  int documents_ = 0;
  std::optional<YAML::Mark> second_;
};

// Looks no further than for a second one: where a document begins with what
// cannot begin one, yaml-cpp finds document after document there, for ever.
std::optional<YAML::Mark> SecondDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentCounter counter;
  if (parser.HandleNextDocument(counter)) parser.HandleNextDocument(counter);
  return counter.second();
}

}  // namespace

bool ReadDocument(YamlErrors& errors, const std::string& text,
                  YAML::Node* root) {
  if (!CheckText(errors, text)) return false;
  try {
    if (const std::optional<YAML::Mark> second = SecondDocument(text)) {
      return errors.Fail(*second, "expected one document, not two");
    }
    *root = YAML::Load(text);
  } catch (const YAML::DeepRecursion& error) {
    return errors.Fail(error.mark, "it is nested too deep");
  }
  if (!root->IsDefined() || root->IsNull()) {
    return errors.Fail(YAML::Mark::null_mark(), "there is nothing in it");
  }
  return true;
}

}  // namespace config
