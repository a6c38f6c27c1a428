#include "prod/log_writer.h"

#include <array>
#include <csignal>
#include <memory>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

#include "prod/unique_fd.h"

namespace prod {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

std::string Notice(uint64_t dropped) {
  return absl::StrCat("dropped ", dropped, "\n");
}

// A pipe that nobody reads until the test does.
class LogWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    read_ = UniqueFd(ends[0]);
    write_ = UniqueFd(ends[1]);
    signal(SIGPIPE, SIG_IGN);
  }
  std::unique_ptr<LogWriter> Start(size_t waiting_bytes_max) {
    return *LogWriter::Start(write_.get(), waiting_bytes_max, Notice);
  }
  // So that the next write waits.
  void FillPipe() {
    fcntl(write_.get(), F_SETFL, O_NONBLOCK);
    const std::string zeros(4096, '.');
    while (write(write_.get(), zeros.data(), zeros.size()) > 0) {
      filled_ += zeros.size();
    }
    fcntl(write_.get(), F_SETFL, 0);
  }
  // The next line, without what the pipe was filled with.
  std::string ReadLine() {
    size_t end = std::string::npos;
    while ((end = text_.find('\n')) == std::string::npos) {
      std::array<char, 4096> chunk;
      const ssize_t got = read(read_.get(), chunk.data(), chunk.size());
      if (got <= 0) return "(the end of the pipe)";
      text_.append(chunk.data(), static_cast<size_t>(got));
    }
    std::string line = text_.substr(filled_, end - filled_);
    filled_ = 0;
    text_.erase(0, end + 1);
    return line;
  }

  std::string text_;  // Read, and no whole line yet.
  UniqueFd read_;
  UniqueFd write_;
  size_t filled_ = 0;
};

TEST_F(LogWriterTest, LinesComeInOrder) {
  const auto writer = Start(1 << 20);
  for (int i = 0; i < 1000; ++i) writer->Push(absl::StrCat("line ", i, "\n"));
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(ReadLine(), absl::StrCat("line ", i));
  EXPECT_TRUE(writer->Flush(kPatience));
  EXPECT_EQ(writer->dropped(), 0u);
}

// The caller goes on; what is missing is counted, and said where it is missing.
TEST_F(LogWriterTest, AReaderThatHangsHoldsUpNobody) {
  FillPipe();
  const auto writer = Start(1000);
  const int kLines = 100'000;
  for (int i = 0; i < kLines; ++i) writer->Push(absl::StrCat("line ", i, "\n"));
  EXPECT_FALSE(writer->Flush(absl::Milliseconds(1)));
  const uint64_t dropped = writer->dropped();
  EXPECT_GT(dropped, kLines - 1000u);
  // What comes and what is said to be missing are all, each at its place.
  uint64_t next = 0;
  uint64_t missing = 0;
  while (next < static_cast<uint64_t>(kLines)) {
    std::string line = ReadLine();
    uint64_t count = 0;
    if (absl::SimpleAtoi(absl::StripPrefix(line, "dropped "), &count)) {
      missing += count;
      next += count;
    } else {
      ASSERT_EQ(line, absl::StrCat("line ", next));
      ++next;
    }
  }
  EXPECT_EQ(missing, dropped);
  EXPECT_TRUE(writer->Flush(kPatience));
  writer->Push("again\n");
  EXPECT_EQ(ReadLine(), "again");
  EXPECT_EQ(writer->dropped(), dropped);
}

TEST_F(LogWriterTest, TheLastLineFindsRoom) {
  FillPipe();
  const auto writer = Start(100);
  for (int i = 0; i < 100; ++i) writer->Push("a line of some length\n");
  writer->PushLast("the end\n", absl::Milliseconds(1));
  std::string line;
  for (int i = 0; i < 102 && line != "the end"; ++i) line = ReadLine();
  EXPECT_EQ(line, "the end");
}

TEST_F(LogWriterTest, WhatCannotBeWrittenIsCounted) {
  const auto writer = Start(1 << 20);
  read_ = UniqueFd();
  writer->Push("one\n");
  writer->Push("two\n");
  EXPECT_TRUE(writer->Flush(kPatience));
  EXPECT_EQ(writer->dropped(), 2u);
}

// Somebody else may have made the terminal non-blocking.
TEST_F(LogWriterTest, ANonBlockingDescriptorIsWaitedFor) {
  FillPipe();
  fcntl(write_.get(), F_SETFL, O_NONBLOCK);
  const auto writer = Start(1 << 20);
  writer->Push("one\n");
  EXPECT_EQ(ReadLine(), "one");
  EXPECT_TRUE(writer->Flush(kPatience));
  EXPECT_EQ(writer->dropped(), 0u);
}

}  // namespace
}  // namespace prod
