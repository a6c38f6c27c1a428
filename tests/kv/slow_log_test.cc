#include "kv/resp/slow_log.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/probe.h"

namespace kv {
namespace {

runtime::Instant At(int64_t micros) {
  return runtime::Instant::FromNanos(micros * 1000);
}

// What was noted, as text.
class Notes : public runtime::ProbeSink {
 public:
  Notes() : before_(runtime::probe_sink) { runtime::probe_sink = this; }
  ~Notes() override { runtime::probe_sink = before_; }

  void OnNote(absl::string_view kind,
              std::span<const runtime::NoteField> fields) override {
    std::string line(kind);
    for (const runtime::NoteField& field : fields) {
      line += " " + std::string(field.key) + "=" +
              (field.text.empty() ? std::to_string(field.number)
                                  : std::string(field.text));
    }
    lines.push_back(line);
  }
  void OnReached(const runtime::ProbeSite& /*site*/) override {}
  bool OnBuggify(const runtime::ProbeSite& /*site*/) override { return false; }

  std::vector<std::string> lines;

 private:
  runtime::ProbeSink* before_;
};

TEST(SlowLogTest, ARequestIsNotedWithTheStagesOfItsWay) {
  Notes notes;
  SlowLog log(absl::Milliseconds(1));
  RespClient client;
  client.address = "10.0.0.1:5000";
  CommandBatch batch;
  batch.Add(Operation::kSetCommand, {"key", "value"});
  batch.Add(Operation::kGet, {"key"});
  const raft::StageTimes stages{.proposed = At(110),
                                .in_log = At(120),
                                .durable = At(900),
                                .committed = At(1300),
                                .applied = At(1350)};
  log.Add(client, batch, stages, At(100), At(1400), absl::UnixEpoch());
  log.Add(client, batch, std::nullopt, At(0), At(5000), absl::UnixEpoch());
  EXPECT_EQ(notes.lines,
            (std::vector<std::string>{
                "kv.slow_request client=10.0.0.1:5000 command=set commands=2 "
                "bytes=18 queued_us=10 proposed_us=20 durable_us=800 "
                "quorum_us=1200 applied_us=1250 replied_us=1300",
                "kv.slow_request client=10.0.0.1:5000 command=set commands=2 "
                "bytes=18 replied_us=5000"}));
  ASSERT_EQ(log.entries().size(), 2u);
  EXPECT_EQ(log.entries()[0].id, 1u);
  EXPECT_EQ(log.entries()[1].took, absl::Microseconds(1300));
  EXPECT_EQ(log.entries()[1].words,
            (std::vector<std::string>{"set", "key", "value"}));
}

TEST(SlowLogTest, ItIsBoundedInEveryWay) {
  SlowLog log(absl::Milliseconds(1));
  const std::string big(100'000, 'x');
  std::vector<absl::string_view> args(1000, big);
  CommandBatch batch;
  batch.Add(Operation::kDelete, args);
  for (size_t i = 0; i < 2 * SlowLog::kEntriesMax; ++i) {
    log.Add({}, batch, std::nullopt, At(0), At(5000), absl::UnixEpoch());
  }
  ASSERT_EQ(log.entries().size(), SlowLog::kEntriesMax);
  EXPECT_EQ(log.entries()[0].words.size(), SlowLog::kWordsMax);
  EXPECT_LT(log.entries()[0].words[1].size(), 200u);
}

}  // namespace
}  // namespace kv
