// Which variables of the environment are meant for this server.
//
// Kubernetes sets variables for every service of a namespace: one that is
// called raft-admin gives RAFT_ADMIN_PORT=tcp://10.0.0.1:7401 and more of its
// kind. They are told from settings by their form, and left alone.

#ifndef PROD_ENVIRONMENT_H_
#define PROD_ENVIRONMENT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace prod {

// Whether Kubernetes made it, for a service.
bool IsServiceLink(absl::string_view name, absl::string_view value);

// A variable that begins as ours do, and is none.
struct StrangeVariable {
  std::string name;
  std::string meant;  // The name that is near; empty: none.
};

// Of `variables`, each "NAME=value"; values are not repeated, they may be
// secret.
std::vector<StrangeVariable> StrangeVariables(
    const std::vector<std::string>& variables);

}  // namespace prod

#endif  // PROD_ENVIRONMENT_H_
