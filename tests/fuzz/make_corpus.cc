// Writes seeds for the fuzz targets: real bytes, made by the code that makes
// them in earnest. Run by hand when a format changes:
//
//   build/release/bin/make_corpus tests/fuzz/corpus

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "net/frame.h"
#include "raft/codec.h"
#include "raft/core/membership.h"
#include "runtime/check.h"
#include "runtime/crc32c.h"
#include "scenarios/artifact.h"
#include "scenarios/recorded_run.h"
#include "scenarios/scenario_file.h"
#include "scenarios/scenario_library.h"
#include "tests/fuzz/targets.h"
#include "tests/persist/log_story.h"
#include "tests/persist/model_disk.h"

namespace fuzz {
namespace {

namespace fs = std::filesystem;

class Corpus {
 public:
  explicit Corpus(std::string directory) : directory_(std::move(directory)) {}

  void Add(absl::string_view target, absl::string_view name,
           absl::string_view bytes) {
    const fs::path folder = fs::path(directory_) / std::string(target);
    fs::create_directories(folder);
    CHECK(
        scenarios::WriteWholeFile((folder / std::string(name)).string(), bytes)
            .ok());
  }

 private:
  const std::string directory_;
};

std::string Flat(const raft::Message& message) {
  std::string text;
  for (const runtime::Bytes& piece : raft::EncodeMessage(message)) {
    text.append(piece.text().data(), piece.size());
  }
  return text;
}

void AddMessages(Corpus& corpus) {
  using raft::Index;
  using raft::NodeId;
  using raft::Term;
  raft::Record members = raft::BootstrapEntry({NodeId(1), NodeId(2)});
  members.index = Index(8);
  members.term = Term(5);
  const std::string value = "set a 1";
  const raft::Record command{
      .index = Index(7),
      .term = Term(4),
      .kind = static_cast<uint8_t>(raft::EntryKind::kCommand),
      .payload_crc32c = runtime::Crc32c(runtime::AsBytes(value)),
      .payload = runtime::Bytes::Copy(value)};
  const std::vector<raft::Message> messages = {
      raft::PreVoteRequest{Term(7), Index(3), Term(2)},
      raft::PreVoteReply{Term(7), Term(6), true},
      raft::VoteRequest{Term(7), Index(3), Term(2), true},
      raft::VoteReply{Term(7), true},
      raft::AppendRequest{.term = Term(6),
                          .session = 3,
                          .previous_index = Index(6),
                          .previous_term = Term(4),
                          .commit = Index(5),
                          .read_round = 17,
                          .entries = {command, members}},
      raft::AppendReply{Term(7), 3, 9, false, Index(4), Index(3), Term(2),
                        Index(1)},
      raft::HeartbeatRequest{Term(7), Index(3), 12},
      raft::HeartbeatReply{Term(7), 12},
      raft::TimeoutNow{Term(7), Index(3)}};
  std::string stream(1, '\0');
  for (const raft::Message& message : messages) {
    corpus.Add("messages", absl::StrCat("kind-", message.index()),
               Flat(message));
    net::FrameBatch batch;
    const runtime::Bytes piece = runtime::Bytes::Copy(Flat(message));
    batch.Add(static_cast<uint8_t>(message.index()), {}, {&piece, 1});
    for (const std::span<const std::byte> span : batch.Spans()) {
      stream.append(runtime::AsText(span).data(), span.size());
    }
  }
  for (const int how : {0, 1, 2, 3, 29}) {
    stream[0] = static_cast<char>(how);
    corpus.Add("frames", absl::StrCat("read-", how), stream);
  }
}

// The stretches of a file that are not zero.
void AddStretches(uint8_t number, absl::string_view bytes, std::string* out) {
  constexpr size_t kStep = 64;
  for (size_t at = 0; at < bytes.size(); at += kStep) {
    const absl::string_view piece = bytes.substr(at, kStep);
    const bool last = at + kStep >= bytes.size();
    if (piece.find_first_not_of('\0') == absl::string_view::npos && !last) {
      continue;
    }
    for (const size_t part :
         {size_t{number}, at & 0xff, at >> 8 & 0xff, at >> 16 & 0xff, size_t{0},
          piece.size(), size_t{0}}) {
      out->push_back(static_cast<char>(part));
    }
    out->append(piece.data(), piece.size());
  }
}

std::string ReadAll(persist::Disk& disk, const std::string& path) {
  auto file = disk.Open(path, persist::OpenMode::kRead);
  CHECK(file.ok());
  std::string bytes(*(*file)->Size(), '\0');
  CHECK((*file)
            ->ReadAt(0,
                     {reinterpret_cast<std::byte*>(bytes.data()), bytes.size()})
            .ok());
  return bytes;
}

void AddLog(Corpus& corpus, absl::string_view name,
            const std::vector<persist::Batch>& batches) {
  persist::ModelDisk disk;
  CHECK(persist::Live(disk, persist::StoryOptions(), batches).status.ok());
  std::string input;
  for (const std::string& path : disk.Files()) {
    uint8_t number = 0;
    if (const auto segment = persist::ParseSegmentName(path)) {
      number = static_cast<uint8_t>(segment->id.value() +
                                    (segment->finished ? 0 : 128));
    }
    AddStretches(number, ReadAll(disk, path), &input);
  }
  corpus.Add("log_recovery", name, input);
}

void AddArtifacts(Corpus& corpus) {
  const absl::StatusOr<scenarios::Scenario> scenario = scenarios::ParseScenario(
      "name: tiny\n"
      "cluster: {nodes: 1}\n"
      "phases: {warm_up: 100ms, chaos: 100ms, quiet: 1s}\n"
      "workload: {clients: 0}\n"
      "demands: {leader_within: 400ms, write_within: 400ms}\n",
      "tiny.yaml");
  CHECK(scenario.ok(), scenario.status().ToString());
  const scenarios::Artifact artifact = scenarios::RunRecorded(*scenario, 1);
  const std::string text = scenarios::FormatArtifact(artifact);
  const std::string covered = text.substr(0, text.rfind("[crc32c "));
  corpus.Add("artifacts", "whole", absl::StrCat("0", text));
  corpus.Add("artifacts", "checksum-put-right", absl::StrCat("1", covered));
  corpus.Add("artifacts", "tape", absl::StrCat("2", artifact.tape));
  corpus.Add("artifacts", "outline", absl::StrCat("3", artifact.outline));
  corpus.Add("artifacts", "result",
             absl::StrCat("4", scenarios::SerializeRunResult(artifact.result)));
  corpus.Add("artifacts", "json",
             absl::StrCat("5", scenarios::RunResultJson(artifact.result)));
}

// A few with many keys; the fuzzer mixes them.
void AddScenarios(Corpus& corpus) {
  const scenarios::ScenarioLibrary library("");
  for (const char* name : {"calm", "figure-8", "kitchen-sink", "late-echo"}) {
    const std::string path =
        absl::StrCat(library.directory(), "/", name, ".yaml");
    corpus.Add("scenario_files", name,
               scenarios::ReadWholeFile(path, 1 << 20).value());
  }
}

// What a Redis client sends, as it should be and not.
void AddRespRequests(Corpus& corpus) {
  const std::string set = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n";
  const std::string get = "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n";
  const std::string bytewise(1, '\0');
  corpus.Add("resp_requests", "pipeline", absl::StrCat("\x06", set, get, set));
  // More than the target's parser takes, with a request behind it.
  corpus.Add("resp_requests", "too-large",
             absl::StrCat("\x20", "*2\r\n$4\r\nECHO\r\n$600\r\n",
                          std::string(600, 'x'), "\r\n", get));
  corpus.Add("resp_requests", "too-large-together",
             absl::StrCat("\x07", "*3\r\n$4\r\nMSET\r\n$300\r\n",
                          std::string(300, 'x'), "\r\n$300\r\n",
                          std::string(300, '$'), "\r\n", get));
  corpus.Add("resp_requests", "http",
             "\x05POST / HTTP/1.1\r\nHost: a\r\n\r\nSET k 1\r\n");
  corpus.Add(
      "resp_requests", "inline",
      absl::StrCat(bytewise, "PING\r\nSET \"a \\x41\\n\" 'it\\'s'\n\r\n"));
  corpus.Add("resp_requests", "nothing-asked",
             absl::StrCat("\x02", "*0\r\n*-1\r\n", get));
  corpus.Add("resp_requests", "empty-words",
             absl::StrCat(bytewise, "*2\r\n$0\r\n\r\n$0\r\n\r\n", get));
  corpus.Add("resp_requests", "gigantic-count",
             absl::StrCat(bytewise, "*2147483647\r\n$3\r\nGET\r\n"));
  corpus.Add("resp_requests", "gigantic-bulk",
             absl::StrCat(bytewise, "*1\r\n$9999999999\r\nabc"));
  corpus.Add("resp_requests", "no-line-end",
             absl::StrCat("\x03", "*1\r\n$4\r\nPINGxx*1\r\n"));
  corpus.Add("resp_requests", "unbalanced",
             absl::StrCat(bytewise, "GET \"key\r\n"));
}

void AddServerConfigs(Corpus& corpus) {
  corpus.Add(
      "server_configs", "three-nodes",
      "node: {id: 2, cluster: demo, data_dir: /var/lib/raft}\n"
      "network: {listen_host: 127.0.0.1}\n"
      "rpc: {request_timeout: 1s}\n"
      "discovery:\n"
      "  peers:\n"
      "    - {id: 1, host: a, peer_port: 1, rpc_port: 2, redis_port: 3}\n"
      "    - {id: 2, host: b, peer_port: 1, rpc_port: 2, redis_port: 3}\n"
      "raft:\n"
      "  election_timeout_min: 500ms\n"
      "  election_timeout_max: 1s\n"
      "  heartbeat_interval: 100ms\n"
      "  segment_size: 64MiB\n"
      "logging: {level: info}\n");
  corpus.Add("server_configs", "unknown-key", "node:\n  colour: red\n");
  corpus.Add("server_configs", "twice",
             "node: {id: 1}\nnode: {id: 2}\nraft: [1, {a: b}]\n");
  corpus.Add("server_configs", "aliases",
             "node: &x {cluster: a}\nrpc: *x\nraft: {<<: *x}\n");
  corpus.Add("server_configs", "broken", "node:\n  cluster: [demo\n");
}

}  // namespace

int Main(const std::string& directory) {
  Corpus corpus(directory);
  AddMessages(corpus);
  AddLog(corpus, "empty", {});
  AddLog(corpus, "short", persist::ShortStory());
  runtime::Random dice(1);
  AddLog(corpus, "longer", persist::RandomStory(dice, 6));
  AddArtifacts(corpus);
  AddScenarios(corpus);
  AddRespRequests(corpus);
  AddServerConfigs(corpus);
  return 0;
}

}  // namespace fuzz

int main(int argc, char** argv) {
  if (argc == 2) return fuzz::Main(argv[1]);
  std::fputs("usage: make_corpus DIRECTORY\n", stderr);
  return 2;
}
