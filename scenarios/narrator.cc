#include "scenarios/narrator.h"

#include <array>
#include <variant>

#include "absl/strings/str_cat.h"

namespace scenarios {
namespace {

// "7@2": the entry of index 7, of term 2.
std::string Entry(raft::Index index, raft::Term term) {
  return absl::StrCat(index.value(), "@", term.value());
}

std::string Span(raft::Index first, raft::Index last) {
  return first == last ? absl::StrCat(first.value())
                       : absl::StrCat(first.value(), "..", last.value());
}

std::string Text(const raft::PreVoteRequest& message) {
  return absl::StrCat("my last is ",
                      Entry(message.last_index, message.last_term));
}
std::string Text(const raft::PreVoteReply& message) {
  return absl::StrCat(message.granted ? "yes" : "no", ", my term is ",
                      message.term.value());
}
std::string Text(const raft::VoteRequest& message) {
  return absl::StrCat("my last is ",
                      Entry(message.last_index, message.last_term),
                      message.by_leader ? ", the leader wants it" : "");
}
std::string Text(const raft::VoteReply& message) {
  return message.granted ? "yes" : "no";
}
std::string Text(const raft::AppendRequest& message) {
  std::string text = absl::StrCat(
      "after ", Entry(message.previous_index, message.previous_term), ": ");
  if (message.entries.empty()) {
    absl::StrAppend(&text, "nothing");
  } else {
    const raft::Record& last = message.entries.back();
    absl::StrAppend(&text, Span(message.entries.front().index, last.index), "@",
                    last.term.value());
  }
  absl::StrAppend(&text, ", commit ", message.commit.value());
  return text;
}
std::string Text(const raft::AppendReply& message) {
  if (message.accepted) {
    return absl::StrCat("has all up to ", message.match.value());
  }
  return absl::StrCat("has not ", message.match.value(), "; try ",
                      Entry(message.hint_index, message.hint_term));
}
std::string Text(const raft::HeartbeatRequest& message) {
  return absl::StrCat("commit ", message.commit.value(), ", round ",
                      message.read_round);
}
std::string Text(const raft::HeartbeatReply& message) {
  return absl::StrCat("round ", message.read_round);
}

std::string Text(const raft::TimeoutNow& message) {
  return absl::StrCat("stand at once; my last is ", message.last_index.value());
}

// A pre-vote speaks of the term that it would begin.
raft::Term TermOf(const raft::Message& message) {
  return std::visit(
      [](const auto& body) {
        if constexpr (requires { body.campaign_term; }) {
          return body.campaign_term;
        } else {
          return body.term;
        }
      },
      message);
}

const char* OutcomeText(raft::Outcome::Kind kind) {
  switch (kind) {
    case raft::Outcome::Kind::kApplied:
      return "applied";
    case raft::Outcome::Kind::kRefused:
      return "refused";
    case raft::Outcome::Kind::kLost:
      return "lost";
    case raft::Outcome::Kind::kUnknown:
      return "unknown";
  }
  return "?";
}

}  // namespace

const char* MessageName(const raft::Message& message) {
  // In the order of the variant.
  constexpr std::array kNames = {
      "pre-vote",   "pre-vote-reply",  "vote",
      "vote-reply", "append",          "append-reply",
      "heartbeat",  "heartbeat-reply", "timeout-now"};
  static_assert(kNames.size() == std::variant_size_v<raft::Message>);
  return kNames[message.index()];
}

std::string MessageText(const raft::Message& message) {
  return std::visit([](const auto& body) { return Text(body); }, message);
}

void Narrator::Say(absl::string_view kind,
                   std::initializer_list<runtime::NoteField> fields) {
  world_.Explain(sim::TraceLevel::kStory, host_, kind, fields);
}

void Narrator::SayMessage(absl::string_view kind, absl::string_view whom_key,
                          raft::NodeId whom, const raft::Message& message) {
  Say(kind, {{whom_key, absl::StrCat("n", whom.value())},
             {"message", MessageName(message)},
             {"term", TermOf(message)},
             {"about", MessageText(message)}});
}

void Narrator::OnStarted(const raft::Core& core, runtime::Instant now) {
  vote_ = core.vote();
  vote_term_ = core.term();
  durable_ = core.durable_index();
  commit_ = core.commit();
  Say("raft.started",
      {{"term", core.term()},
       {"vote", core.vote()},
       {"last", Entry(core.log().last_index(), core.log().last_term())},
       {"commit", core.commit()}});
  next_.OnStarted(core, now);
}

void Narrator::OnEvent(const raft::Core& core, const raft::Event& event,
                       runtime::Instant now) {
  if (const auto* inbound = std::get_if<raft::Inbound>(&event)) {
    SayMessage("raft.receive", "from", inbound->from, inbound->message);
  }
  next_.OnEvent(core, event, now);
}

void Narrator::OnStep(const raft::Core& core, const raft::Effects& effects) {
  SayWhatChanged(core, effects);
  next_.OnStep(core, effects);
}

void Narrator::SayWhatChanged(const raft::Core& core,
                              const raft::Effects& effects) {
  if (core.vote() != vote_ || core.term() != vote_term_) {
    vote_ = core.vote();
    vote_term_ = core.term();
    if (vote_.value() != 0) {
      Say("raft.vote",
          {{"term", vote_term_}, {"for", absl::StrCat("n", vote_.value())}});
    }
  }
  for (const persist::Store& store : effects.stores) {
    if (store.truncate_from.has_value()) {
      Say("raft.truncate", {{"from", *store.truncate_from}});
    }
    if (!store.entries.empty()) {
      Say("raft.append", {{"entries", Span(store.entries.front().index,
                                           store.entries.back().index)},
                          {"term", store.entries.back().term}});
    }
  }
  if (core.durable_index() != durable_) {
    durable_ = core.durable_index();
    Say("raft.durable", {{"upto", durable_}});
  }
  if (core.commit() != commit_) {
    commit_ = core.commit();
    if (core.leading() == nullptr)
      Say("raft.learn_commit", {{"index", commit_}});
  }
}

void Narrator::OnSendLeaves(const raft::Core& core, const raft::Send& send) {
  SayMessage("raft.send", "to", send.to, send.message);
  next_.OnSendLeaves(core, send);
}

void Narrator::OnApplied(const raft::Core& core,
                         std::span<const raft::Command> commands,
                         std::span<const runtime::Bytes> results,
                         raft::Index index, uint64_t state_hash) {
  Say("raft.applied", {{"upto", index},
                       {"commands", uint64_t{commands.size()}},
                       {"state", absl::StrCat(absl::Hex(state_hash))}});
  next_.OnApplied(core, commands, results, index, state_hash);
}

void Narrator::OnAnswered(const raft::Core& core, raft::Ticket ticket,
                          const raft::Outcome& outcome) {
  Say("raft.answer", {{"ticket", ticket},
                      {"outcome", OutcomeText(outcome.kind)},
                      {"index", outcome.index}});
  next_.OnAnswered(core, ticket, outcome);
}

void Narrator::OnStored(const raft::Core& core, raft::Sequence upto) {
  next_.OnStored(core, upto);  // Told when the core takes it in.
}

void Narrator::OnStorageFailed(const raft::Core& core) {
  Say("raft.storage_failed", {});
  next_.OnStorageFailed(core);
}

}  // namespace scenarios
