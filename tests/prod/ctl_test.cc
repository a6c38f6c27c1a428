#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

#include "persist/disk_claim.h"
#include "persist/wal_recovery.h"
#include "prod/ctl_data.h"
#include "prod/ctl_nodes.h"
#include "prod/ctl_output.h"
#include "prod/http_fetch.h"
#include "prod/http_server.h"
#include "prod/posix_disk.h"
#include "prod/unique_fd.h"
#include "runtime/crc32c.h"

namespace prod {
namespace {

TEST(CtlOutputTest, NumbersStandRightAndWhatIsMissingIsADash) {
  EXPECT_EQ(FormatTable({CtlJson{{"name", "a"}, {"count", 7}},
                         CtlJson{{"name", "b\u00e9"}, {"count", 1234}},
                         CtlJson{{"name", "c"}}},
                        {"name", "count"}),
            "NAME  COUNT\n"
            "a         7\n"
            "b\u00e9     1234\n"
            "c         -\n");
}

TEST(CtlOutputTest, AnotherMachinesTextIsShownWithoutControl) {
  EXPECT_EQ(CellText("\x1b[31mred\n"), "?[31mred?");
  EXPECT_EQ(CellText("\xff"), "?");
  EXPECT_EQ(CellText(true), "true");
  EXPECT_EQ(FormatJson(CtlJson{{"a", "\xff"}}), "{\n  \"a\": \"\ufffd\"\n}\n");
}

TEST(CtlEndpointsTest, EndpointsAreRead) {
  const auto endpoints = ParseEndpoints("a:1,[::1]:2");
  ASSERT_TRUE(endpoints.ok()) << endpoints.status();
  EXPECT_EQ((*endpoints)[1].ToString(), "[::1]:2");
  for (const char* bad : {"", "a", "a:", "a:0", "a:1,", ":1", "a:1b"}) {
    EXPECT_FALSE(ParseEndpoints(bad).ok()) << bad;
  }
}

// Nodes that answer what the test wants.
class CtlNodesTest : public testing::Test {
 protected:
  net::Address Node(HttpServer::Handler handler) {
    servers_.push_back(
        *HttpServer::Start({"127.0.0.1", 0}, std::move(handler)));
    return servers_.back()->local_address();
  }
  net::Address Node(const std::string& status) {
    return Node([status](absl::string_view path) {
      return path == "/status" ? HttpAnswer{.body = status}
                               : HttpAnswer{.body = "fine\n"};
    });
  }

  std::vector<std::unique_ptr<HttpServer>> servers_;
};

constexpr char kLeader[] =
    R"({"node": 1, "role": "leader", "term": 4, "members": [
        {"id": 1, "host": "a"}, {"id": 2, "host": "b", "match": 9}]})";
constexpr char kFollower[] =
    R"({"node": 2, "role": "follower", "term": 4, "members": [
        {"id": 1, "host": "a"}, {"id": 2, "host": "b"}]})";
// It led until a moment ago, and does not know better.
constexpr char kOldLeader[] =
    R"({"node": 3, "role": "leader", "term": 3, "members": []})";

TEST_F(CtlNodesTest, StatusHasARowANode) {
  const CtlResult result =
      CtlStatus({.endpoints = {Node(kLeader), Node(kFollower)}});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(absl::StrContains(result.text, "     1  leader       4"))
      << result.text;
  EXPECT_FALSE(absl::StrContains(result.text, "ERROR"));
}

TEST_F(CtlNodesTest, ANodeThatIsNotThereIsUnhealthy) {
  const net::Address good = Node(kLeader);
  const CtlResult result = CtlStatus(
      {.endpoints = {{"127.0.0.1", 1}, good}, .format = CtlFormat::kJson});
  EXPECT_EQ(result.exit_code, kExitUnhealthy);
  const CtlJson json = CtlJson::parse(result.text);
  EXPECT_TRUE(json[0].contains("error"));
  EXPECT_EQ(json[1]["node"], 1);
}

TEST_F(CtlNodesTest, MembersAreAsTheNewestLeaderSeesThem) {
  const CtlResult result = CtlMembers(
      {.endpoints = {Node(kFollower), Node(kOldLeader), Node(kLeader)},
       .format = CtlFormat::kJson});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(CtlJson::parse(result.text)[1]["match"], 9);
  EXPECT_EQ(CtlMembers({.endpoints = {{"127.0.0.1", 1}}}).exit_code,
            kExitUnhealthy);
}

