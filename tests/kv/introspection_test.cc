// What clients, tools and exporters ask a server about itself: the answers of
// Redis 7.0, as far as they can be true here.

#include "tests/kv/introspection.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "kv/resp/command_facts.h"
#include "kv/resp/subcommands.h"

namespace kv {
namespace {

using absl::StrContains;
// Two texts in braces could be one text, from here to there.
using Lines = std::vector<std::string>;

// ----------------------------------------------------------------- commands

TEST_F(IntrospectionTest, EveryCommandIsDescribed) {
  for (const CommandFacts& command : AllCommandFacts()) {
    EXPECT_FALSE(command.summary.empty()) << command.name;
    EXPECT_EQ(command.since.empty(), command.is_subcommand()) << command.name;
    const std::string docs = Ask(absl::StrCat("COMMAND DOCS ", command.name));
    EXPECT_TRUE(StrContains(docs, command.summary)) << docs;
    EXPECT_TRUE(IsIn(command, "fast") || IsIn(command, "slow"));
  }
  EXPECT_EQ(Ask("COMMAND DOCS nosuch"), "*0\r\n");
  EXPECT_EQ(Ask("COMMAND DOCS getbit"),
            "*2\r\n$6\r\ngetbit\r\n*6\r\n$7\r\nsummary\r\n$29\r\nA bit of the "
            "string of a key.\r\n$5\r\nsince\r\n$5\r\n2.2.0\r\n$5\r\ngroup\r\n"
            "$6\r\nbitmap\r\n");
}

TEST_F(IntrospectionTest, CommandInfoOfWhatThereIsNotIsNil) {
  EXPECT_EQ(Ask("COMMAND INFO nosuch"), "*1\r\n$-1\r\n");
  const std::string get = Ask("COMMAND INFO get");
  EXPECT_TRUE(StrContains(get, "*3\r\n+@read\r\n+@fast\r\n+@string\r\n") ||
              StrContains(get, "*3\r\n+@read\r\n+@string\r\n+@fast\r\n"))
      << get;
  EXPECT_TRUE(absl::StartsWith(Ask("COMMAND INFO config|get"),
                               "*1\r\n*10\r\n$10\r\nconfig|get\r\n:-3\r\n"));
}

TEST_F(IntrospectionTest, CommandListFilters) {
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY PATTERN getr*"),
            "*1\r\n$8\r\ngetrange\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY PATTERN MODULE|*"),
            "*2\r\n$11\r\nmodule|help\r\n$11\r\nmodule|list\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY ACLCAT bitmap"),
            "*2\r\n$6\r\ngetbit\r\n$6\r\nsetbit\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY ACLCAT nosuch"), "*0\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY MODULE x"), "*0\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY bogus x"), "-ERR syntax error\r\n");
  EXPECT_EQ(Ask("COMMAND LIST FILTERBY"), "-ERR syntax error\r\n");
}

TEST_F(IntrospectionTest, EveryContainerHasHelpAndRefusesWhatItHasNot) {
  client_.redirects = true;
  for (const RespCommand& command : RespCommands()) {
    if (command.handler != PlanContainer) continue;
    const std::string name(command.name);
    const std::string help = Ask(name + " HELP");
    for (const RespSubcommand& row : SubcommandsOf(name)) {
      EXPECT_TRUE(StrContains(help, absl::StrCat("\r\n+", row.usage, "\r\n")))
          << help;
    }
    EXPECT_EQ(Ask(name + " HELP more"),
              absl::StrCat("-ERR wrong number of arguments for '", name,
                           "|help' command\r\n"));
    EXPECT_TRUE(absl::StartsWith(Ask(name + " nosuch"),
                                 "-ERR unknown subcommand 'nosuch'. Try "));
  }
  for (const char* name : {"OBJECT", "MEMORY"}) {
    EXPECT_TRUE(StrContains(Ask(absl::StrCat(name, " HELP")), "+HELP\r\n"));
    EXPECT_EQ(Ask(absl::StrCat(name, " nosuch")),
              absl::StrCat("-ERR unknown subcommand 'nosuch'. Try ", name,
                           " HELP.\r\n"));
  }
  EXPECT_EQ(Ask("OBJECT ENCODING"),
            "-ERR wrong number of arguments for 'object|encoding' command\r\n");
}

