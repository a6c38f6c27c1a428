#include "scenarios/sweep_junit.h"

#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace scenarios {
namespace {

std::string Attribute(absl::string_view name, absl::string_view value) {
  return absl::StrCat(" ", name, "=\"", XmlEscaped(value), "\"");
}

// Bytes of the UTF-8 sequence at the front of `text`, or 0 if it is none that
// XML allows. Stray bytes of a crash's output must not make the file invalid.
size_t ValidSequence(absl::string_view text) {
  const auto byte = [text](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto is_tail = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  if (byte(0) < 0x80) {
    const bool allowed = byte(0) >= 0x20 || byte(0) == '\t' ||
                         byte(0) == '\n' || byte(0) == '\r';
    return allowed ? 1 : 0;
  }
  if (byte(0) >= 0xc2 && byte(0) < 0xe0) return is_tail(1) ? 2 : 0;
  const bool three = byte(0) >= 0xe0 && byte(0) < 0xf0;
  if (!three || !is_tail(1) || !is_tail(2)) return 0;
  const unsigned code =
      (byte(0) & 0x0fu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code >= 0x800 && !surrogate && code < 0xfffe ? 3 : 0;
}

std::string Seconds(absl::Duration span) {
  const int64_t milliseconds = absl::ToInt64Milliseconds(span);
  return absl::StrFormat("%d.%03d", milliseconds / 1000, milliseconds % 1000);
}

std::string NotPassedCase(absl::string_view suite, absl::string_view signature,
                          const SweepReport::Share& share) {
  const RunResult& first = share.shortest;
  const bool failed = first.outcome != RunResult::Outcome::kInconclusive;
  const absl::string_view element = failed ? "failure" : "error";
  const absl::string_view line =
      absl::string_view(first.message)
          .substr(0, absl::string_view(first.message).find('\n'));
  return absl::StrCat(
      "    <testcase", Attribute("classname", suite),
      Attribute("name", signature), ">\n      <", element,
      Attribute("type", OutcomeName(first.outcome)),
      Attribute("message", absl::StrCat(signature, ": ", line)), ">",
      XmlEscaped(absl::StrCat(
          share.count, share.count == 1 ? " seed, " : " seeds, first ",
          first.seed, "\n", first.message, "\n", ReplayCommand(first), "\n")),
      "</", element, ">\n    </testcase>\n");
}

struct Suite {
  std::string name;
  std::string cases;
  size_t tests = 0;
  size_t failures = 0;
  size_t errors = 0;
  absl::Duration time;
};

std::string SuiteXml(const Suite& suite) {
  return absl::StrCat("  <testsuite", Attribute("name", suite.name),
                      " tests=\"", suite.tests, "\" failures=\"",
                      suite.failures, "\" errors=\"", suite.errors,
                      "\" time=\"", Seconds(suite.time), "\">\n", suite.cases,
                      "  </testsuite>\n");
}

// A demand of the whole sweep on this scenario that no seed has met.
std::string MissedCase(const MissedState& missed) {
  return absl::StrCat("    <testcase", Attribute("classname", missed.scenario),
                      Attribute("name", absl::StrCat("reaches ", missed.state)),
                      ">\n      <failure", Attribute("type", "not-reached"),
                      Attribute("message", missed.ToText()),
                      "/>\n    </testcase>\n");
}

Suite SuiteOf(absl::string_view scenario,
              const SweepReport::ScenarioTotals& totals,
              const std::vector<MissedState>& all_missed) {
  Suite suite{.name = std::string(scenario),
              .cases = "",
              .tests = 0,
              .failures = 0,
              .errors = 0,
              .time = totals.run_time};
  if (totals.passed > 0) {
    ++suite.tests;
    absl::StrAppend(
        &suite.cases, "    <testcase", Attribute("classname", scenario),
        Attribute("name", absl::StrCat(totals.passed, " of ", totals.runs,
                                       " seeds passed")),
        Attribute("time", Seconds(totals.run_time)), "/>\n");
  }
  for (const auto& [signature, share] : totals.not_passed) {
    ++suite.tests;
    const bool inconclusive =
        share.shortest.outcome == RunResult::Outcome::kInconclusive;
    ++(inconclusive ? suite.errors : suite.failures);
    absl::StrAppend(&suite.cases, NotPassedCase(scenario, signature, share));
  }
  for (const MissedState& missed : all_missed) {
    if (!missed.demanded || missed.scenario != scenario) continue;
    ++suite.tests;
    ++suite.failures;
    absl::StrAppend(&suite.cases, MissedCase(missed));
  }
  return suite;
}

Suite CanarySuite(const CanaryTally& canary) {
  Suite suite{.name = "canary",
              .cases = "",
              .tests = 1,
              .failures = canary.found_all() ? 0u : 1u,
              .errors = 0,
              .time = canary.cost};
  absl::StrAppend(&suite.cases, "    <testcase",
                  Attribute("classname", "canary"),
                  Attribute("name", "the planted bug is found"));
  if (canary.found_all()) {
    absl::StrAppend(&suite.cases, "/>\n");
  } else {
    absl::StrAppend(&suite.cases, "><failure",
                    Attribute("message", canary.ToText()), "/></testcase>\n");
  }
  return suite;
}

}  // namespace

std::string XmlEscaped(absl::string_view text) {
  std::string xml;
  while (!text.empty()) {
    const size_t size = ValidSequence(text);
    const absl::string_view sequence = text.substr(0, size);
    if (size == 0) {
      xml += '?';
    } else if (sequence == "<") {
      xml += "&lt;";
    } else if (sequence == ">") {
      xml += "&gt;";
    } else if (sequence == "&") {
      xml += "&amp;";
    } else if (sequence == "\"") {
      xml += "&quot;";
    } else if (sequence == "\n") {
      xml += "&#10;";
    } else {
      absl::StrAppend(&xml, sequence);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return xml;
}

std::string JUnitXml(const SweepReport& report) {
  std::vector<Suite> suites;
  const std::vector<MissedState> missed = report.Missed();
  for (const auto& [scenario, totals] : report.scenarios()) {
    suites.push_back(SuiteOf(scenario, totals, missed));
  }
  if (report.canary().runs > 0) suites.push_back(CanarySuite(report.canary()));
  size_t tests = 0;
  size_t failures = 0;
  size_t errors = 0;
  std::string body;
  for (const Suite& suite : suites) {
    tests += suite.tests;
    failures += suite.failures;
    errors += suite.errors;
    absl::StrAppend(&body, SuiteXml(suite));
  }
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
                      "<testsuites name=\"raft_sim\" tests=\"", tests,
                      "\" failures=\"", failures, "\" errors=\"", errors,
                      "\">\n", body, "</testsuites>\n");
}

}  // namespace scenarios