// A server that says something else than an admin port does, or nothing.
class StrangePort {
 public:
  // Null: it takes the connection, and hangs.
  explicit StrangePort(const char* words)
      : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_.get(), any, size), 0);
    EXPECT_EQ(listen(listener_.get(), 16), 0);
    EXPECT_EQ(getsockname(listener_.get(), any, &size), 0);
    port_ = ntohs(address.sin_port);
    if (words == nullptr) return;
    thread_ = std::thread([this, words] {
      const UniqueFd taken(accept(listener_.get(), nullptr, nullptr));
      char request[4096];
      (void)!read(taken.get(), request, sizeof(request));
      (void)!write(taken.get(), words, strlen(words));
    });
  }
  ~StrangePort() {
    if (thread_.joinable()) thread_.join();
  }
  net::Address address() const { return {"127.0.0.1", port_}; }

 private:
  UniqueFd listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

std::string WhyOf(const net::Address& address) {
  const CtlResult result = CtlStatus({.endpoints = {address},
                                      .timeout = absl::Seconds(30),
                                      .format = CtlFormat::kJson});
  EXPECT_EQ(result.exit_code, kExitUnhealthy);
  return CtlJson::parse(result.text)[0]["error"].get<std::string>();
}

TEST(CtlErrorTest, WhatIsWrongIsTold) {
  EXPECT_EQ(WhyOf({"127.0.0.1", 1}), "cannot connect: Connection refused");
  EXPECT_TRUE(
      absl::StartsWith(WhyOf({"no..such", 1}), "cannot resolve no..such: "));
  EXPECT_EQ(WhyOf(StrangePort("-ERR unknown command\r\n").address()),
            "it speaks the Redis protocol: no admin port");
  EXPECT_EQ(WhyOf(StrangePort("\x15\x03\x01").address()),
            "it speaks TLS: no admin port");
  EXPECT_EQ(WhyOf(StrangePort("SSH-2.0-x\r\n").address()),
            "it does not speak HTTP: no admin port");
  EXPECT_EQ(WhyOf(StrangePort("").address()),
            "it closes the connection without a word: no admin port?");
  EXPECT_EQ(WhyOf(StrangePort("HTTP/1.1 200 OK\r\nX:").address()),
            "the answer breaks off");
  const StrangePort hangs(nullptr);
  EXPECT_EQ(FetchPage(hangs.address(), "/status",
                      absl::Now() + absl::Seconds(3), 1000)
                .status()
                .message(),
            "connected, but no answer in time");
}

// Each of them takes all the time there is; together they take it once.
TEST(CtlErrorTest, AllAreAskedAtTheSameTime) {
  std::vector<std::unique_ptr<StrangePort>> ports;
  CtlNodesOptions options{.timeout = absl::Seconds(1)};
  for (int i = 0; i < 20; ++i) {
    ports.push_back(std::make_unique<StrangePort>(nullptr));
    options.endpoints.push_back(ports.back()->address());
  }
  const absl::Time began = absl::Now();
  EXPECT_EQ(CtlHealth(options).exit_code, kExitUnhealthy);
  EXPECT_LT(absl::Now() - began, absl::Seconds(15));
}

constexpr char kLeaderOfTheCutOff[] =
    R"({"node": 1, "role": "leader", "term": 4, "members": [
        {"id": 1, "host": "a"},
        {"id": 2, "host": "b", "peer_connected": true, "rpc_reached": true},
        {"id": 3, "host": "c", "peer_connected": false,
         "peer_error": "connect: Connection refused"}]})";

TEST_F(CtlNodesTest, AMemberThatIsNotReachedIsNotWell) {
  const CtlResult table = CtlMembers({.endpoints = {Node(kLeaderOfTheCutOff)}});
  EXPECT_EQ(table.exit_code, kExitUnhealthy);
  EXPECT_TRUE(absl::StrContains(table.text, "connect: Connection refused"))
      << table.text;
  const CtlJson rows =
      CtlJson::parse(CtlMembers({.endpoints = {Node(kLeaderOfTheCutOff)},
                                 .format = CtlFormat::kJson})
                         .text);
  EXPECT_EQ(rows[1]["reached"], true);
  EXPECT_EQ(rows[2]["reached"], false);
}

TEST_F(CtlNodesTest, MembersWithoutALeaderAreNotWell) {
  const CtlResult result = CtlMembers({.endpoints = {Node(kFollower)}});
  EXPECT_EQ(result.exit_code, kExitUnhealthy);
  EXPECT_TRUE(absl::StrContains(result.text, "nobody leads: this is how "))
      << result.text;
}

