// A client that asks a server about itself, and another one that is there, too.

#ifndef TESTS_KV_INTROSPECTION_H_
#define TESTS_KV_INTROSPECTION_H_

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "tests/kv/resp_fixture.h"

namespace kv {

class IntrospectionTest : public RespFixture {
 protected:
  IntrospectionTest() {
    client_.local_address = "10.0.0.9:6379";
    client_.since = host_.now - absl::Seconds(90);
    client_.active = host_.now - absl::Seconds(5);
    other_.id = 8;
    other_.address = "10.0.0.2:6000";
    other_.local_address = "10.0.0.9:6379";
    other_.name = "other";
    host_.clients = {&client_, &other_};
  }

  // Whether the lines of CLIENT LIST `with` these words are those of `ids`.
  void ExpectListed(const std::string& with, const std::string& ids) {
    const std::string answer = Ask("CLIENT LIST" + with);
    std::string seen;
    for (const char* id : {"7", "8"}) {
      if (absl::StrContains(answer, absl::StrCat("id=", id, " addr=")))
        seen += id;
    }
    EXPECT_EQ(seen, ids) << with << ": " << answer;
  }

  RespClient other_;
};

}  // namespace kv

#endif  // TESTS_KV_INTROSPECTION_H_
