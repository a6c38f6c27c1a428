#include "kv/exit_code.h"

#include <cerrno>

#include "gtest/gtest.h"

#include "prod/posix_file.h"

namespace prod {
namespace {

// systemd starts again after 3 and not after 2.
TEST(ExitCodeTest, WhatOnlyAHumanCanMendEndsWithUsage) {
  for (const int error_number : {EACCES, EPERM, EROFS}) {
    EXPECT_EQ(kv::ExitCodeOf(DiskError("open", "data", error_number)),
              kv::kExitUsage)
        << error_number;
  }
  for (const int error_number : {ENOSPC, EMFILE}) {
    EXPECT_EQ(kv::ExitCodeOf(DiskError("open", "data", error_number)),
              kv::kExitIo)
        << error_number;
  }
}

}  // namespace
}  // namespace prod
