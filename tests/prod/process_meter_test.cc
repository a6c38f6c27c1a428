#include "prod/process_meter.h"

#include <vector>

#include <unistd.h>

#include "gtest/gtest.h"

namespace prod {
namespace {

TEST(ProcessMeterTest, ReadsWhatTheKernelSaysOfMemory) {
  kv::ProcessUsage usage;
  ParseMemory(
      "Name:\tx\nVmHWM:\t    4096 kB\nVmRSS:\t    2048 kB\n"
      "RssAnon:\t    1024 kB\nRssFile:\t 1 kB\nVmRSS: many kB\n",
      usage);
  EXPECT_EQ(usage.resident_peak_bytes, 4u << 20);
  EXPECT_EQ(usage.resident_bytes, 2u << 20);
  EXPECT_EQ(usage.anonymous_bytes, 1u << 20);
}

TEST(ProcessMeterTest, MemoryThatIsUsedIsSeen) {
  const kv::ProcessUsage before = MeasureProcess();
  std::vector<char> used(64 << 20, 'x');
  const kv::ProcessUsage after = MeasureProcess();
  EXPECT_EQ(used[used.size() / 2], 'x');
  EXPECT_GT(after.anonymous_bytes, before.anonymous_bytes + (32u << 20));
  EXPECT_GE(after.resident_bytes, after.anonymous_bytes);
  EXPECT_GE(after.resident_peak_bytes, after.resident_bytes);
  EXPECT_GT(after.system_bytes, after.resident_bytes);
}

TEST(ProcessMeterTest, ProcessorTimeOfTheProcessHoldsThatOfTheThread) {
  const kv::ProcessUsage usage = MeasureProcess();
  EXPECT_EQ(usage.process_id, static_cast<uint64_t>(getpid()));
  EXPECT_GE(usage.cpu_user + usage.cpu_system,
            usage.thread_cpu_user + usage.thread_cpu_system);
  EXPECT_FALSE(usage.system.empty());
}

}  // namespace
}  // namespace prod
