#include "tests/persist/log_story.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "persist/disk_claim.h"
#include "persist/log_fold.h"
#include "runtime/crc32c.h"

namespace persist {

Record MakeRecord(uint64_t index, uint64_t term, absl::string_view payload) {
  Record record;
  record.index = Index(index);
  record.term = Term(term);
  record.kind = static_cast<uint8_t>(index % 3);
  record.payload = runtime::Bytes::Copy(payload);
  record.payload_crc32c = runtime::Crc32c(record.payload.span());
  return record;
}

Step& Step::State(uint64_t term, uint64_t vote, uint64_t commit) {
  store.hard_state = HardState{.term = Term(term),
                               .vote = runtime::NodeId(vote),
                               .commit = Index(commit)};
  return *this;
}

Step& Step::Truncate(uint64_t from) {
  store.truncate_from = Index(from);
  return *this;
}

Step& Step::Entry(uint64_t index, uint64_t term, absl::string_view payload) {
  store.entries.push_back(MakeRecord(index, term, payload));
  return *this;
}

std::string Describe(std::vector<RecoveredGroup> groups) {
  std::string text;
  for (const RecoveredGroup& group : groups) {
    absl::StrAppend(&text, "group ", group.group.value(), " term ",
                    group.hard_state.term.value(), " vote ",
                    group.hard_state.vote.value(), " commit ",
                    group.hard_state.commit.value(), ":");
    for (const Record& record : group.entries) {
      absl::StrAppend(&text, " ", record.index.value(), "@",
                      record.term.value(), "/", record.kind, "=",
                      record.payload.text());
      if (runtime::Crc32c(record.payload.span()) != record.payload_crc32c) {
        absl::StrAppend(&text, "(bad checksum)");
      }
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

std::string StateAfter(const std::vector<Batch>& batches, size_t count) {
  std::map<runtime::GroupId, RecoveredGroup> groups;
  for (size_t i = 0; i < count; ++i) {
    for (const Store& store : batches[i]) {
      RecoveredGroup& group = groups[store.group];
      group.group = store.group;
      FoldStore(store, group);
    }
  }
  std::vector<RecoveredGroup> all;
  for (auto& [id, group] : groups) all.push_back(std::move(group));
  return Describe(std::move(all));
}

WalOptions StoryOptions(uint64_t segment_bytes) {
  return {.cluster = runtime::ClusterId(7),
          .node = runtime::NodeId(3),
          .segment_bytes = segment_bytes};
}

absl::StatusOr<runtime::Identity> Prepare(Disk& disk,
                                          const WalOptions& options) {
  return PrepareDisk(disk, {.cluster = options.cluster, .node = options.node},
                     kIdentity);
}

Life Live(Disk& disk, const WalOptions& options,
          const std::vector<Batch>& batches, size_t first) {
  Life life;
  life.durable = first;
  life.status = Prepare(disk, options).status();
  if (!life.status.ok()) return life;
  absl::StatusOr<WalRecovery> recovery = RecoverWal(disk, options);
  life.status = recovery.status();
  if (!recovery.ok()) return life;
  life.recovered = std::move(recovery->recovered);
  life.writer = std::move(recovery->writer);
  for (size_t i = first; i < batches.size(); ++i) {
    WalBatch batch;
    for (const Store& store : batches[i]) {
      batch.Add(store, life.writer->tails());
    }
    life.status = life.writer->Append(batch);
    if (!life.status.ok()) return life;
    ++life.durable;
  }
  return life;
}

std::vector<Batch> ShortStory() {
  const std::string large(1600, 'x');
  return {
      {Step().State(1, 2).Entry(1, 1, "a").Entry(2, 1, "b").store},
      {Step(kOtherGroup).State(4, 1).Entry(1, 4, large).store,
       Step().Entry(3, 1, "c").store},
      {Step().State(2, 0, 1).Truncate(2).Entry(2, 2, large).store},
      {Step(kOtherGroup).State(5, 3, 1).store},
  };
}

std::vector<Batch> RandomStory(runtime::Random& dice, size_t batches) {
  struct Tail {
    uint64_t last = 0;
    uint64_t term = 1;
  };
  std::map<uint64_t, Tail> tails;
  std::vector<Batch> story(batches);
  for (Batch& batch : story) {
    const uint64_t stores = 1 + dice.Below(3);
    for (uint64_t i = 0; i < stores; ++i) {
      const uint64_t group = 1 + dice.Below(2);
      Tail& tail = tails[group];
      Step step{runtime::GroupId(group)};
      if (dice.Chance(400'000)) {
        ++tail.term;
        step.State(tail.term, dice.Below(4), 0);
      }
      if (tail.last > 0 && dice.Chance(250'000)) {
        const uint64_t from =
            tail.last - dice.Below(std::min<uint64_t>(tail.last, 4));
        step.Truncate(from);
        tail.last = from - 1;
      }
      const uint64_t entries = dice.Below(4);
      for (uint64_t e = 0; e < entries; ++e) {
        const uint64_t size = dice.Chance(150'000) ? 700 : dice.Below(40);
        ++tail.last;
        step.Entry(tail.last, tail.term,
                   std::string(size, static_cast<char>('a' + tail.last % 26)));
      }
      batch.push_back(std::move(step.store));
    }
  }
  return story;
}

}  // namespace persist
