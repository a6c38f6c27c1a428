#include "persist/disk_persister.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"

#include "persist/disk_claim.h"
#include "persist/wal_recovery.h"
#include "persist/wal_writer.h"
#include "runtime/check.h"
#include "runtime/fiber_group.h"
#include "runtime/instant.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"
#include "runtime/wait_queue.h"

namespace persist {

namespace {

// How many stores in one frame are many, for the probe.
constexpr uint64_t kManyStores = 8;

struct GroupProgress {
  runtime::GroupId group;
  Sequence upto;
};

// What one frame made durable.
struct BatchReport {
  std::vector<GroupProgress> progress;
  uint64_t stores = 0;
  uint64_t bytes_written = 0;  // So far, by the writer.
};

// What the storage executor answers to one question of the caller, who waits
// for it. Lives on the caller's executor; other threads only hold it.
template <class T>
class Answer {
 public:
  explicit Answer(runtime::Executor& executor) : news_(executor) {}

  void Give(absl::StatusOr<T> answer) {
    answer_ = std::move(answer);
    news_.NotifyAll();
  }
  // Suspends.
  absl::StatusOr<T> Await() {
    while (!answer_.has_value()) RETURN_IF_ERROR(news_.Wait());
    return *std::exchange(answer_, std::nullopt);
  }
  runtime::Executor& executor() const { return news_.executor(); }

 private:
  std::optional<absl::StatusOr<T>> answer_;
  runtime::WaitQueue news_;
};

template <class T>
using SharedAnswer = std::shared_ptr<Answer<T>>;

// From the storage executor.
template <class T>
void Give(const SharedAnswer<T>& to, absl::StatusOr<T> answer) {
  to->executor().Post([to, answer = std::move(answer)]() mutable {
    to->Give(std::move(answer));
  });
}

}  // namespace

// Lives on the caller's executor; other threads only hold it.
class DiskPersister::Front {
 public:
  Front(runtime::Executor& executor, StoreLimits limits)
      : executor_(executor), under_way_(limits), news_(executor) {}

  // ---- from the storage executor, carried here by tasks
  void OnBatch(const BatchReport& report) {
    ++stats_.batches;
    stats_.bytes = report.bytes_written;
    under_way_.Remove(report.stores, executor_.Now());
    for (const GroupProgress& progress : report.progress) {
      // Looked up each time: a sink may have let go of another one.
      const auto sink = sinks_.find(progress.group);
      if (sink != sinks_.end()) {
        sink->second->OnDurable(progress.group, progress.upto);
      }
    }
  }
  void OnFailure(const absl::Status& why) {
    failure_ = why;
    const absl::btree_map<runtime::GroupId, PersisterSink*> sinks = sinks_;
    for (const auto& [group, sink] : sinks) {
      if (sinks_.contains(group)) sink->OnFailure(why);
    }
  }
  void OnStopped(const absl::Status& status) {
    stopped_ = status;
    news_.NotifyAll();
  }

  // ---- from the caller
  // Suspends.
  absl::Status AwaitStopped() {
    while (!stopped_.has_value()) {
      const absl::Status woken = news_.Wait();
      if (!woken.ok()) return woken;
    }
    return *stopped_;
  }
  // A sink that comes after the failure hears of it, in a task of its own.
  static void SetSink(const std::shared_ptr<Front>& self,
                      runtime::GroupId group, PersisterSink* sink) {
    CHECK(sink != nullptr);
    self->sinks_[group] = sink;
    if (!self->failure_.has_value()) return;
    self->executor_.Post([self, group] {
      const auto found = self->sinks_.find(group);
      if (found != self->sinks_.end()) {
        found->second->OnFailure(*self->failure_);
      }
    });
  }
  void CountSubmitted(const Store& store) {
    CHECK(sinks_.contains(store.group), "no sink for group ",
          store.group.value());
    Sequence& last = submitted_[store.group];
    CHECK_EQ(store.sequence, last.Next(), "a gap in the stream of group ",
             store.group.value());
    last = store.sequence;
    ++stats_.stores;
    under_way_.Add(store, executor_.Now());
  }
  // Nobody is to be called any more.
  void Close() { sinks_.clear(); }

  runtime::Executor& executor() const { return executor_; }
  StoreRoom room() const { return under_way_.room(); }
  PersisterStats stats() const {
    PersisterStats stats = stats_;
    under_way_.FillIn(stats, executor_.Now());
    return stats;
  }

 private:
  runtime::Executor& executor_;
  absl::btree_map<runtime::GroupId, PersisterSink*> sinks_;
  absl::btree_map<runtime::GroupId, Sequence> submitted_;
  StoresUnderWay under_way_;
  PersisterStats stats_;  // But for what is under way.
  std::optional<absl::Status> failure_;
  std::optional<absl::Status> stopped_;
  runtime::WaitQueue news_;
};

// Lives and dies on the storage executor.
class DiskPersister::Back {
 public:
  Back(runtime::Executor& executor, Disk& disk, DiskPersisterOptions options,
       std::shared_ptr<Front> front)
      : executor_(executor),
        disk_(disk),
        options_(options),
        front_(std::move(front)),
        arrivals_(executor),
        fibers_(executor) {}

