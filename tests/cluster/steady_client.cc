#include "tests/cluster/steady_client.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"

#include "tests/cluster/redis_client.h"

namespace cluster {

absl::Duration SteadyClient::Fate::Within(int percent) const {
  if (answers.empty()) return absl::InfiniteDuration();
  const size_t rank = (answers.size() - 1) * static_cast<size_t>(percent) / 100;
  return answers[rank];
}

std::string SteadyClient::Fate::ToString() const {
  return absl::StrFormat(
      "%d answers, p50 %.1f ms, p99 %.1f ms, max %.1f ms, %d refused, "
      "%d broken%s%s",
      answers.size(), absl::ToDoubleMilliseconds(Within(50)),
      absl::ToDoubleMilliseconds(Within(99)),
      absl::ToDoubleMilliseconds(Within(100)), refused, broken,
      first_trouble.empty() ? "" : ", first: ", first_trouble);
}

SteadyClient::SteadyClient(uint16_t redis_port, std::vector<std::string> words,
                           absl::Duration patience, absl::Duration pause)
    : thread_([this, redis_port, words = std::move(words), patience, pause] {
        Run(redis_port, words, patience, pause);
      }) {}

const SteadyClient::Fate& SteadyClient::Stop() {
  stop_.store(true);
  if (thread_.joinable()) {
    thread_.join();
    std::sort(fate_.answers.begin(), fate_.answers.end());
  }
  return fate_;
}

void SteadyClient::Run(uint16_t port, std::vector<std::string> words,
                       absl::Duration patience, absl::Duration pause) {
  const std::vector<absl::string_view> views(words.begin(), words.end());
  std::optional<RedisClient> client;
  const auto note = [this](absl::string_view trouble) {
    if (fate_.first_trouble.empty()) fate_.first_trouble = std::string(trouble);
  };
  while (!stop_.load()) {
    if (!client.has_value()) {
      absl::StatusOr<RedisClient> dialled =
          RedisClient::Connect(port, patience);
      if (!dialled.ok()) {
        ++fate_.broken;
        note(dialled.status().message());
        absl::SleepFor(absl::Milliseconds(10));
        continue;
      }
      client.emplace(*std::move(dialled));
    }
    const absl::Time begin = absl::Now();
    const absl::StatusOr<RedisReply> reply = client->Call(views, patience);
    if (!reply.ok()) {
      ++fate_.broken;
      note(reply.status().message());
      client.reset();
    } else if (reply->kind == RedisReply::Kind::kError) {
      ++fate_.refused;
      note(reply->text);
    } else {
      fate_.answers.push_back(absl::Now() - begin);
    }
    absl::SleepFor(pause);
  }
}

}  // namespace cluster