TEST_F(CtlNodesTest, AnEndpointThatIsNotThereIsNamedBesideTheMembers) {
  const CtlResult result =
      CtlMembers({.endpoints = {{"127.0.0.1", 1}, Node(kLeader)}});
  EXPECT_EQ(result.exit_code, kExitUnhealthy);
  EXPECT_TRUE(absl::EndsWith(
      result.text, "127.0.0.1:1: cannot connect: Connection refused\n"))
      << result.text;
}

TEST_F(CtlNodesTest, JsonIsJsonAlsoWhenNobodyAnswers) {
  for (const auto command : {CtlStatus, CtlMembers, CtlHealth}) {
    const CtlResult result =
        command({.endpoints = {{"127.0.0.1", 1}}, .format = CtlFormat::kJson});
    EXPECT_EQ(result.exit_code, kExitUnhealthy);
    EXPECT_FALSE(CtlJson::parse(result.text, nullptr, false).is_discarded())
        << result.text;
  }
}

TEST_F(CtlNodesTest, HealthSaysWhyNot) {
  const net::Address waiting = Node([](absl::string_view path) {
    return path == "/livez" ? HttpAnswer{.body = "alive\n"}
                            : HttpAnswer{.code = 503, .body = "no leader\n"};
  });
  const CtlResult good = CtlHealth({.endpoints = {Node(kLeader)}});
  EXPECT_EQ(good.exit_code, 0) << good.text;
  const CtlResult bad = CtlHealth(
      {.endpoints = {Node(kLeader), waiting}, .format = CtlFormat::kJson});
  EXPECT_EQ(bad.exit_code, kExitUnhealthy);
  const CtlJson json = CtlJson::parse(bad.text);
  EXPECT_EQ(json[0]["ready"], true);
  EXPECT_EQ(json[1]["live"], true);
  EXPECT_EQ(json[1]["ready"], false);
  EXPECT_EQ(json[1]["why"], "no leader");
}

TEST_F(CtlNodesTest, StrangeAnswersAreErrors) {
  for (const std::string& answer :
       {std::string("7"), std::string("{"), std::string(), std::string("[1]"),
        std::string(kAdminAnswerBytesMax + 1, ' '), std::string(5000, '['),
        std::string("\xff\x00", 2)}) {
    const CtlResult result = CtlStatus({.endpoints = {Node(answer)}});
    EXPECT_EQ(result.exit_code, kExitUnhealthy) << answer.substr(0, 10);
    EXPECT_EQ(CtlMembers({.endpoints = {Node(answer)}}).exit_code,
              kExitUnhealthy);
  }
  for (const char* answer :
       {R"({"members": 7})", R"({"members": [7, null, []]})",
        R"({"role": 7, "term": "x", "members": {"a": {}}})",
        R"({"endpoint": [], "error": 7})"}) {
    (void)CtlStatus({.endpoints = {Node(answer)}});
    (void)CtlMembers({.endpoints = {Node(answer)}});
  }
}

// A data directory with three entries.
class CtlDataTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "ctl_test.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    const auto disk = *PosixDisk::Open(directory_);
    ASSERT_TRUE(persist::PrepareDisk(*disk,
                                     {.cluster = runtime::ClusterId(0xabcd),
                                      .node = runtime::NodeId(3)},
                                     {.high = 0xfeed, .low = 0xbeef})
                    .ok());
    absl::StatusOr<persist::WalRecovery> log =
        persist::RecoverWal(*disk, {.cluster = runtime::ClusterId(0xabcd),
                                    .node = runtime::NodeId(3),
                                    .segment_bytes = 1 << 20});
    ASSERT_TRUE(log.ok()) << log.status();
    for (uint64_t i = 1; i <= 3; ++i) {
      persist::Record record{.index = persist::Index(i),
                             .term = persist::Term(i == 1 ? 1 : 5),
                             .kind = static_cast<uint8_t>(i == 1 ? 2 : 1),
                             .payload = runtime::Bytes::Copy("payload")};
      record.payload_crc32c = runtime::Crc32c(record.payload.span());
      persist::WalBatch batch;
      batch.Add({.group = runtime::GroupId(1),
                 .sequence = persist::Sequence(i),
                 .hard_state = persist::HardState{.term = record.term,
                                                  .vote = runtime::NodeId(3),
                                                  .commit = {}},
                 .truncate_from = std::nullopt,
                 .entries = {record}},
                log->writer->tails());
      ASSERT_TRUE(log->writer->Append(batch).ok());
    }
    ASSERT_TRUE(log->writer->Seal().ok());
  }
  void Damage(std::streamoff offset) {
    const std::string file = directory_ + "/0000000000000001.wal";
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(offset);
    stream.put('?');
    ASSERT_TRUE(stream.good());
  }
  CtlJson Json(absl::StatusOr<CtlResult> (*command)(const CtlDataOptions&),
               int exit_code = 0) {
    const absl::StatusOr<CtlResult> result =
        command({.directory = directory_, .format = CtlFormat::kJson});
    EXPECT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->exit_code, exit_code) << result->text;
    return CtlJson::parse(result->text);
  }

  std::string directory_;
};

