// Stories of a few members, told by the core and compared word by word with
// what is written in golden/*.txt.
//
// A file is blocks separated by empty lines; a block is comments, commands,
// "----" and what happened. After an intended change, run the tests once with
// TWINRAFT_REWRITE=1 in the environment, and commit only the differences that
// you can explain.
//
// Commands (n1>n2 is the way from n1 to n2):
//   cluster nodes=3 [n1=1,2,2] [term n1=5] ...   first; terms of the logs
//   timeout n1           time goes on until the timer of n1 fires, only that
//   settle               messages and disks, no timers, until nothing moves
//   run 200ms            everything that is due, timers too
//   pass 200ms           time goes on and nothing happens
//   propose n1 [count]   commands, one step each
//   read n1
//   cut n1 n2 | cut n1>n2 | isolate n1 | heal
//   drop n1>n2 | repeat n1>n2      what is under way now
//   slow n1>n2 80ms                from now on
//   disk n1 pause | disk n1 resume
//   crash n1 [kept]      with so many stores that were not synced on the disk
//   restart n1
//   lost n1 n2           n1 hears that its connection to n2 broke
//   transfer n1 [n2]     n1 is to hand over: to n2, or to whom it chooses
//   show heartbeats      from now on
//   status

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "tests/raft/core_cluster.h"
#include "tests/raft/story.h"
#include "tests/tree.h"

namespace raft {
namespace {

using Words = std::vector<std::string>;

std::string GoldenDirectory() {
  return std::string(TWINRAFT_SOURCE_DIR) + "/tests/raft/golden";
}

uint64_t Number(const std::string& word) {
  uint64_t number = 0;
  EXPECT_TRUE(absl::SimpleAtoi(word, &number)) << "not a number: " << word;
  return number;
}

NodeId Node(const std::string& word) {
  EXPECT_EQ(word.substr(0, 1), "n") << "not a node: " << word;
  return NodeId(Number(word.substr(1)));
}

absl::Duration Span(const std::string& word) {
  absl::Duration span;
  EXPECT_TRUE(absl::ParseDuration(word, &span)) << "not a time: " << word;
  return span;
}

std::pair<NodeId, NodeId> Way(const std::string& word) {
  const size_t arrow = word.find('>');
  EXPECT_NE(arrow, std::string::npos) << "not a way: " << word;
  return {Node(word.substr(0, arrow)), Node(word.substr(arrow + 1))};
}

class Interpreter {
 public:
  // What happened, line by line.
  std::string Run(const std::string& line) {
    told_.clear();
    const Words words =
        absl::StrSplit(line, absl::ByAnyChar(" "), absl::SkipEmpty());
    if (words[0] == "cluster") {
      Found(words);
      return told_;
    }
    const auto command = commands_.find(words[0]);
    EXPECT_NE(command, commands_.end()) << "unknown command: " << line;
    if (command == commands_.end() || cluster_ == nullptr) return "?\n";
    command->second(words);
    return told_;
  }

 private:
  void Found(const Words& words) {
    ClusterOptions options;
    for (size_t i = 1; i < words.size(); ++i) {
      const bool is_term = words[i] == "term";
      if (is_term) ++i;
      const Words sides = absl::StrSplit(words[i], '=');
      if (sides[0] == "nodes") {
        options.nodes = Number(sides[1]);
      } else if (sides[0] == "window") {
        options.core.inflight_messages_max = Number(sides[1]);
      } else if (sides[0] == "uncommitted") {
        options.core.uncommitted_bytes_max = Number(sides[1]);
      } else if (is_term) {
        options.terms[Node(sides[0])] = Term(Number(sides[1]));
      } else {
        std::vector<uint64_t>& log = options.logs[Node(sides[0])];
        for (const auto& term : Words(absl::StrSplit(sides[1], ','))) {
          log.push_back(Number(term));
        }
      }
    }
    cluster_ = std::make_unique<CoreCluster>(options);
    cluster_->on_step = [this](const StepSeen& step) {
      const std::string line = Describe(step, show_heartbeats_);
      if (!line.empty()) absl::StrAppend(&told_, line, "\n");
    };
  }

  void Cut(const Words& words) {
    if (words.size() == 3) {
      cluster_->CutBoth(Node(words[1]), Node(words[2]));
    } else {
      const auto [from, to] = Way(words[1]);
      cluster_->Cut(from, to);
    }
  }

  void Disk(const Words& words) {
    const NodeId node = Node(words[1]);
    words[2] == "pause" ? cluster_->PauseDisk(node)
                        : cluster_->ResumeDisk(node);
  }