  void Inspect(const SharedAnswer<Claim>& answer) {
    fibers_.Spawn("log-inspection",
                  [this, answer] { Give(answer, InspectDisk(disk_)); });
  }
  void Prepare(runtime::Identity fresh,
               const SharedAnswer<runtime::Identity>& answer) {
    CHECK(!started_, "Prepare() after Recover()");
    fibers_.Spawn("log-preparation", [this, fresh, answer] {
      Give(answer, PrepareAsOurs(fresh));
    });
  }
  void Start(const SharedAnswer<Recovered>& answer) {
    CHECK(!started_, "Recover() twice");
    started_ = true;
    fibers_.Spawn("log-writer", [this, answer] { Run(answer); });
  }
  void KeepFounding(uint64_t fingerprint,
                    const SharedAnswer<uint64_t>& answer) {
    CHECK_NE(fingerprint, 0u);
    founding_ = fingerprint;
    founding_answer_ = answer;
    if (failed_) return AnswerFounding(absl::DataLossError("the log failed"));
    arrivals_.NotifyOne();
  }
  void Take(Store store) {
    if (failed_) return;  // Nobody will hear of it again.
    waiting_.push_back(std::move(store));
    arrivals_.NotifyOne();
  }
  void Stop() {
    stopping_ = true;
    if (!started_) return ReportStopped(absl::OkStatus());
    arrivals_.NotifyOne();
  }

 private:
  // The log-writer fiber.
  void Run(const SharedAnswer<Recovered>& answer) {
    absl::Status status = Recover(answer);
    if (status.ok()) status = WriteUntilStopped();
    if (status.ok()) status = writer_->Close();
    failed_ = !status.ok();
    waiting_.clear();
    ReportStopped(status);
  }

  void ReportStopped(const absl::Status& status) {
    front_->executor().Post(
        [front = front_, status] { front->OnStopped(status); });
  }

  Owner self() const {
    return {.cluster = options_.cluster, .node = options_.node};
  }

  absl::Status LockOnce() {
    if (locked_) return absl::OkStatus();
    RETURN_IF_ERROR(disk_.Lock());
    locked_ = true;
    return absl::OkStatus();
  }

  absl::StatusOr<runtime::Identity> PrepareAsOurs(runtime::Identity fresh) {
    RETURN_IF_ERROR(LockOnce());
    ASSIGN_OR_RETURN(const runtime::Identity identity,
                     PrepareDisk(disk_, self(), fresh));
    prepared_ = true;
    return identity;
  }

  absl::Status Recover(const SharedAnswer<Recovered>& answer) {
    absl::StatusOr<Recovered> recovered = RecoverOrExplain();
    const absl::Status status = recovered.status();
    Give(answer, std::move(recovered));
    return status;
  }

