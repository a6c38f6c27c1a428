// What a server does not start with: a wrong configuration (exit code 2) and a
// damaged log (exit code 4). It says which file, and where in it. A torn tail
// is no damage.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "tests/cluster/real_cluster.h"
#include "tests/cluster/redis_client.h"
#include "tests/cluster/server_process.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSectorBytes = 512;
// The log seals its last frame after 50 ms without another.
constexpr absl::Duration kSealedBy = absl::Milliseconds(500);

struct Ending {
  std::optional<int> code;
  std::string said;
};

Ending RunServer(const std::vector<std::string>& arguments) {
  const TempDirectory directory;
  const fs::path log = directory.path() / "log";
  ServerProcess server(ServerProgram(), arguments, log);
  const std::optional<int> code = server.Wait(RealCluster::kPatience);
  return {code, ReadWholeFile(log)};
}

TEST(ConfigTest, AWrongFileIsNamedWithLineAndColumn) {
  const TempDirectory directory;
  const fs::path file = directory.path() / "raft.yaml";
  std::ofstream(file) << "node:\n  cluster: demo\n  colour: red\n";
  const Ending ending = RunServer({"--node-id=1", "--config=" + file.string(),
                                   "--data-dir=" + directory.path().string()});
  EXPECT_EQ(ending.code, 2);
  EXPECT_NE(ending.said.find(absl::StrCat(file.string(), ":3:3: ")),
            std::string::npos)
      << ending.said;
  EXPECT_NE(ending.said.find("colour"), std::string::npos) << ending.said;
}

TEST(ConfigTest, BrokenYamlIsNamedWithLineAndColumn) {
  const TempDirectory directory;
  const fs::path file = directory.path() / "raft.yaml";
  std::ofstream(file) << "node:\n  cluster: [demo\n";
  const Ending ending = RunServer({"--node-id=1", "--config=" + file.string()});
  EXPECT_EQ(ending.code, 2);
  EXPECT_NE(ending.said.find(absl::StrCat(file.string(), ":3:1: ")),
            std::string::npos)
      << ending.said;
}

TEST(ConfigTest, AWrongFlagIsNamed) {
  const Ending ending = RunServer({"--no-such-flag=1"});
  EXPECT_EQ(ending.code, 2);
  EXPECT_NE(ending.said.find("--no-such-flag"), std::string::npos);
}

// What a start finds that has no log and was not told to found a cluster. It is
// not for it to touch that: perhaps it was started in the wrong place.
class RefusedStartTest : public testing::Test {
 protected:
  Ending Start() {
    const fs::path file = directory_.path() / "raft.yaml";
    std::ofstream(file) << "node:\n  cluster: test\n"
                           "discovery:\n  peers:\n"
                           "    - {id: 1, host: 127.0.0.1, peer_port: 7101, "
                           "rpc_port: 7201, redis_port: 7301}\n"
                           "    - {id: 2, host: 127.0.0.1, peer_port: 7102, "
                           "rpc_port: 7202, redis_port: 7302}\n"
                           "    - {id: 3, host: 127.0.0.1, peer_port: 7103, "
                           "rpc_port: 7203, redis_port: 7303}\n";
    return RunServer({"--node-id=1", "--config=" + file.string(),
                      "--admin-port=0", "--data-dir=" + data_.string()});
  }

  const TempDirectory directory_;
  const fs::path data_ = directory_.path() / "data" / "node-1";
};

TEST_F(RefusedStartTest, NoDirectoryIsMade) {
  const Ending ending = Start();
  EXPECT_EQ(ending.code, 2) << ending.said;
  EXPECT_NE(ending.said.find("--init-cluster"), std::string::npos)
      << ending.said;
  EXPECT_FALSE(fs::exists(data_.parent_path()));
}

TEST_F(RefusedStartTest, AnEmptyDirectoryStaysEmpty) {
  fs::create_directories(data_);
  const Ending ending = Start();
  EXPECT_EQ(ending.code, 2) << ending.said;
  EXPECT_TRUE(fs::is_empty(data_));
}

class DamageTest : public testing::Test {
 protected:
  static constexpr int kVictim = 2;
  static constexpr int kValues = 50;

  static std::string Value(int i) { return absl::StrCat("<value ", i, ">"); }
  static std::string Key(int i) { return absl::StrCat("key-", i); }

