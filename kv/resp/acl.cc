// ACL, for clients that ask who they are: there is one user, without a
// password, who may do everything. MODULE stands here, too: there are none.

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "kv/resp/command_facts.h"
#include "kv/resp/subcommands.h"

namespace kv {
namespace {

constexpr absl::string_view kUser = "default";

void WhoAmI(RespRequest& request) { request.Answer().Bulk(kUser); }

void Users(RespRequest& request) {
  RespWriter out = request.Answer();
  out.Array(1);
  out.Bulk(kUser);
}

void List(RespRequest& request) {
  RespWriter out = request.Answer();
  out.Array(1);
  out.Bulk("user default on nopass ~* &* +@all");
}

void GetUser(RespRequest& request) {
  RespWriter out = request.Answer();
  if (request.args[2] != kUser) return out.Nil();
  out.Map(6);
  out.Bulk("flags");
  out.Array(2);
  out.Bulk("on");
  out.Bulk("nopass");
  out.Bulk("passwords");
  out.Array(0);
  out.Bulk("commands");
  out.Bulk("+@all");
  out.Bulk("keys");
  out.Bulk("~*");
  out.Bulk("channels");
  out.Bulk("&*");
  out.Bulk("selectors");
  out.Array(0);
}

void Categories(RespRequest& request) {
  if (request.args.size() == 2) {
    RespWriter out = request.Answer();
    out.Array(AclCategories().size());
    for (const absl::string_view category : AclCategories()) {
      out.Bulk(category);
    }
    return;
  }
  if (request.args.size() > 3) return request.RefuseSubcommand();
  const std::string wanted = absl::AsciiStrToLower(request.args[2]);
  if (!IsAclCategory(wanted)) {
    return request.Refuse(
        absl::StrCat("ERR Unknown category '", wanted.substr(0, 128), "'"));
  }
  std::vector<absl::string_view> names;
  for (const CommandFacts& command : AllCommandFacts()) {
    if (IsIn(command, wanted)) names.push_back(command.name);
  }
  RespWriter out = request.Answer();
  out.Array(names.size());
  for (const absl::string_view name : names) out.Bulk(name);
}

void NoModules(RespRequest& request) { request.Answer().Array(0); }

constexpr absl::string_view kOpen = "noscript loading stale";
constexpr absl::string_view kAdmin = "admin noscript loading stale";

constexpr RespSubcommand kRows[] = {
    {"acl|cat", -2, kOpen, Categories, "CAT [<category>]",
     "The categories of commands, or the commands of one."},
    {"acl|getuser", 3, kAdmin, GetUser, "GETUSER <username>",
     "What the user may do; nil if there is no such user."},
    {"acl|help", 2, "loading stale", PlanHelp, "HELP", "This text."},
    {"acl|list", 2, kAdmin, List, "LIST", "All users, as rules."},
    {"acl|users", 2, kAdmin, Users, "USERS", "The names of all users."},
    {"acl|whoami", 2, kOpen, WhoAmI, "WHOAMI",
     "The name of the user of this connection."},
    {"module|help", 2, "loading stale", PlanHelp, "HELP", "This text."},
    {"module|list", 2, "admin noscript", NoModules, "LIST",
     "The modules that are loaded: none."},
};

}  // namespace

std::span<const RespSubcommand> AclSubcommands() { return kRows; }

}  // namespace kv
