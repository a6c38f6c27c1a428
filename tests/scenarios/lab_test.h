// For the test cases of the labs: each over several seeds.

#ifndef TESTS_SCENARIOS_LAB_TEST_H_
#define TESTS_SCENARIOS_LAB_TEST_H_

#include <cstdint>
#include <functional>

#include "gtest/gtest.h"

#include "scenarios/lab.h"

namespace scenarios {

inline constexpr uint64_t kLabSeeds = 10;

// Tells `story` to a new cluster, seed after seed. Nothing may fail.
inline void OverSeeds(uint32_t nodes,
                      const std::function<void(Lab& lab)>& story) {
  for (uint64_t seed = 1; seed <= kLabSeeds; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Lab lab(nodes, seed);
    story(lab);
    ASSERT_EQ(lab.failure(), "") << "at " << lab.now();
  }
}

}  // namespace scenarios

#endif  // TESTS_SCENARIOS_LAB_TEST_H_