TEST_F(IntrospectionTest, WhatThereIsNotOfACommandSpoilsATransaction) {
  EXPECT_EQ(Ask({"MULTI", "CLIENT nosuch", "EXEC"}),
            "+OK\r\n-ERR unknown subcommand 'nosuch'. Try CLIENT HELP.\r\n"
            "-EXECABORT Transaction discarded because of previous errors."
            "\r\n");
}

// -------------------------------------------------- users, modules, latency

TEST_F(IntrospectionTest, ThereIsOneUserAndNoModule) {
  EXPECT_EQ(Ask("ACL WHOAMI"), "$7\r\ndefault\r\n");
  EXPECT_EQ(Ask("ACL USERS"), "*1\r\n$7\r\ndefault\r\n");
  EXPECT_EQ(Ask("ACL LIST"),
            "*1\r\n$34\r\nuser default on nopass ~* &* +@all\r\n");
  EXPECT_EQ(Ask("ACL GETUSER nobody"), "$-1\r\n");
  EXPECT_TRUE(absl::StartsWith(
      Ask("ACL GETUSER default"),
      "*12\r\n$5\r\nflags\r\n*2\r\n$2\r\non\r\n$6\r\nnopass\r\n"));
  EXPECT_TRUE(absl::StartsWith(Ask("ACL CAT"), "*21\r\n$8\r\nkeyspace\r\n"));
  EXPECT_EQ(Ask("ACL CAT bitmap"), "*2\r\n$6\r\ngetbit\r\n$6\r\nsetbit\r\n");
  EXPECT_EQ(Ask("ACL CAT nosuch"), "-ERR Unknown category 'nosuch'\r\n");
  EXPECT_EQ(Ask("MODULE LIST"), "*0\r\n");
}

TEST_F(IntrospectionTest, LatencyTellsWhatIsMeasured) {
  EXPECT_EQ(Ask("LATENCY LATEST"), "*0\r\n");
  EXPECT_EQ(Ask("LATENCY HISTORY command"), "*0\r\n");
  EXPECT_EQ(Ask("LATENCY RESET"), ":0\r\n");
  EXPECT_EQ(Ask("LATENCY GRAPH x"),
            "-ERR No samples available for event 'x'\r\n");
  EXPECT_TRUE(StrContains(Ask("LATENCY DOCTOR"), "not kept"));
  EXPECT_EQ(Ask("LATENCY HISTOGRAM set"), "*0\r\n");
  Ask(Lines{"SET a 1", "SET a 2"});
  took_ = absl::Milliseconds(1);
  Ask("SET a 3");
  EXPECT_EQ(Ask("LATENCY HISTOGRAM set nosuch"),
            "*2\r\n$3\r\nset\r\n*4\r\n$5\r\ncalls\r\n:3\r\n$14\r\n"
            "histogram_usec\r\n*4\r\n:135\r\n:2\r\n:1087\r\n:3\r\n");
}

// --------------------------------------------------------------------- INFO

TEST_F(IntrospectionTest, InfoHasTheSectionsThatAreAskedFor) {
  const std::string plain = Ask("INFO");
  for (const char* title :
       {"# Server", "# Clients", "# Memory", "# Persistence", "# Stats",
        "# Replication", "# CPU", "# Modules", "# Errorstats", "# Raft",
        "# Cluster", "# Keyspace"}) {
    EXPECT_TRUE(StrContains(plain, absl::StrCat(title, "\r\n"))) << title;
  }
  EXPECT_FALSE(StrContains(plain, "# Commandstats"));
  EXPECT_FALSE(StrContains(Ask("INFO default"), "# Latencystats"));
  for (const char* words : {"INFO all", "INFO everything"}) {
    EXPECT_TRUE(StrContains(Ask(words), "# Commandstats\r\n"));
    EXPECT_TRUE(StrContains(Ask(words), "# Latencystats\r\n"));
  }
  const std::string two = Ask("INFO CPU clients nosuch");
  EXPECT_TRUE(StrContains(two, "# Clients\r\n"));
  EXPECT_TRUE(StrContains(two, "\r\n\r\n# CPU\r\n"));
  EXPECT_FALSE(StrContains(two, "# Server"));
  EXPECT_EQ(Ask("INFO nosuch"), "$0\r\n\r\n");
}

