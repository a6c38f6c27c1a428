#include "scenarios/artifact.h"

#include <string>

#include "gtest/gtest.h"

namespace scenarios {
namespace {

Artifact SomeArtifact() {
  Artifact artifact;
  artifact.build = BuildIdentity();
  artifact.scenario_text = "name: calm\n# [tape 3]\n";
  artifact.result.scenario = "calm";
  artifact.result.seed = 18446744073709551615u;
  artifact.result.outcome = RunResult::Outcome::kFailed;
  artifact.result.signature = "election-safety";
  artifact.result.message = "two leaders\nof term 3";
  artifact.result.digest = 0x0123456789abcdef;
  artifact.result.checkpoints = {1, 2, 3};
  artifact.result.events = 3100;
  artifact.result.virtual_time = absl::Seconds(4);
  artifact.result.counts = {{"client.answered", 7}};
  artifact.result.faults = {{"crash", 2}, {"isolate", 0}};
  artifact.result.expected_faults = {"crash"};
  artifact.result.reached = {{"raft.split-vote", 1}};
  artifact.result.knobs = {"network.frame_loss = 1%"};
  artifact.result.last_events = {"[1s] n1 raft.role role=leader"};
  artifact.outline = std::string("\7\0\377", 3);
  artifact.tape = std::string("\0\1\2\xff binary", 11);
  return artifact;
}

TEST(ArtifactTest, WhatWasWrittenIsReadBack) {
  const Artifact artifact = SomeArtifact();
  const absl::StatusOr<Artifact> back =
      ParseArtifact(FormatArtifact(artifact), "a");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->build, artifact.build);
  EXPECT_EQ(back->scenario_text, artifact.scenario_text);
  EXPECT_EQ(back->tape, artifact.tape);
  EXPECT_EQ(back->outline, artifact.outline);
  EXPECT_EQ(SerializeRunResult(back->result),
            SerializeRunResult(artifact.result));
  EXPECT_EQ(back->result.seed, artifact.result.seed);
  EXPECT_EQ(back->result.faults, artifact.result.faults);
}

TEST(ArtifactTest, APersonCanReadIt) {
  const std::string text = FormatArtifact(SomeArtifact());
  EXPECT_NE(text.find("signature election-safety\n"), std::string::npos);
  EXPECT_NE(text.find("struck crash 2\n"), std::string::npos);
  EXPECT_NE(text.find("name: calm\n"), std::string::npos);
}

TEST(ArtifactTest, EveryTruncationIsNoticed) {
  const std::string text = FormatArtifact(SomeArtifact());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(ParseArtifact(text.substr(0, size), "a").ok()) << size;
  }
}

TEST(ArtifactTest, EveryFlippedBitIsNoticed) {
  const std::string text = FormatArtifact(SomeArtifact());
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x04);
    EXPECT_FALSE(ParseArtifact(damaged, "a").ok()) << i;
  }
}

TEST(ArtifactTest, ErrorsNameTheFileAndTheDefect) {
  EXPECT_EQ(ParseArtifact("hello", "x.raft").status().message(),
            "x.raft: not an artifact");
  EXPECT_EQ(ParseArtifact("twinraft artifact 9\n", "x").status().message(),
            "x: expected an artifact of version 2, not '9'");
  std::string text = FormatArtifact(SomeArtifact());
  text[100] ^= 1;
  EXPECT_EQ(ParseArtifact(text, "x").status().message(),
            "x: damaged or cut off: the checksum differs");
}

TEST(RunResultTest, ForgedCountsAreRefusedBeforeAnythingIsAllocated) {
  RecordWriter writer;
  writer.Number(1'000'000'000'000);
  RecordReader reader(writer.bytes());
  EXPECT_TRUE(reader.Texts().empty());
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(ParseRunResult("3:abc99999999999:").ok());
}

TEST(RunResultTest, SignaturesCarryNoNumbers) {
  EXPECT_EQ(WithoutNumbers("log.cc:120: index 17 on n3"),
            "log.cc:#: index # on n#");
}

TEST(RunResultTest, JsonEscapesWhatMustBeEscaped) {
  EXPECT_EQ(JsonQuoted("a\"b\\c\nd\x01"), "\"a\\\"b\\\\c\\nd\\u0001\"");
}

}  // namespace
}  // namespace scenarios
