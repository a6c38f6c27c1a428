#include "scenarios/resp_session.h"

#include <span>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "runtime/bytes.h"
#include "runtime/check.h"

namespace scenarios {
namespace {

using Kind = RespReply::Kind;

constexpr absl::Duration kConnectTimeout = absl::Milliseconds(300);
// Some clients turn away soon, and what they asked for is forwarded still;
// others wait for whatever the server has to say in the end.
constexpr uint32_t kImpatientPpm = 500'000;
constexpr absl::Duration kPatienceMin = absl::Milliseconds(60);
constexpr absl::Duration kPatienceMax = absl::Milliseconds(800);
constexpr absl::Duration kLongPatience = absl::Seconds(7);

constexpr int kDepthMax = 4;
// Of one request or reply, in a trace.
constexpr size_t kToldMax = 1000;
constexpr int64_t kPartsMax = 1 << 16;

absl::Duration DrawPatience(runtime::Random& dice) {
  const bool impatient = dice.Chance(kImpatientPpm);
  return impatient ? dice.Between(kPatienceMin, kPatienceMax) : kLongPatience;
}

RespReply Malformed(absl::string_view line) {
  return {.kind = Kind::kMalformed,
          .text = std::string(line.substr(0, 80)),
          .integer = 0,
          .parts = {}};
}

std::string Encode(const RespSession::Request& request) {
  std::string out = absl::StrCat("*", request.size(), "\r\n");
  for (const std::string& word : request) {
    absl::StrAppend(&out, "$", word.size(), "\r\n", word, "\r\n");
  }
  return out;
}

// Reads replies off the front of a text.
class RespText {
 public:
  explicit RespText(absl::string_view bytes) : bytes_(bytes) {}

  std::optional<RespReply> Next(int depth);
  size_t used() const { return used_; }

 private:
  std::optional<absl::string_view> Line();
  std::optional<RespReply> Bulk(absl::string_view line, int64_t size);
  std::optional<RespReply> Array(int64_t size, int depth);

