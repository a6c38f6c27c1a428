#include "scenarios/scenario_library.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "runtime/status_macros.h"
#include "scenarios/scenario_file.h"

namespace scenarios {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBelow = "scenarios/files";
constexpr absl::string_view kSuffix = ".yaml";

std::string FindDirectory() {
  std::error_code ignored;
  if (fs::is_directory(kBelow, ignored)) return kBelow;
  fs::path above = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  while (!above.empty() && above != above.root_path()) {
    if (fs::is_directory(above / kBelow, ignored)) return above / kBelow;
    above = above.parent_path();
  }
  return kBelow;
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path,
                                          size_t bytes_max) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || !in) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  }
  if (size > bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": larger than ", bytes_max, " bytes"));
  }
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<size_t>(in.gcount()));
  return bytes;
}

absl::Status WriteWholeFile(const std::string& path, absl::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
}

ScenarioLibrary::ScenarioLibrary(std::string directory)
    : directory_(directory.empty() ? FindDirectory() : std::move(directory)) {}

std::vector<std::string> ScenarioLibrary::Names() const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory_, ignored)) {
    if (entry.path().extension() == kSuffix.data()) {
      names.push_back(entry.path().stem());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<Scenario> ScenarioLibrary::Load(const std::string& name) const {
  const std::string path = absl::EndsWith(name, kSuffix)
                               ? name
                               : absl::StrCat(directory_, "/", name, kSuffix);
  const absl::StatusOr<std::string> text =
      ReadWholeFile(path, kScenarioBytesMax);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat(
        "no scenario '", name, "'; there are: ", absl::StrJoin(Names(), ", ")));
  }
  if (!text.ok()) return text.status();
  ASSIGN_OR_RETURN(Scenario scenario, ParseScenario(*text, path));
  scenario.source = name;
  return scenario;
}

absl::StatusOr<std::vector<Scenario>> ScenarioLibrary::LoadAll(
    const std::vector<std::string>& names) const {
  std::vector<Scenario> scenarios;
  for (const std::string& name : names) {
    const std::vector<std::string> meant =
        name == "all" ? Names() : std::vector<std::string>{name};
    if (meant.empty()) {
      return absl::NotFoundError(absl::StrCat("no scenarios in ", directory_));
    }
    for (const std::string& one : meant) {
      ASSIGN_OR_RETURN(Scenario scenario, Load(one));
      scenarios.push_back(std::move(scenario));
    }
  }
  return scenarios;
}

}  // namespace scenarios