  // Writes, waits until the last frame is sealed, and kills the victim.
  void SetUp() override {
    cluster_.StartAll();
    ASSERT_TRUE(cluster_.WaitForLeader().has_value());
    for (int i = 0; i < kValues; ++i) {
      const absl::StatusOr<RedisReply> reply =
          CallOnce(cluster_.redis_port(kVictim), {"SET", Key(i), Value(i)},
                   RealCluster::kPatience);
      ASSERT_TRUE(reply.ok() && reply->ToString() == "OK");
    }
    absl::SleepFor(kSealedBy);
    cluster_.Kill(kVictim);
  }

  // The victim's segment that holds this text, and where.
  void Find(const std::string& text, fs::path& segment, size_t& offset) {
    for (const auto& entry :
         fs::recursive_directory_iterator(cluster_.data(kVictim))) {
      if (entry.path().extension() != ".wal") continue;
      offset = ReadWholeFile(entry.path()).find(text);
      segment = entry.path();
      if (offset != std::string::npos) return;
    }
    FAIL() << "no segment holds " << text;
  }

  static void WriteAt(const fs::path& file, size_t offset,
                      const std::string& bytes) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(offset));
    out << bytes;
    ASSERT_TRUE(out.good());
  }

  void ExpectEverythingThere() {
    ASSERT_TRUE(cluster_.WaitForLeader().has_value());
    for (int i = 0; i < kValues; ++i) {
      const absl::StatusOr<RedisReply> reply =
          CallOnce(cluster_.redis_port(kVictim), {"GET", Key(i)},
                   RealCluster::kPatience);
      ASSERT_TRUE(reply.ok()) << reply.status();
      EXPECT_EQ(reply->text, Value(i));
    }
  }

  RealCluster cluster_;
};

TEST_F(DamageTest, AFlippedCommittedBitIsRefusedAndItsFileNamed) {
  fs::path segment;
  size_t offset = 0;
  ASSERT_NO_FATAL_FAILURE(Find(Value(kValues / 2), segment, offset));
  // '<' becomes '='.
  WriteAt(segment, offset, "=");
  cluster_.Start(kVictim);
  EXPECT_EQ(cluster_.process(kVictim)->Wait(RealCluster::kPatience), 4);
  const std::string said = cluster_.LogText(kVictim);
  EXPECT_NE(said.find(segment.filename().string()), std::string::npos) << said;
  // It refuses every time, and starts again once the byte is right.
  cluster_.Start(kVictim);
  EXPECT_EQ(cluster_.process(kVictim)->Wait(RealCluster::kPatience), 4);
  WriteAt(segment, offset, "<");
  cluster_.Start(kVictim);
  ExpectEverythingThere();
}

// No crash makes a file of the log shorter, and no crash makes zeros of what
// was sealed: neither passes for a torn tail.
TEST_F(DamageTest, ALogThatWasCutOrZeroedIsRefusedAndItsFileNamed) {
  fs::path segment;
  size_t offset = 0;
  ASSERT_NO_FATAL_FAILURE(Find(Value(kValues / 2), segment, offset));
  const std::string whole = ReadWholeFile(segment);
  const auto expect_refused = [&] {
    cluster_.Start(kVictim);
    EXPECT_EQ(cluster_.process(kVictim)->Wait(RealCluster::kPatience), 4);
    const std::string said = cluster_.LogText(kVictim);
    EXPECT_NE(said.find(segment.filename().string()), std::string::npos)
        << said;
  };
  fs::resize_file(segment, offset);
  expect_refused();
  // As long as before, and zeros from there on.
  fs::resize_file(segment, whole.size());
  expect_refused();
  WriteAt(segment, 0, whole);
  cluster_.Start(kVictim);
  ExpectEverythingThere();
}

TEST_F(DamageTest, ATornTailIsDropped) {
  fs::path segment;
  size_t offset = 0;
  ASSERT_NO_FATAL_FAILURE(Find(Value(kValues - 1), segment, offset));
  const std::string bytes = ReadWholeFile(segment);
  const size_t last = bytes.find_last_not_of('\0');
  // A frame that was being written is half there.
  const size_t behind = (last / kSectorBytes + 1) * kSectorBytes;
  ASSERT_GT(behind, offset);
  WriteAt(segment, behind + 16, std::string(24, '\x5a'));
  WriteAt(segment, behind + kSectorBytes + 100, std::string(300, '\x5a'));
  cluster_.Start(kVictim);
  ExpectEverythingThere();
}

}  // namespace
}  // namespace cluster
