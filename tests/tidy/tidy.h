// The style that a machine can check: floors, bans, twins, lengths, READMEs.
//
// Works on any tree of the house's shape, so that its own tests can hand it a
// small broken one.

#ifndef TESTS_TIDY_TIDY_H_
#define TESTS_TIDY_TIDY_H_

#include <filesystem>
#include <string>
#include <vector>

namespace tidy {

inline constexpr size_t kFileLinesMax = 500;
inline constexpr size_t kFunctionLinesMax = 70;

// Each violation is one line: "file:line: what is wrong; what to do instead".

// Every #include of ours goes to a room that the floor plan allows.
std::vector<std::string> CheckFloors(const std::filesystem::path& root);

// No clock, dice, thread, file or environment but through runtime, net and
// persist; no hash containers; nothing left to do later.
std::vector<std::string> CheckBans(const std::filesystem::path& root);

// Every interface with two implementations has both, by name, and one suite.
std::vector<std::string> CheckTwins(const std::filesystem::path& root);

// Every room explains itself.
std::vector<std::string> CheckRooms(const std::filesystem::path& root);

// Headers have the right guard and open with a comment; files and functions
// stay small enough to hold in the head.
std::vector<std::string> CheckShape(const std::filesystem::path& root);

}  // namespace tidy

#endif  // TESTS_TIDY_TIDY_H_
