#include "scenarios/rare_states.h"

#include <algorithm>
#include <iterator>

namespace scenarios {
namespace {

constexpr RareState kRareStates[] = {
    {"client.answered_after_doubt",
     "A write was answered after an attempt of unknown fate."},
    {"client.gave_up_in_doubt",
     "A client went on without knowing what became of its write."},
    {"client.session_expired", "A client was told that its session is gone."},
    {"kv: a command goes on in its next turn",
     "Others had their turns while it took long, and the state was as before."},
    {"kv: a key is removed because it is due",
     "Nobody asked for a key whose deadline had passed, and the leader removed "
     "it."},
    {"kv: a read met a key that is due",
     "A read became an entry, for only entries remove keys."},
    {"kv: a read waits for an entry to be whole",
     "It came while an entry was half way through."},
    {"kv: a session is dropped for another",
     "The session table was full, and the one used least recently went."},
    {"kv: an entry came twice",
     "A retry was answered with what was kept of the first time."},
    {"kv: an entry of a session that is gone",
     "An entry was refused because its session had been dropped."},
    {"kv: an entry whose result is forgotten",
     "A retry came after its client had acknowledged the answer."},
    {"kv: an entry waits for a long read",
     "Nothing was applied until whoever was looking at the state had done."},
    {"kv: the server's own session expired",
     "The session under which a node forwards for Redis clients was dropped."},
    {"kv: too many requests wait for a leader",
     "No place was left for a request that nobody could take."},
    {"kv.resp: a client is dropped for what it holds",
     "All Redis clients of a node held too much, or one took no answer."},
    {"kv.resp: a request that is too large is passed",
     "A request was larger than allowed, and was not kept."},
    {"kv.resp: somebody speaks HTTP",
     "A browser, most likely, spoke to the port of Redis clients."},
    {"net.peer.message-of-another-life",
     "An answer came to a question of the node's life before this one."},
    {"net.peer.redialled-for-a-new-life",
     "A peer dialled in a new life while the connection to its old one stood."},
    {"net.peer.silent-connection-dropped",
     "A connection to a peer was given up because nothing answered."},
    {"net.rpc.reply-without-room",
     "Too many replies waited on a connection for one more."},
    {"net.rpc.silent-connection-dropped",
     "A client gave up a connection because nothing answered."},
    {"raft.append_rejected", "An append did not fit the follower's log."},
    {"raft.append_unanswered", "An append was sent again for want of answer."},
    {"raft.applier_behind",
     "More was committed than one turn of the applier could apply."},
    {"raft.duplicate_append", "A follower had all entries of an append."},
    {"raft.figure8_old_term_not_committed",
     "A majority had an entry of an older term, and that was not enough."},
    {"raft.founding_entry_taken_from_a_peer",
     "A node founded a cluster that its peers had founded with it already."},
    {"raft.founding_refused",
     "A node was to found a cluster again in which it had lost its disk."},
    {"raft.leader_link_lost_campaign",
     "A campaign because the connection to the leader broke."},
    {"raft.match_of_older_session",
     "An append was acknowledged when its leader had begun to ask anew."},
    {"raft.old_leader_truncated", "Entries of an older term were removed."},
    {"raft.prevote_answer_too_late",
     "A pre-vote was answered when its asker had asked anew."},
    {"raft.prevote_refusal_taught_term",
     "A refused pre-vote told of a later term."},
    {"raft.prevote_refused_sticky",
     "A pre-vote was refused for loyalty to a leader."},
    {"raft.proposal_refused_busy",
     "A leader had too much uncommitted to take more."},
    {"raft.read_waits_for_noop",
     "A read waited for the first commit of a new leader."},
    {"raft.reads_lost_lead", "Reads waited when their leader was deposed."},
    {"raft.stale_session", "An answer belonged to an earlier try."},
    {"raft.step_down_disk_stuck",
     "A leader stepped down because its own disk did not move."},
    {"raft.step_down_no_quorum",
     "A leader stepped down because no majority answered."},
    {"raft.storage_full_append_dropped",
     "A follower left an append: its storage had too much to do."},
    {"raft.storage_full_promise_not_asked",
     "A member could not even promise: its storage had far too much to do."},
    {"raft.storage_full_refused",
     "A leader refused proposals: its storage had too much to do."},
    {"raft.timeout_now_too_late",
     "A leader's word to stand for election came too late."},
    {"raft.transfer_given_up", "A leader gave up handing over, and led on."},
    {"raft.transfer_waits_for_target",
     "A leader waited for its successor to catch up."},
    {"raft.vote_ignored_sticky",
     "A request for a vote was ignored for loyalty to a leader."},
    {"raft.vote_split", "An election ended without a winner."},
    {"raft.window_full", "A follower had as much in flight as it may have."},
    {"wal.batch_many_groups", "One frame of the log held several groups."},
    {"wal.batch_many_stores", "One frame of the log held many stores."},
    {"wal.corruption_refused",
     "A node refused to start on what was durable once and is damaged."},
    {"wal.frames_rewritten",
     "Recovery wrote anew what it could not prove durable."},
    {"wal.oversize_segment", "A frame was larger than a whole segment."},
    {"wal.sealed", "The superblock was told of the last frames of a log."},
    {"wal.segment_rolled", "The log went on in a new segment."},
    {"wal.segment_unreadable", "The medium could not read a segment."},
    {"wal.segments_folded",
     "A boot moved what short segments held into its own."},
    {"wal.short_segment_refused",
     "A node refused to start on a log whose last file was cut short."},
    {"wal.stopped_clean", "A life ended in good order, and its log says so."},
    {"wal.store_waited_long", "A store was not durable for a second."},
    {"wal.superblock_slot_bad", "One slot of the superblock was damaged."},
    {"wal.superblock_slot_unreadable",
     "The medium could not read one slot of the superblock."},
    {"wal.torn_tail_dropped", "The last frame was torn and dropped."},
    {"wal.unfinished_segment_removed",
     "A segment was left behind before it had its name."},
    {"wal.unlisted_segment_adopted",
     "A segment was finished when the superblock did not name it yet."},
};

}  // namespace

std::span<const RareState> RareStates() { return kRareStates; }

std::vector<std::string> RareStateNames() {
  std::vector<std::string> names;
  for (const RareState& state : kRareStates) names.emplace_back(state.name);
  return names;
}

bool IsRareState(absl::string_view name) {
  return std::any_of(
      std::begin(kRareStates), std::end(kRareStates),
      [name](const RareState& state) { return state.name == name; });
}

}  // namespace scenarios
