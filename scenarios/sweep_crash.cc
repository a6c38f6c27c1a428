#include "scenarios/sweep_crash.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include <cxxabi.h>
#include <execinfo.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "scenarios/run_result.h"

#if defined(__has_feature)
#define SWEEP_HAS_FEATURE(feature) __has_feature(feature)
#else
#define SWEEP_HAS_FEATURE(feature) 0
#endif

namespace scenarios {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    SWEEP_HAS_FEATURE(address_sanitizer) ||                          \
    SWEEP_HAS_FEATURE(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr std::array kCrashSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr absl::string_view kStackBegins = "the stack, innermost first:\n";

// Only what a signal handler may call.
void PrintToStderr(absl::string_view text) {
  const ssize_t ignored = write(STDERR_FILENO, text.data(), text.size());
  static_cast<void>(ignored);
}

void PrintStackAndDie(int signal) {
  PrintToStderr(kStackBegins);
  std::array<void*, 48> frames;
  const int count = backtrace(frames.data(), static_cast<int>(frames.size()));
  backtrace_symbols_fd(frames.data(), count, STDERR_FILENO);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void OnNoMemory() {
  PrintToStderr("out of memory\n");
  std::abort();
}

void HandleSignal(int signal) {
  struct sigaction action {};
  action.sa_handler = PrintStackAndDie;
  action.sa_flags = SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  sigaction(signal, &action, nullptr);
}

// Of a line such as "bin/raft_sim(_ZN4raft4Core4StepEv+0x1b)[0x55d]".
absl::string_view SymbolOf(absl::string_view line) {
  const size_t begin = line.find('(');
  const size_t end = line.find('+', begin);
  if (begin == absl::string_view::npos || end == absl::string_view::npos) {
    return {};
  }
  return line.substr(begin + 1, end - begin - 1);
}

std::string Demangled(absl::string_view symbol) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(std::string(symbol).c_str(), nullptr, nullptr,
                          &status),
      std::free);
  return status == 0 ? std::string(name.get()) : std::string(symbol);
}

bool IsOfALibrary(absl::string_view line) {
  return absl::StrContains(line.substr(0, line.find('(')), ".so");
}

// The first line that says something.
absl::string_view FirstWords(absl::string_view text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    for (const char c : line) {
      if (absl::ascii_isalpha(static_cast<unsigned char>(c))) return line;
    }
  }
  return {};
}

}  // namespace

void InstallCrashHandlers() {
  void* frame = nullptr;
  backtrace(&frame, 1);  // Loads what it needs while that is still possible.
  // A stack of its own: the crash may be a stack overflow.
  static std::array<char, 64 << 10> stack;
  stack_t alternative{};
  alternative.ss_sp = stack.data();
  alternative.ss_size = stack.size();
  sigaltstack(&alternative, nullptr);
  HandleSignal(kHangSignal);
  if (kSanitized) return;
  for (const int signal : kCrashSignals) HandleSignal(signal);
  std::set_new_handler(OnNoMemory);
}

void LimitMemory(uint64_t address_space_bytes) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (kSanitized || address_space_bytes == 0) return;
  const rlimit limit{address_space_bytes, address_space_bytes};
  setrlimit(RLIMIT_AS, &limit);
}

uint64_t (*own_heap_bytes_in_use)() = nullptr;

uint64_t HeapBytesInUse() {
  const struct mallinfo2 heap = mallinfo2();
  const uint64_t own =
      own_heap_bytes_in_use != nullptr ? own_heap_bytes_in_use() : 0;
  return heap.uordblks + heap.hblkhd + own;
}

CrashStory ReadCrash(absl::string_view stderr_text) {
  CrashStory story;
  const size_t stack = stderr_text.find(kStackBegins);
  story.text = std::string(stderr_text.substr(0, stack));
  story.cause = WithoutNumbers(FirstWords(story.text));
  if (stack == absl::string_view::npos) return story;
  const std::vector<absl::string_view> lines =
      absl::StrSplit(stderr_text.substr(stack), '\n', absl::SkipEmpty());
  std::string place;
  for (const absl::string_view line : lines) {
    const absl::string_view symbol = SymbolOf(line);
    if (symbol.empty()) {
      absl::StrAppend(&story.text, line, "\n");
      continue;
    }
    const std::string name = Demangled(symbol);
    absl::StrAppend(&story.text, "  ", name, "\n");
    if (place.empty() && !IsOfALibrary(line)) place = name;
  }
  if (story.cause.empty() && !place.empty()) {
    story.cause = absl::StrCat("in ", WithoutNumbers(place));
  }
  return story;
}

}  // namespace scenarios
