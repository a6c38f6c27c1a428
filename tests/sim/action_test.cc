#include "sim/action.h"

#include <array>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace sim {
namespace {

TEST(ActionTest, ItRunsWhatItHoldsSmallOrLarge) {
  int ran = 0;
  Action small([&ran] { ++ran; });
  const std::array<char, 200> large{};
  Action boxed([&ran, large] { ran += 1 + large[0]; });
  Action moved = std::move(small);
  moved();
  boxed();
  EXPECT_EQ(ran, 2);
  EXPECT_FALSE(static_cast<bool>(small));
}

TEST(ActionTest, ItKnowsWhereItWasWritten) {
  const std::array<char, 200> large{};
  const Action small([] {});
  const Action boxed([large] { static_cast<void>(large); });
  for (const Action* action : {&small, &boxed}) {
    // gcc names the function around it, clang the file.
    EXPECT_TRUE(absl::StrContains(action->name(), "ActionTest") ||
                absl::StrContains(action->name(), "action_test.cc:"))
        << action->name();
  }
}

TEST(ActionTest, TheNameIsTakenFromWhatEachCompilerWrites) {
  EXPECT_EQ(NameOfCallable("static constexpr const char* "
                           "sim::Action::PrettyFunction() "
                           "[with Held = sim::Pipe::Arm()::<lambda()>]"),
            "sim::Pipe::Arm");
  EXPECT_EQ(NameOfCallable("static const char *sim::Action::PrettyFunction() "
                           "[Held = (lambda at ../../sim/sim_pipe.cc:159:18)]"),
            "sim_pipe.cc:159");
  EXPECT_EQ(NameOfCallable("[with Held = sim::Action::Boxed<scenarios::"
                           "Nemesis::Later(absl::Duration)::<lambda()> >]"),
            "scenarios::Nemesis::Later");
}

}  // namespace
}  // namespace sim
