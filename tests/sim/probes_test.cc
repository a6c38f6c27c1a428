#include "sim/probes.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "runtime/probe.h"
#include "sim/world.h"

namespace sim {
namespace {

uint64_t CountOf(const std::vector<std::pair<std::string, uint64_t>>& counts,
                 const std::string& name) {
  for (const auto& [known, count] : counts) {
    if (known == name) return count;
  }
  ADD_FAILURE() << name << " is not listed";
  return 0;
}

void PassProbes(int number) {
  SOMETIMES(number % 2 == 0, "probes-test-even");
  if (number > 1000) REACHABLE("probes-test-never");
}

bool Odd() { return BUGGIFY("probes-test-buggify"); }

// How many of 1000 visits fired, and what was counted as a fault.
std::pair<int, uint64_t> VisitBuggify(uint64_t seed, uint32_t active_ppm) {
  Knobs knobs;
  knobs.process.buggify_active_ppm = active_ppm;
  World world({.seed = seed, .knobs = knobs});
  int fired = 0;
  for (int i = 0; i < 1000; ++i) fired += Odd() ? 1 : 0;
  uint64_t counted = 0;
  for (const auto& [kind, count] : world.fault_counts().by_kind) {
    if (kind == "buggify/probes-test-buggify") counted = count;
  }
  return {fired, counted};
}

TEST(ProbesTest, WhatWasReachedIsCountedAndWhatWasNotIsListed) {
  World world({});
  for (int i = 0; i < 10; ++i) PassProbes(i);
  EXPECT_EQ(CountOf(world.reached(), "probes-test-even"), 5u);
  EXPECT_EQ(CountOf(world.reached(), "probes-test-never"), 0u);
}

TEST(ProbesTest, NothingIsBuggifiedUnlessAsked) {
  EXPECT_EQ(VisitBuggify(1, 0).first, 0);
  EXPECT_FALSE(Odd());  // No world at all.
}

TEST(ProbesTest, AnActiveSiteFiresNowAndThenAndIsCounted) {
  const auto [fired, counted] = VisitBuggify(1, 1'000'000);
  EXPECT_GT(fired, 150);
  EXPECT_LT(fired, 350);
  EXPECT_EQ(counted, static_cast<uint64_t>(fired));
}

TEST(ProbesTest, ASiteIsActiveInSomeSeedsOnly) {
  int active = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    active += VisitBuggify(seed, 250'000).first > 0 ? 1 : 0;
  }
  EXPECT_GT(active, 10);
  EXPECT_LT(active, 45);
}

}  // namespace
}  // namespace sim