TEST_F(IntrospectionTest, InfoTellsWhatTheSystemKnowsOfTheProcess) {
  host_.process = {.process_id = 42,
                   .system = "Linux 6.1 x86_64",
                   .allocator = "libc",
                   .resident_bytes = 3 << 20,
                   .anonymous_bytes = 2 << 20,
                   .resident_peak_bytes = 4 << 20,
                   .system_bytes = uint64_t{8} << 30,
                   .cpu_user = absl::Milliseconds(1500),
                   .cpu_system = absl::Milliseconds(250),
                   .thread_cpu_user = absl::Milliseconds(1000),
                   .thread_cpu_system = absl::Milliseconds(125)};
  const std::string info = Ask("INFO");
  for (const char* line :
       {"process_id:42", "os:Linux 6.1 x86_64", "used_memory:2097152",
        "used_memory_human:2.00M", "used_memory_rss:3145728",
        "used_memory_peak:4194304", "used_memory_peak_perc:50.00%",
        "total_system_memory:8589934592", "total_system_memory_human:8.00G",
        "maxmemory:0", "maxmemory_human:0B", "maxmemory_policy:noeviction",
        "mem_fragmentation_ratio:1.50", "mem_fragmentation_bytes:1048576",
        "mem_allocator:libc", "used_cpu_user:1.500000", "used_cpu_sys:0.250000",
        "used_cpu_user_main_thread:1.000000",
        "used_cpu_sys_main_thread:0.125000"}) {
    EXPECT_TRUE(StrContains(info, absl::StrCat("\r\n", line, "\r\n"))) << line;
  }
}

TEST_F(IntrospectionTest, InfoCountsCommandsAndErrors) {
  Ask({"SET a 1", "GET a", "INCR a", "GET none"});
  Ask({"LPUSH a x", "GET", "NOSUCH"});
  Ask({"MULTI", "INCR a", "LPUSH a x", "PING", "EXEC"});
  const std::string stats = Ask("INFO commandstats errorstats");
  for (const char* line :
       {"cmdstat_set:calls=1,usec=25,usec_per_call=25.00,rejected_calls=0,"
        "failed_calls=0",
        "cmdstat_get:calls=2,usec=50,usec_per_call=25.00,rejected_calls=1,"
        "failed_calls=0",
        // A hundredth of a second for EXEC and the two commands within.
        "cmdstat_incr:calls=2,usec=58,usec_per_call=29.00,rejected_calls=0,"
        "failed_calls=0",
        "cmdstat_lpush:calls=2,usec=133,usec_per_call=66.50,rejected_calls=0,"
        "failed_calls=2",
        "cmdstat_exec:calls=1,usec=33,usec_per_call=33.00,rejected_calls=0,"
        "failed_calls=0",
        "cmdstat_ping:calls=1,usec=1,usec_per_call=1.00,rejected_calls=0,"
        "failed_calls=0",
        "errorstat_ERR:count=2", "errorstat_WRONGTYPE:count=2"}) {
    EXPECT_TRUE(StrContains(stats, absl::StrCat("\r\n", line, "\r\n")))
        << line << " in " << stats;
  }
  const std::string latency = Ask("INFO latencystats");
  EXPECT_TRUE(StrContains(latency,
                          "\r\nlatency_percentiles_usec_set:p50=103.000,"
                          "p99=103.000,p99.9=103.000\r\n"))
      << latency;
  EXPECT_EQ(Ask("CONFIG RESETSTAT"), "+OK\r\n");
  const std::string fresh = Ask("INFO commandstats errorstats");
  EXPECT_FALSE(StrContains(fresh, "cmdstat_set")) << fresh;
  EXPECT_FALSE(StrContains(fresh, "errorstat_")) << fresh;
}

TEST_F(IntrospectionTest, ASubcommandIsCountedByItsWholeName) {
  Ask(Lines{"CONFIG GET hz", "CLIENT ID"});
  const std::string stats = Ask("INFO commandstats");
  EXPECT_TRUE(StrContains(stats, "cmdstat_config|get:calls=1,")) << stats;
  EXPECT_TRUE(StrContains(stats, "cmdstat_client|id:calls=1,")) << stats;
}

TEST_F(IntrospectionTest, TheKeyspaceCountsWhatItIsAskedFor) {
  Ask({"SET a 1", "GET a", "GET none", "EXISTS a none", "SET b 1 PX 10"});
  EXPECT_EQ(store_.keyspace().counts().hits, 2u);
  EXPECT_EQ(store_.keyspace().counts().misses, 2u);
  now_ms_ += 10;
  Ask("GET b");
  EXPECT_EQ(store_.keyspace().counts().expired, 1u);
}

}  // namespace
}  // namespace kv
