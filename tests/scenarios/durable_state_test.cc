#include "scenarios/checks/durable_state.h"

#include "gtest/gtest.h"

#include "tests/scenarios/check_fixture.h"
#include "tests/scenarios/fake_shadow.h"

namespace scenarios {
namespace {

TEST(DurableStateTest, ReadsFramesAsTheyBecomeDurable) {
  FakeShadow disk;
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(0));
  disk.Found();
  disk.Store(State(1), {1, 1});
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(2));
  disk.Store(State(2, 3), {2}, Index(2));
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(2));
  EXPECT_EQ(durable.log().At(Index(2)).term, Term(2));
  EXPECT_EQ(durable.hard_state().vote, NodeId(3));
}

TEST(DurableStateTest, IgnoresAFrameThatIsNotWhole) {
  FakeShadow disk;
  disk.Found();
  disk.Store(State(1), {1, 1});
  disk.DamageLastByte();
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(0));
}

TEST(DurableStateTest, GoesOnInTheNextSegment) {
  FakeShadow disk;
  disk.Found();
  disk.Store(State(1), {1});
  disk.Roll();
  disk.Store(State(1), {1});
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(2));
  disk.Roll();
  disk.Store(State(4), {4});
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(3));
  EXPECT_EQ(durable.hard_state().term, Term(4));
}

TEST(DurableStateTest, ALaterSegmentTakesOverWhereItBegins) {
  FakeShadow disk;
  disk.Found();
  disk.Store(State(1), {1});
  disk.Store(State(1), {1, 1});
  disk.RollBackTo(1);  // A boot that trusted only the first frame.
  disk.Store(State(2), {2});
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  durable.Update();
  EXPECT_EQ(durable.log().last(), Index(2));
  EXPECT_EQ(durable.log().At(Index(2)).term, Term(2));
}

TEST(DurableStateTest, ABootGoesOnWhereverTheLogDoes) {
  FakeShadow disk;
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  disk.Found();
  for (uint64_t boot = 1; boot <= 9; ++boot) {
    disk.Store(State(boot), {boot});
    disk.Store(State(boot), {boot});
    durable.Update();
    // Every third boot trusts the first of the two frames only.
    if (boot % 3 == 0) {
      disk.RollBackTo(2 * boot - 1 - (boot - 1) / 3);
    } else {
      disk.Roll();
    }
    durable.OnBoot();
    DurableState anew(disk.Reader(), FakeShadow::kGroup);
    anew.Update();
    EXPECT_EQ(durable.log().last(), anew.log().last()) << boot;
    EXPECT_EQ(durable.log().At(durable.log().last()),
              anew.log().At(anew.log().last()));
  }
}

TEST(DurableStateTest, TellsTheFirstEntryThatItHasLost) {
  FakeShadow disk;
  disk.Found();
  disk.Store(State(1), {1, 1, 1});
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  durable.Update();
  const LogMirror before = durable.log();
  EXPECT_FALSE(durable.TakeLoss().has_value());
  disk.Store(State(2), {2}, Index(3));
  disk.Store(State(2), {}, Index(2));
  durable.Update();
  const auto loss = durable.TakeLoss();
  ASSERT_TRUE(loss.has_value());
  EXPECT_EQ(loss->index, Index(2));
  EXPECT_EQ(loss->entry, before.At(Index(2)));
  EXPECT_FALSE(durable.TakeLoss().has_value());
}

TEST(DurableStateTest, TellsWhatAReadingAnewDoesNotFind) {
  FakeShadow disk;
  disk.Found();
  disk.Store(State(1), {1});
  disk.Store(State(1), {1});
  DurableState durable(disk.Reader(), FakeShadow::kGroup);
  durable.Reread();
  EXPECT_FALSE(durable.TakeLoss().has_value());
  disk.DamageLastByte();
  durable.Reread();
  EXPECT_EQ(durable.TakeLoss()->index, Index(2));
}

}  // namespace
}  // namespace scenarios