  void Propose(const Words& words) {
    const uint64_t count = words.size() > 2 ? Number(words[2]) : 1;
    for (uint64_t i = 0; i < count; ++i) {
      cluster_->Propose(Node(words[1]), absl::StrCat("command ", ++proposed_));
    }
  }

  void Status() {
    for (const NodeId node : cluster_->nodes()) {
      absl::StrAppend(&told_, DescribeMember(*cluster_, node), "\n");
    }
  }

  void Tell(size_t count, const char* what) {
    absl::StrAppend(&told_, count, " ", what, "\n");
  }

  std::unique_ptr<CoreCluster> cluster_;
  std::string told_;
  bool show_heartbeats_ = false;
  uint64_t proposed_ = 0;

  const std::map<std::string, std::function<void(const Words&)>> commands_ = {
      {"timeout", [&](const Words& w) { cluster_->FireTimer(Node(w[1])); }},
      {"settle", [&](const Words&) { cluster_->Settle(); }},
      {"run", [&](const Words& w) { cluster_->RunFor(Span(w[1])); }},
      {"pass", [&](const Words& w) { cluster_->Pass(Span(w[1])); }},
      {"propose", [&](const Words& w) { Propose(w); }},
      {"read", [&](const Words& w) { cluster_->AskRead(Node(w[1])); }},
      {"cut", [&](const Words& w) { Cut(w); }},
      {"isolate", [&](const Words& w) { cluster_->Isolate(Node(w[1])); }},
      {"heal", [&](const Words&) { cluster_->Heal(); }},
      {"drop",
       [&](const Words& w) {
         const auto [from, to] = Way(w[1]);
         Tell(cluster_->DropInFlight(from, to), "dropped");
       }},
      {"repeat",
       [&](const Words& w) {
         const auto [from, to] = Way(w[1]);
         Tell(cluster_->DuplicateInFlight(from, to), "repeated");
       }},
      {"slow",
       [&](const Words& w) {
         const auto [from, to] = Way(w[1]);
         cluster_->SetLatency(from, to, Span(w[2]));
       }},
      {"disk", [&](const Words& w) { Disk(w); }},
      {"crash",
       [&](const Words& w) {
         cluster_->Crash(Node(w[1]), w.size() > 2 ? Number(w[2]) : 0);
       }},
      {"restart", [&](const Words& w) { cluster_->Restart(Node(w[1])); }},
      {"lost",
       [&](const Words& w) { cluster_->BreakLink(Node(w[1]), Node(w[2])); }},
      {"transfer",
       [&](const Words& w) {
         cluster_->Transfer(Node(w[1]), w.size() > 2 ? Node(w[2]) : NodeId());
       }},
      {"show", [&](const Words&) { show_heartbeats_ = true; }},
      {"status", [&](const Words&) { Status(); }},
  };
};

// The script again, with what happens now below each "----".
std::string Retell(const std::string& script) {
  Interpreter interpreter;
  std::string retold;
  std::string told;
  bool in_story = false;
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    if (line == "----") {
      absl::StrAppend(&retold, line, "\n", told);
      told.clear();
      in_story = true;
    } else if (line.empty()) {
      absl::StrAppend(&retold, "\n");
      in_story = false;
    } else if (!in_story) {
      absl::StrAppend(&retold, line, "\n");
      if (line[0] != '#') told += interpreter.Run(line);
    }
  }
  EXPECT_TRUE(told.empty()) << "commands without \"----\" behind them";
  return retold;
}

std::vector<std::string> Scripts() {
  std::vector<std::string> names;
  for (const auto& file :
       std::filesystem::directory_iterator(GoldenDirectory())) {
    if (file.path().extension() == ".txt") {
      names.push_back(file.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, TheStoryIsStillTrue) {
  const std::string path = GoldenDirectory() + "/" + GetParam() + ".txt";
  std::ifstream file(path);
  ASSERT_TRUE(file.good()) << path;
  std::stringstream script;
  script << file.rdbuf();
  const std::string retold = Retell(script.str());
  if (std::getenv("TWINRAFT_REWRITE") != nullptr) {
    std::ofstream(path) << retold;
    return;
  }
  EXPECT_EQ(retold, script.str())
      << "TWINRAFT_REWRITE=1 rewrites " << path
      << "; commit only differences that you can explain";
}

INSTANTIATE_TEST_SUITE_P(Scripts, GoldenTest, testing::ValuesIn(Scripts()),
                         [](const testing::TestParamInfo<std::string>& script) {
                           return script.param;
                         });

}  // namespace
}  // namespace raft
