#include "tests/kv/command_runner.h"

#include <algorithm>
#include <optional>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"

#include "kv/commands/table.h"
#include "kv/reply.h"

namespace kv {
namespace {

using absl::string_view;

std::vector<string_view> SplitWords(string_view line) {
  std::vector<string_view> words;
  while (true) {
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    if (line.empty()) return words;
    const char quote = line.front();
    const bool quoted = quote == '\'' || quote == '"';
    if (quoted) line.remove_prefix(1);
    const size_t end = std::min(line.find(quoted ? quote : ' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
}

std::string Quoted(string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      absl::StrAppend(&out, "\\", string_view(&c, 1));
    } else if (absl::ascii_isprint(static_cast<unsigned char>(c))) {
      out.push_back(c);
    } else {
      absl::StrAppendFormat(&out, "\\x%02x",
                            unsigned{static_cast<unsigned char>(c)});
    }
  }
  return out + "\"";
}

bool IsLetter(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c));
}

bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

// Nobody would take it for anything but a text.
bool IsPlainWord(string_view text) {
  if (text.empty() || !IsLetter(text[0])) return false;
  for (const char c : text) {
    if (!IsLetter(c) && !IsDigit(c) && c != '_' && c != '-') return false;
  }
  return text != "inf" && text != "nan";
}

class Printer {
 public:
  explicit Printer(ResultReader& reader) : reader_(reader) {}

  // Nothing: there is no whole reply.
  std::optional<std::string> Next(bool nested) {
    const std::optional<ReplyView> reply = reader_.Next();
    if (!reply.has_value()) return std::nullopt;
    switch (reply->kind) {
      case ReplyKind::kNil:
        return "(nil)";
      case ReplyKind::kNullArray:
        return "(null array)";
      case ReplyKind::kInteger:
        return absl::StrCat(reply->integer);
      case ReplyKind::kText:
        return nested && IsPlainWord(reply->text) ? std::string(reply->text)
                                                  : Quoted(reply->text);
      case ReplyKind::kStatus:
      case ReplyKind::kError:
        return std::string(reply->text);
      case ReplyKind::kDouble: {
        const bool plain = reply->text.find_first_of(".ei") == reply->text.npos;
        return absl::StrCat(reply->text, plain ? ".0" : "");
      }
      case ReplyKind::kArray:
        return Items(reply->size, false, '[', ']');
      case ReplyKind::kSet:
        return Items(reply->size, false, '<', '>');
      case ReplyKind::kMap:
        return Items(reply->size, true, '{', '}');
      case ReplyKind::kPairs:
        return Items(reply->size, true, '[', ']');
      case ReplyKind::kRefusal:
        return absl::StrCat("refused: ", reply->text);
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> Items(size_t size, bool two, char open,
                                   char close) {
    std::string out(1, open);
    for (size_t i = 0; i < size; ++i) {
      const std::optional<std::string> item = Next(true);
      if (!item.has_value()) return std::nullopt;
      absl::StrAppend(&out, i == 0 ? "" : ", ", *item);
      if (!two) continue;
      const std::optional<std::string> value = Next(true);
      if (!value.has_value()) return std::nullopt;
      absl::StrAppend(&out, ": ", *value);
    }
    out.push_back(close);
    return out;
  }

  ResultReader& reader_;
};

ReplyKind KindOf(const runtime::Bytes& results) {
  ResultReader reader(results.text());
  const std::optional<ReplyView> reply = reader.Next();
  return reply.has_value() ? reply->kind : ReplyKind::kRefusal;
}

}  // namespace

std::vector<std::string> ShowReplies(string_view results) {
  std::vector<std::string> replies;
  ResultReader reader(results);
  while (!reader.rest().empty()) {
    const std::optional<std::string> reply = Printer(reader).Next(false);
    replies.push_back(reply.value_or("(malformed)"));
    if (!reply.has_value()) break;
  }
  return replies;
}

std::string CommandRunner::Run(string_view line) {
  return Run(SplitWords(line));
}

std::string CommandRunner::Run(const std::vector<string_view>& words) {
  if (words.empty()) return "(no command)";
  const std::string name = absl::AsciiStrToLower(words[0]);
  const CommandRow* row = FindCommand(name);
  if (row == nullptr) return absl::StrCat("ERR unknown command '", name, "'");
  if (!ArityFits(*row, words.size())) {
    return absl::StrCat("ERR wrong number of arguments for '", name,
                        "' command");
  }
  CommandBatch batch;
  batch.Add(row->operation, std::span(words).subspan(1));
  const uint64_t before = store_.StateHash();
  const bool none_due = decisions_.now_ms == 0 ||
                        !store_.first_deadline_ms().has_value() ||
                        *store_.first_deadline_ms() > decisions_.now_ms;
  std::optional<std::string> read;
  if (batch.read_only()) {
    if (const auto results = store_.Read(batch, 0, decisions_)) {
      read = std::string(results->text());
    }
    EXPECT_EQ(store_.StateHash(), before) << name;
  }
  const runtime::Bytes results = Apply(batch);
  reply_bytes_ = results.size();
  if (read.has_value()) {
    EXPECT_TRUE(*read == results.text()) << name << " reads something else";
  }
  const bool changes_nothing =
      batch.read_only() || KindOf(results) == ReplyKind::kError;
  if (changes_nothing && none_due) {
    EXPECT_EQ(store_.StateHash(), before) << name;
  }
  ++decisions_.dice;
  const std::vector<std::string> replies = ShowReplies(results.text());
  EXPECT_EQ(replies.size(), 1u) << name;
  return replies.empty() ? "(no reply)" : replies[0];
}

runtime::Bytes CommandRunner::Apply(const CommandBatch& batch) {
  const raft::Command command{++index_, persist::Term(1),
                              EncodeEntry({}, decisions_, batch)};
  runtime::Bytes result;
  store_.Apply({&command, 1}, {&result, 1});
  return result;
}

}  // namespace kv