  const absl::string_view bytes_;
  size_t used_ = 0;
};

std::optional<absl::string_view> RespText::Line() {
  const size_t end = bytes_.find("\r\n", used_);
  if (end == absl::string_view::npos) return std::nullopt;
  const absl::string_view line = bytes_.substr(used_, end - used_);
  used_ = end + 2;
  return line;
}

std::optional<RespReply> RespText::Bulk(absl::string_view line, int64_t size) {
  const auto length = static_cast<size_t>(size);
  if (bytes_.size() - used_ < length + 2) return std::nullopt;
  RespReply reply{.kind = Kind::kBulk, .text = {}, .integer = 0, .parts = {}};
  reply.text = std::string(bytes_.substr(used_, length));
  used_ += length;
  if (bytes_.substr(used_, 2) != "\r\n") return Malformed(line);
  used_ += 2;
  return reply;
}

std::optional<RespReply> RespText::Array(int64_t size, int depth) {
  RespReply reply{.kind = Kind::kArray, .text = {}, .integer = 0, .parts = {}};
  for (int64_t i = 0; i < size; ++i) {
    std::optional<RespReply> part = Next(depth + 1);
    if (!part.has_value()) return std::nullopt;
    if (part->kind == Kind::kMalformed) return part;
    reply.parts.push_back(*std::move(part));
  }
  return reply;
}

std::optional<RespReply> RespText::Next(int depth) {
  const std::optional<absl::string_view> line = Line();
  if (!line.has_value()) return std::nullopt;
  if (line->empty() || depth > kDepthMax) return Malformed(*line);
  RespReply reply;
  const char mark = line->front();
  const absl::string_view rest = line->substr(1);
  if (mark == '+' || mark == '-') {
    reply.kind = mark == '+' ? Kind::kSimple : Kind::kError;
    reply.text = std::string(rest);
    return reply;
  }
  int64_t number = 0;
  if (!absl::SimpleAtoi(rest, &number)) return Malformed(*line);
  if (mark == ':') {
    reply.kind = Kind::kInteger;
    reply.integer = number;
    return reply;
  }
  if (mark != '$' && mark != '*') return Malformed(*line);
  if (number == -1) return reply;
  if (number < 0) return Malformed(*line);
  if (mark == '$') return Bulk(*line, number);
  return number > kPartsMax ? Malformed(*line) : Array(number, depth);
}

}  // namespace

std::string RespReply::ToString() const {
  switch (kind) {
    case Kind::kSimple:
    case Kind::kBulk:
      return text;
    case Kind::kError:
      return absl::StrCat("-", text);
    case Kind::kInteger:
      return absl::StrCat(":", integer);
    case Kind::kNil:
      return "nil";
    case Kind::kMoved:
      return absl::StrCat("moved: ", text);
    case Kind::kArray:
      break;
    case Kind::kMalformed:
      return absl::StrCat("no reply: ", text);
  }
  const auto append = [](std::string* out, const RespReply& part) {
    absl::StrAppend(out, part.ToString());
  };
  return absl::StrCat("[", absl::StrJoin(parts, " ", append), "]");
}

std::optional<RespReply> ParseResp(absl::string_view bytes, size_t* size) {
  RespText text(bytes);
  std::optional<RespReply> reply = text.Next(0);
  *size = text.used();
  return reply;
}

RespVerdict VerdictOf(const RespReply& reply) {
  if (reply.kind == Kind::kMalformed) return RespVerdict::kWrong;
  if (reply.kind == Kind::kMoved) return RespVerdict::kNotDone;
  if (reply.kind != Kind::kError) return RespVerdict::kAnswered;
  if (absl::StartsWith(reply.text, "CLUSTERDOWN ") ||
      absl::StartsWith(reply.text, "BUSY ")) {
    return RespVerdict::kNotDone;
  }
  return absl::StartsWith(reply.text, "UNCERTAIN ") ? RespVerdict::kUnknown
                                                    : RespVerdict::kWrong;
}

// ------------------------------------------------------------ RespSession

RespSession::RespSession(sim::World& world, sim::Process& process,
                         std::vector<net::Address> servers, Manner manner,
                         absl::string_view label)
    : world_(world),
      process_(process),
      executor_(process.network_executor()),
      servers_(std::move(servers)),
      manner_(manner),
      dice_(process.Stream(label)),
      patience_(DrawPatience(dice_)) {
  server_ = dice_.Below(servers_.size());
}

void RespSession::Leave() {
  stream_.reset();
  received_.clear();
  if (stays_ || servers_.size() == 1) return;
  const size_t step = 1 + dice_.Below(servers_.size() - 1);
  server_ = (server_ + step) % servers_.size();
}

void RespSession::GoTo(uint32_t node) {
  stream_.reset();
  received_.clear();
  server_ = node - 1;
}

// "MOVED 7 n2:6380"
std::optional<size_t> RespSession::PlaceNamed(absl::string_view moved,
                                              size_t by) const {
  const std::vector<absl::string_view> words = absl::StrSplit(moved, ' ');
  if (words.size() != 3 || words[0] != "MOVED") return std::nullopt;
  for (size_t place = 0; place < servers_.size(); ++place) {
    const net::Address& address = servers_[place];
    const bool named =
        words[2] == absl::StrCat(address.host, ":", address.port);
    if (named && place != by) return place;
  }
  return std::nullopt;
}

void RespSession::Follow(std::vector<RespReply>& replies, size_t asked) {
  std::optional<size_t> next;
  for (RespReply& reply : replies) {
    if (reply.kind != Kind::kError) continue;
    const std::optional<size_t> named = PlaceNamed(reply.text, asked);
    // A transaction of which a part belongs elsewhere is not done either.
    const bool aborted =
        next.has_value() && absl::StartsWith(reply.text, "EXECABORT ");
    if (!named.has_value() && !aborted) continue;
    reply.kind = Kind::kMoved;
    if (named.has_value()) next = named;
  }
  if (!next.has_value()) return;
  GoTo(static_cast<uint32_t>(*next) + 1);
}

bool RespSession::Connect() {
  if (stream_ != nullptr) return true;
  absl::StatusOr<std::unique_ptr<net::Stream>> stream =
      process_.network().Dial(servers_[server_], net::Framing::kBytes,
                              executor_.Now() + kConnectTimeout);
  if (!stream.ok()) {
    Leave();
    return false;
  }
  stream_ = *std::move(stream);
  return true;
}

bool RespSession::ReadMore(runtime::Instant deadline) {
  char chunk[4096];
  const absl::StatusOr<size_t> count =
      stream_->Read(std::as_writable_bytes(std::span(chunk)), deadline);
  if (!count.ok() || *count == 0) return false;
  received_.append(chunk, *count);
  return true;
}

std::vector<RespReply> RespSession::Ask(const std::vector<Request>& requests) {
  CHECK(connected(), "nobody to ask");
  std::string bytes;
  for (const Request& request : requests) bytes += Encode(request);
  ExplainAsked(requests);
  const runtime::Instant deadline = executor_.Now() + patience_;
  const size_t asked = server_;
  std::vector<RespReply> replies;
  bool good = stream_->Write(runtime::AsBytes(bytes), deadline).ok();
  while (good && replies.size() < requests.size()) {
    size_t size = 0;
    std::optional<RespReply> reply = ParseResp(received_, &size);
    if (!reply.has_value()) {
      good = ReadMore(deadline);
      continue;
    }
    received_.erase(0, size);
    good = reply->kind != Kind::kMalformed;
    replies.push_back(*std::move(reply));
  }
  ExplainTold(replies);
  if (!good) Leave();
  if (manner_ == Manner::kFollows) Follow(replies, asked);
  return replies;
}

std::string RespSession::Tell(absl::string_view bytes) {
  CHECK(connected(), "nobody to tell");
  const runtime::Instant deadline = executor_.Now() + patience_;
  if (stream_->Write(runtime::AsBytes(bytes), deadline).ok()) {
    while (ReadMore(deadline)) {
    }
  }
  std::string told = std::move(received_);
  Leave();
  return told;
}

void RespSession::BePatient() { patience_ = kLongPatience; }

void RespSession::StayAt(size_t place) {
  stays_ = true;
  server_ = place;
}

// For readers of a trace.
void RespSession::ExplainAsked(const std::vector<Request>& requests) {
  if (!world_.traced()) return;
  const auto append = [](std::string* out, const Request& request) {
    absl::StrAppend(out, absl::StrJoin(request, " ").substr(0, kToldMax));
  };
  world_.Explain(sim::TraceLevel::kStory, process_.host(), "redis.ask",
                 {{"node", uint64_t{node()}},
                  {"requests", absl::StrJoin(requests, "; ", append)}});
}

void RespSession::ExplainTold(const std::vector<RespReply>& replies) {
  if (!world_.traced()) return;
  const auto append = [](std::string* out, const RespReply& reply) {
    absl::StrAppend(out, reply.ToString().substr(0, kToldMax));
  };
  world_.Explain(sim::TraceLevel::kStory, process_.host(), "redis.told",
                 {{"replies", absl::StrJoin(replies, "; ", append)}});
}

}  // namespace scenarios
