// What the admin port of a node on this machine answers.

#ifndef TESTS_CLUSTER_ADMIN_CLIENT_H_
#define TESTS_CLUSTER_ADMIN_CLIENT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace cluster {

// The whole answer, its head too; empty when nobody answers.
std::string PageOf(uint16_t admin_port, absl::string_view path);

// Of a family without labels; 0 if it is not there.
uint64_t MetricOf(uint16_t admin_port, absl::string_view name);

// Whether `condition` comes to hold, within RealCluster::kPatience.
bool Eventually(const std::function<bool()>& condition);

}  // namespace cluster

#endif  // TESTS_CLUSTER_ADMIN_CLIENT_H_