  // Asked before the lock, which may leave a file behind.
  absl::Status CheckPrepared() {
    if (prepared_) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Claim claim, InspectDisk(disk_));
    if (claim.has_log) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "there is no log, and nobody prepared this disk for one");
  }

  absl::StatusOr<Recovered> RecoverOrExplain() {
    RETURN_IF_ERROR(CheckPrepared());
    RETURN_IF_ERROR(LockOnce());
    ASSIGN_OR_RETURN(
        WalRecovery recovery,
        RecoverWal(disk_, {.cluster = options_.cluster,
                           .node = options_.node,
                           .segment_bytes = options_.segment_bytes}));
    writer_ = std::move(recovery.writer);
    return std::move(recovery.recovered);
  }

  absl::Status WriteUntilStopped() {
    absl::Status status;
    while (status.ok()) {
      if (writer_->unsealed() && executor_.Now() >= seal_at_) {
        status = writer_->Seal();
      } else if (founding_.has_value()) {
        status = WriteFounding();
      } else if (!waiting_.empty()) {
        status = WriteBatch();
      } else if (stopping_) {
        return absl::OkStatus();
      } else {
        AwaitArrival();
      }
    }
    failed_ = true;
    if (founding_.has_value()) AnswerFounding(status);
    front_->executor().Post(
        [front = front_, status] { front->OnFailure(status); });
    return status;
  }

  absl::Status WriteFounding() {
    RETURN_IF_ERROR(writer_->KeepFounding(*founding_));
    AnswerFounding(absl::OkStatus());
    return absl::OkStatus();
  }

  void AnswerFounding(const absl::Status& status) {
    absl::StatusOr<uint64_t> answer = *std::exchange(founding_, std::nullopt);
    if (!status.ok()) answer = status;
    Give(std::exchange(founding_answer_, nullptr), std::move(answer));
  }

  // What is idle is sealed sooner than what is busy.
  void AwaitArrival() {
    runtime::Instant deadline = runtime::Instant::InfiniteFuture();
    if (writer_->unsealed()) {
      deadline = std::min(seal_at_, executor_.Now() + options_.idle_seal_delay);
    }
    if (arrivals_.WaitWake(deadline) == runtime::Wake::kDeadline) {
      seal_at_ = deadline;
    }
  }

  // All that waits, up to the limit, in one frame.
  absl::Status WriteBatch() {
    BatchReport report;
    absl::btree_map<runtime::GroupId, Sequence> upto;
    do {
      Store store = std::move(waiting_.front());
      waiting_.pop_front();
      upto[store.group] = store.sequence;
      batch_.Add(std::move(store), writer_->tails());
    } while (!waiting_.empty() &&
             batch_.payload_bytes() < options_.batch_payload_bytes_max &&
             !BUGGIFY("wal.short_batch"));
    report.stores = batch_.stores();
    SOMETIMES(report.stores >= kManyStores, "wal.batch_many_stores");
    SOMETIMES(upto.size() > 1, "wal.batch_many_groups");
    if (!writer_->unsealed()) {
      seal_at_ = executor_.Now() + options_.busy_seal_delay;
    }
    const absl::Status written = writer_->Append(batch_);
    if (!written.ok()) return written;
    for (const auto& [group, sequence] : upto) {
      report.progress.push_back({.group = group, .upto = sequence});
    }
    report.bytes_written = writer_->bytes_written();
    front_->executor().Post([front = front_, report = std::move(report)] {
      front->OnBatch(report);
    });
    return absl::OkStatus();
  }

  runtime::Executor& executor_;
  Disk& disk_;
  const DiskPersisterOptions options_;
  const std::shared_ptr<Front> front_;
  std::unique_ptr<WalWriter> writer_;
  std::deque<Store> waiting_;
  WalBatch batch_;
  std::optional<uint64_t> founding_;  // To be kept.
  SharedAnswer<uint64_t> founding_answer_;
  runtime::Instant seal_at_;  // At the latest, if the writer is unsealed.
  bool locked_ = false;
  bool prepared_ = false;
  bool started_ = false;
  bool stopping_ = false;
  bool failed_ = false;
  runtime::WaitQueue arrivals_;
  runtime::FiberGroup fibers_;
};

DiskPersister::DiskPersister(runtime::Executor& caller,
                             runtime::Executor& storage, Disk& disk,
                             DiskPersisterOptions options)
    : storage_(storage),
      front_(std::make_shared<Front>(caller, options.under_way)),
      back_(std::make_shared<Back>(storage, disk, options, front_)) {}

DiskPersister::~DiskPersister() {
  front_->Close();
  // The other side ends where it lives. In a dead process the task is dropped,
  // and with it what it holds.
  storage_.Post([back = std::move(back_)] {});
}

absl::StatusOr<Claim> DiskPersister::Inspect() {
  const auto answer = std::make_shared<Answer<Claim>>(front_->executor());
  storage_.Post([back = back_, answer] { back->Inspect(answer); });
  return answer->Await();
}

absl::StatusOr<runtime::Identity> DiskPersister::Prepare(
    runtime::Identity fresh) {
  const auto answer =
      std::make_shared<Answer<runtime::Identity>>(front_->executor());
  storage_.Post(
      [back = back_, fresh, answer] { back->Prepare(fresh, answer); });
  return answer->Await();
}

absl::StatusOr<Recovered> DiskPersister::Recover() {
  const auto answer = std::make_shared<Answer<Recovered>>(front_->executor());
  storage_.Post([back = back_, answer] { back->Start(answer); });
  return answer->Await();
}

absl::Status DiskPersister::KeepFounding(uint64_t fingerprint) {
  const auto answer = std::make_shared<Answer<uint64_t>>(front_->executor());
  storage_.Post([back = back_, fingerprint, answer] {
    back->KeepFounding(fingerprint, answer);
  });
  return answer->Await().status();
}

void DiskPersister::SetSink(runtime::GroupId group, PersisterSink* sink) {
  Front::SetSink(front_, group, sink);
}

void DiskPersister::Submit(Store store) {
  front_->CountSubmitted(store);
  storage_.Post([back = back_, store = std::move(store)]() mutable {
    back->Take(std::move(store));
  });
}

StoreRoom DiskPersister::room() const { return front_->room(); }

PersisterStats DiskPersister::stats() const { return front_->stats(); }

absl::Status DiskPersister::Stop() {
  const std::shared_ptr<Front> front = front_;
  storage_.Post([back = back_] { back->Stop(); });
  return front->AwaitStopped();
}

}  // namespace persist
