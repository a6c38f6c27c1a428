#include "prod/ctl_data.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

#include "kv/exit_code.h"
#include "persist/wal_inspection.h"
#include "prod/posix_disk.h"
#include "raft/core/message.h"
#include "runtime/status_macros.h"

namespace prod {
namespace {

using persist::WalInspection;

// A frame of a running node is written within this time.
constexpr int kAttempts = 5;
constexpr absl::Duration kAttemptPause = absl::Milliseconds(200);

struct Inspected {
  WalInspection log;
  bool in_use = false;
};

absl::StatusOr<Inspected> Inspect(const std::string& directory) {
  ASSIGN_OR_RETURN(const std::unique_ptr<PosixDisk> disk,
                   PosixDisk::OpenExisting(directory));
  for (int attempt = 1;; ++attempt) {
    const bool in_use = disk->SeemsInUse();
    absl::StatusOr<WalInspection> log = persist::InspectWal(*disk);
    const bool good = log.ok() && log->damage.ok();
    if (!good && in_use && attempt < kAttempts) {
      absl::SleepFor(kAttemptPause);
      continue;
    }
    if (absl::IsNotFound(log.status())) {
      return absl::NotFoundError(
          absl::StrCat(directory, ": there is no log here"));
    }
    if (!log.ok()) return log.status();
    return Inspected{.log = *std::move(log), .in_use = in_use};
  }
}

const char* KindName(uint8_t kind) {
  switch (static_cast<raft::EntryKind>(kind)) {
    case raft::EntryKind::kNoop:
      return "noop";
    case raft::EntryKind::kCommand:
      return "command";
    case raft::EntryKind::kConfiguration:
      return "configuration";
  }
  return "unknown";
}

// "1: 1..1, 4: 2..90": which entries have which term.
std::string TermsText(const std::vector<persist::Record>& entries) {
  std::string text;
  for (size_t i = 0; i < entries.size();) {
    size_t end = i + 1;
    while (end < entries.size() && entries[end].term == entries[i].term) ++end;
    absl::StrAppend(&text, text.empty() ? "" : ", ", entries[i].term.value(),
                    ": ", entries[i].index.value(), "..",
                    entries[end - 1].index.value());
    i = end;
  }
  return text;
}

uint64_t PayloadBytes(const std::vector<persist::Record>& entries) {
  uint64_t bytes = 0;
  for (const persist::Record& entry : entries) bytes += entry.payload.size();
  return bytes;
}

CtlJson GroupJson(const persist::RecoveredGroup& group) {
  CtlJson json;
  json["group"] = group.group.value();
  json["term"] = group.hard_state.term.value();
  json["vote"] = group.hard_state.vote.value();
  json["commit_hint"] = group.hard_state.commit.value();
  json["first_index"] = group.entries.empty() ? 0 : 1;
  json["last_index"] = group.entries.size();
  json["entry_bytes"] = PayloadBytes(group.entries);
  json["entries_by_term"] = TermsText(group.entries);
  return json;
}

CtlJson SegmentJson(const WalInspection::Segment& segment) {
  CtlJson json;
  json["segment"] = segment.path;
  json["life"] = segment.incarnation.value();
  json["first_frame"] = segment.first_lsn.value();
  json["frames"] = segment.frames;
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t records = 0;
  for (const WalInspection::Written& written : segment.written) {
    first = first == 0 ? written.first.value()
                       : std::min(first, written.first.value());
    last = std::max(last, written.last.value());
    records += written.records;
  }
  if (records > 0) {
    json["first_index"] = first;
    json["last_index"] = last;
  }
  json["entries"] = records;
  json["used_bytes"] = segment.used_bytes;
  json["file_bytes"] = segment.file_bytes;
  return json;
}

std::vector<CtlJson> EntryRows(const WalInspection& log, EntryRange range) {
  std::vector<CtlJson> rows;
  for (const persist::RecoveredGroup& group : log.groups) {
    for (const persist::Record& entry : group.entries) {
      const uint64_t index = entry.index.value();
      if (index < range.from || index > range.to) continue;
      CtlJson row;
      row["index"] = index;
      row["term"] = entry.term.value();
      row["kind"] = KindName(entry.kind);
      row["bytes"] = entry.payload.size();
      row["crc32c"] = absl::StrFormat("%08x", entry.payload_crc32c);
      if (log.groups.size() > 1) row["group"] = group.group.value();
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

// What both commands say beside what was asked.
void AddJudgement(const Inspected& inspected, CtlJson& json) {
  json["in_use"] = inspected.in_use;
  json["damaged"] = !inspected.log.damage.ok();
  if (!inspected.log.damage.ok()) {
    json["damage"] = std::string(inspected.log.damage.message());
  }
}

std::string JudgementText(const Inspected& inspected) {
  std::string text;
  if (inspected.in_use) {
    text += "in use: a process holds the lock; this is a moment of its log\n";
  }
  if (!inspected.log.damage.ok()) {
    absl::StrAppend(
        &text, "DAMAGED: ",
        CellText(CtlJson(std::string(inspected.log.damage.message()))), "\n");
  }
  return text;
}

}  // namespace

absl::StatusOr<EntryRange> ParseEntryRange(absl::string_view text) {
  const size_t dots = text.find("..");
  const absl::string_view from = text.substr(0, dots);
  const absl::string_view to =
      dots == absl::string_view::npos ? from : text.substr(dots + 2);
  EntryRange range;
  const bool open = dots != absl::string_view::npos && to.empty();
  range.to = std::numeric_limits<uint64_t>::max();
  if (!absl::SimpleAtoi(from, &range.from) ||
      (!open && !absl::SimpleAtoi(to, &range.to)) || range.from == 0 ||
      range.to < range.from) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected indexes such as 7..9, 7 or 7.., not \"", text, "\""));
  }
  return range;
}

absl::StatusOr<CtlResult> CtlData(const CtlDataOptions& options) {
  ASSIGN_OR_RETURN(const Inspected inspected, Inspect(options.directory));
  const WalInspection& log = inspected.log;
  CtlJson json;
  json["directory"] = options.directory;
  json["node"] = log.superblock.node.value();
  json["cluster_id"] = absl::StrFormat("%016x", log.superblock.cluster.value());
  if (!log.superblock.identity.IsNone()) {
    json["identity"] = log.superblock.identity.ToString();
  }
  if (log.superblock.founding != 0) {
    json["founding"] = absl::StrFormat("%016x", log.superblock.founding);
  }
  json["log_format"] = persist::kWalVersion;
  json["life"] = log.superblock.incarnation.value();
  json["durable_frame"] = log.superblock.watermark.value();
  json["stopped_clean"] = log.superblock.stopped_clean;
  json["segments"] = log.segments.size();
  uint64_t file_bytes = 0;
  for (const WalInspection::Segment& segment : log.segments) {
    file_bytes += segment.file_bytes;
  }
  json["file_bytes"] = file_bytes;
  std::vector<CtlJson> groups;
  for (const persist::RecoveredGroup& group : log.groups) {
    groups.push_back(GroupJson(group));
  }
  CtlResult result{.exit_code = kv::ExitCodeOf(log.damage)};
  if (options.format == CtlFormat::kJson) {
    json["groups"] = groups;
    AddJudgement(inspected, json);
    result.text = FormatJson(json);
    return result;
  }
  result.text = FormatFields(json);
  for (const CtlJson& group : groups) {
    absl::StrAppend(&result.text, "\n", FormatFields(group));
  }
  const std::string judgement = JudgementText(inspected);
  if (!judgement.empty()) absl::StrAppend(&result.text, "\n", judgement);
  return result;
}

absl::StatusOr<CtlResult> CtlLog(const CtlDataOptions& options) {
  ASSIGN_OR_RETURN(const Inspected inspected, Inspect(options.directory));
  const WalInspection& log = inspected.log;
  std::vector<CtlJson> rows;
  if (options.entries.has_value()) {
    rows = EntryRows(log, *options.entries);
  } else {
    for (const WalInspection::Segment& segment : log.segments) {
      rows.push_back(SegmentJson(segment));
    }
  }
  CtlResult result{.exit_code = kv::ExitCodeOf(log.damage)};
  if (options.format == CtlFormat::kJson) {
    CtlJson json;
    json[options.entries.has_value() ? "entries" : "segments"] = rows;
    AddJudgement(inspected, json);
    result.text = FormatJson(json);
    return result;
  }
  result.text =
      options.entries.has_value()
          ? FormatTable(rows, {"index", "term", "kind", "bytes", "crc32c"})
          : FormatTable(rows, {"segment", "life", "first_frame", "frames",
                               "first_index", "last_index", "entries",
                               "used_bytes", "file_bytes"});
  absl::StrAppend(&result.text, JudgementText(inspected));
  return result;
}

}  // namespace prod
