#include "prod/cpu_list.h"

#include <string>
#include <vector>

#include <sched.h>

#include "gtest/gtest.h"

namespace prod {
namespace {

using Cpus = std::vector<int>;

TEST(CpuListTest, ListsAndRangesAreRead) {
  EXPECT_EQ(*ParseCpuList("0", 1), Cpus({0}));
  EXPECT_EQ(*ParseCpuList("0,2-4", 8), Cpus({0, 2, 3, 4}));
  EXPECT_EQ(*ParseCpuList("3,1-2,2", 8), Cpus({1, 2, 3}));
}

TEST(CpuListTest, WhatIsNoListIsRefused) {
  for (const char* text : {"", ",", "0,", "a", "-1", "1-", "0x1", " 1", "1 ",
                           "+1", "1--2", "1-2-3", "99999999999999999999"}) {
    EXPECT_FALSE(ParseCpuList(text, 8).ok()) << text;
  }
  EXPECT_EQ(ParseCpuList("3-1", 8).status().message(),
            "expected CPUs from low to high, not \"3-1\"");
}

TEST(CpuListTest, ACpuThatIsNotThereIsRefused) {
  EXPECT_EQ(ParseCpuList("0,2", 2).status().message(),
            "there is no CPU 2: this machine has 0 to 1");
  EXPECT_FALSE(ParseCpuList("0-2", 2).ok());
  EXPECT_TRUE(ParseCpuList("0-1", 2).ok());
}

TEST(CpuListTest, AListIsWrittenAsItIsRead) {
  for (const char* text : {"0", "0,2", "0-1", "0,2-4,7"}) {
    EXPECT_EQ(FormatCpuList(*ParseCpuList(text, 8)), text);
  }
  EXPECT_EQ(FormatCpuList({}), "");
}

TEST(CpuListTest, AThreadStaysWhereItIsPut) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  int allowed = 0;
  while (!CPU_ISSET(static_cast<size_t>(allowed), &before)) ++allowed;
  cpu_set_t seen;
  CPU_ZERO(&seen);
  absl::StatusOr<std::thread> thread = StartThreadOn(
      {allowed}, [&seen] { sched_getaffinity(0, sizeof(seen), &seen); });
  ASSERT_TRUE(thread.ok()) << thread.status();
  thread->join();
  EXPECT_EQ(CPU_COUNT(&seen), 1);
  EXPECT_TRUE(CPU_ISSET(static_cast<size_t>(allowed), &seen));
  // Whoever started it stays where it was.
  cpu_set_t after;
  ASSERT_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace prod
