// What a nemesis tells the readers of a trace: whom each strike has struck, and
// what was done to them.
//
//   - nemesis.struck act="isolate: leader" whom=n2 links="n2-n1 n2-n3" for=3s
//   - nemesis.undone act="isolate: leader" whom=n2 links="n2-n1 n2-n3"
//   - nemesis.nobody act="crash: old_leader"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "scenarios/nemesis.h"
#include "sim/trace.h"

namespace scenarios {
namespace {

// Fields that have something to say.
class Fields {
 public:
  void Add(absl::string_view key, const std::string& text) {
    if (!text.empty()) texts_.emplace_back(key, text);
  }
  std::vector<runtime::NoteField> list() const {
    std::vector<runtime::NoteField> fields;
    for (const auto& [key, text] : texts_) fields.push_back({key, text});
    return fields;
  }

 private:
  std::vector<std::pair<absl::string_view, std::string>> texts_;
};

}  // namespace

std::string Nemesis::SaidOf(const Order& order) const {
  return order.said.empty() ? ActName(order.act) : order.said;
}

std::string Nemesis::Names(const Nodes& nodes) const {
  const absl::btree_set<uint32_t> each(nodes.begin(), nodes.end());
  return absl::StrJoin(each, " ", [](std::string* out, uint32_t node) {
    absl::StrAppend(out, "n", node);
  });
}

// "n1-n2" is both ways, "n1>n2" one.
std::string Nemesis::Names(const Links& links) const {
  const absl::btree_set<Link> each(links.begin(), links.end());
  std::string text;
  for (const auto& [from, to] : each) {
    const bool both = each.contains({to, from});
    if (both && to < from) continue;
    absl::StrAppend(&text, text.empty() ? "" : " ", world_.host_name(from),
                    both ? "-" : ">", world_.host_name(to));
  }
  return text;
}

void Nemesis::TellStrike(const Order& order, const Tale& tale,
                         absl::Duration lasts) {
  if (!world_.traced()) return;
  Fields fields;
  fields.Add("act", SaidOf(order));
  fields.Add("whom", Names(tale.nodes));
  fields.Add("links", Names(tale.links));
  fields.Add("as", order.name);
  if (lasts > absl::ZeroDuration()) {
    fields.Add("for", absl::FormatDuration(lasts));
  }
  world_.Explain(sim::TraceLevel::kStory, sim::kNoHost, "nemesis.struck",
                 fields.list());
}

void Nemesis::TellNobody(const Order& order, const Tale& tale) {
  if (!world_.traced()) return;
  Fields fields;
  fields.Add("act", SaidOf(order));
  fields.Add("spared", Names(tale.nodes));
  world_.Explain(sim::TraceLevel::kStory, sim::kNoHost, "nemesis.nobody",
                 fields.list());
}

void Nemesis::TellEnd(const std::string& what, const Tale& tale) {
  if (!world_.traced()) return;
  Fields fields;
  fields.Add("act", what);
  fields.Add("whom", Names(tale.nodes));
  fields.Add("links", Names(tale.links));
  world_.Explain(sim::TraceLevel::kStory, sim::kNoHost, "nemesis.undone",
                 fields.list());
}

}  // namespace scenarios