TEST_F(CtlDataTest, TheDirectoryAsAWhole) {
  const CtlJson json = Json(CtlData);
  EXPECT_EQ(json["node"], 3);
  EXPECT_EQ(json["cluster_id"], "000000000000abcd");
  EXPECT_EQ(json["identity"], "000000000000feed000000000000beef");
  EXPECT_EQ(json["stopped_clean"], false);
  EXPECT_EQ(json["in_use"], false);
  EXPECT_EQ(json["damaged"], false);
  EXPECT_EQ(json["groups"][0]["last_index"], 3);
  EXPECT_EQ(json["groups"][0]["term"], 5);
  EXPECT_EQ(json["groups"][0]["entries_by_term"], "1: 1..1, 5: 2..3");
}

TEST_F(CtlDataTest, TheLogByItsSegmentsAndEntries) {
  const CtlJson json = Json(CtlLog);
  ASSERT_EQ(json["segments"].size(), 1u);
  EXPECT_EQ(json["segments"][0]["frames"], 3);
  EXPECT_EQ(json["segments"][0]["last_index"], 3);
  const absl::StatusOr<CtlResult> entries = CtlLog(
      {.directory = directory_, .entries = EntryRange{.from = 2, .to = 9}});
  ASSERT_TRUE(entries.ok());
  EXPECT_TRUE(absl::StartsWith(entries->text, "INDEX  TERM  KIND     BYTES"))
      << entries->text;
  EXPECT_TRUE(
      absl::StrContains(entries->text, "\n    2     5  command      7"));
  EXPECT_FALSE(absl::StrContains(entries->text, "configuration"));
}

TEST_F(CtlDataTest, DamageHasItsExitCodeAndItsPlace) {
  Damage(512 + 2 * 512 + 60);
  const CtlJson json = Json(CtlLog, 4);
  EXPECT_EQ(json["damaged"], true);
  EXPECT_TRUE(absl::StrContains(json["damage"].get<std::string>(),
                                "0000000000000001.wal offset 1536: frame 3"))
      << json["damage"];
  EXPECT_EQ(Json(CtlData, 4)["groups"][0]["last_index"], 2);
}

TEST_F(CtlDataTest, ADirectoryInUseIsSaidToBe) {
  const auto disk = *PosixDisk::Open(directory_);
  EXPECT_FALSE(disk->SeemsInUse());
  ASSERT_TRUE(disk->Lock().ok());
  EXPECT_EQ(Json(CtlData)["in_use"], true);
}

TEST(CtlDataErrorTest, WhatIsNotThereIsNotFoundAndNotMade) {
  const std::string nowhere = testing::TempDir() + "ctl_test_nowhere";
  EXPECT_TRUE(absl::IsNotFound(CtlData({.directory = nowhere}).status()));
  EXPECT_TRUE(absl::IsNotFound(CtlLog({.directory = nowhere}).status()));
  EXPECT_NE(access(nowhere.c_str(), F_OK), 0);
  EXPECT_TRUE(
      absl::IsNotFound(CtlData({.directory = testing::TempDir()}).status()));
}

TEST(CtlDataErrorTest, RangesAreRead) {
  EXPECT_EQ(ParseEntryRange("7..9")->to, 9u);
  EXPECT_EQ(ParseEntryRange("7")->to, 7u);
  EXPECT_EQ(ParseEntryRange("7..")->to, UINT64_MAX);
  for (const char* bad : {"", "..", "..7", "0", "9..7", "a", "1..b", "-1"}) {
    EXPECT_FALSE(ParseEntryRange(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace prod
