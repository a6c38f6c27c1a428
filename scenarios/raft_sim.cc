// raft_sim: tells stories to a simulated cluster and checks what it does.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "scenarios/commands.h"
#include "scenarios/sweep_crash.h"

namespace {

constexpr const char* kUsage = R"(usage:
  raft_sim list [--states] [--json]
  raft_sim check SCENARIO...|all
  raft_sim run SCENARIO...|all [--seeds A..B | --for 60s] [--jobs N]
               [--shard K/N] [--artifacts DIR] [--junit FILE]
               [--twice 10% | --check-determinism] [--fail-fast]
               [--timeout 120s] [--memory 4GiB] [--json] [--verbose]
  raft_sim merge FILE... [--junit FILE] [--json]
  raft_sim replay ARTIFACT | --scenario S --seed N
               [--trace text|json|perfetto [--out FILE] [--schedule]]
               [--node n1,c2] [--only raft.role,fault,net] [--from TIME]
               [--until TIME] [--lenient] [--json]
  raft_sim diff ARTIFACT [--context 10]
  raft_sim bench [SCENARIO...] [--seeds A..B] [--json]

Scenarios are named as in `list`, or given as a path to a .yaml file;
--scenarios DIR looks for them elsewhere. `list --states` names the rare states
of must_reach. merge reads what `run --json` printed for each shard. Every sweep
also runs a planted bug, which must be found, and some of its seeds (--twice, a
tenth, and the first of each scenario) a second time, which must be the same.
A trace as text or JSON shows all of it, or the lines about some hosts (--node),
of some kinds (--only), of some time (--from, --until). diff plays an artifact
against this program and shows the first event that differs, with what was
recorded (-) and what happens now (+).
Exit code: 0 all seeds passed, 1 some did not, the planted bug survived or what
a scenario must reach was not reached, 2 usage or bad input, 3 not
deterministic, or not what was recorded.
)";

}  // namespace

int main(int argc, char** argv) {
  scenarios::InstallCrashHandlers();
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool asks_for_help = std::any_of(
      words.begin(), words.end(),
      [](const std::string& word) { return word == "--help" || word == "-h"; });
  if (asks_for_help || (!words.empty() && words[0] == "help")) {
    std::fputs(kUsage, stdout);
    return scenarios::kExitPassed;
  }
  if (!words.empty()) {
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (words[0] == "list") return scenarios::ListCommand(rest);
    if (words[0] == "check") return scenarios::CheckCommand(rest);
    if (words[0] == "run") return scenarios::RunCommand(rest);
    if (words[0] == "merge") return scenarios::MergeCommand(rest);
    if (words[0] == "replay") return scenarios::ReplayCommandLine(rest);
    if (words[0] == "diff") return scenarios::DiffCommand(rest);
    if (words[0] == "bench") return scenarios::BenchCommand(rest);
  }
  std::fputs(kUsage, stderr);
  return scenarios::kExitUsage;
}
