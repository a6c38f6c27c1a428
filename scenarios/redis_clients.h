// The simulated Redis clients: processes on hosts of their own ("r1", "r2"...)
// that speak the Redis protocol to any node, of three kinds: those of the bank
// (bank_client.h), those of the leases (lease_client.h), those that watch
// (watch_client.h) and those that ask for much at once (bulk_client.h). Every
// second one of a kind speaks to the doors that redirect and follows MOVED.
//
// In the end, when the clients have stopped, an auditor ("r0") asks each node
// that must be there for the state of the bank, and each node's store is looked
// into:
//
//   liveness-redis   a node answers no Redis client, or no whole pipeline, or
//                    sends those that follow to nobody who does; or a client
//                    was told nothing in the time that the scenario demands
//   bank-total       the accounts of a store do not add up
//   due-key-stays    a store holds a key long after its deadline
//   redis-bulk       a store holds half of a transaction, or what a browser
//                    wanted

#ifndef SCENARIOS_REDIS_CLIENTS_H_
#define SCENARIOS_REDIS_CLIENTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kv/store.h"
#include "net/address.h"
#include "scenarios/checks/bank_books.h"
#include "scenarios/checks/lease_books.h"
#include "scenarios/checks/watch_books.h"
#include "scenarios/cluster.h"
#include "scenarios/lease_client.h"
#include "scenarios/redis_outcomes.h"
#include "scenarios/run_result.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace scenarios {

class RedisClients {
 public:
  // Adds the hosts, if the scenario has Redis clients, and has the nodes listen
  // for them. All must outlive this.
  RedisClients(sim::World& world, Cluster& cluster, const Scenario& scenario);
  ~RedisClients();

  // Boots the clients, and plans the end for these nodes (all, if empty).
  // `excused`: whether nothing is demanded of them after all.
  void Start(std::vector<uint32_t> nodes, std::function<bool()> excused);

  void Count(Counts* counts) const;

 private:
  enum class Kind : uint8_t { kBank, kLeases, kWatches, kBulk };
  struct Client {
    sim::HostId host = 0;
    Kind kind = Kind::kBank;
    uint32_t number = 0;  // Of its kind, from 1.
    // What it was told.
    std::unique_ptr<RedisOutcomes> outcomes;
    uint64_t answered_before = 0;  // The quiet.
  };

  bool any() const { return scenario_.workload.speaks_redis(); }
  void Add(uint32_t clients, Kind kind);
  void Run(const Client& client, sim::Process& process);
  void Work(const Client& client, sim::Process& process, RespSession& session);
  // Calls `work` again and again until the clients are to stop.
  void Repeat(sim::Process& process, absl::Duration interval,
              const std::function<void()>& work);
  void BeginQuiet();
  void DemandAnswers();
  void StartAuditor();
  void RunAuditor(sim::Process& process);
  // Suspends until `node`, or whom it sends a follower to, has answered.
  bool AuditAt(sim::Process& process, uint32_t node, bool follows);
  void DemandAudits();
  void LookIntoStores();
  void LookInto(uint32_t node, const kv::Store& store, int64_t leader_ms);
  void LookForBulk(uint32_t node, const kv::Store& store);

  sim::World& world_;
  Cluster& cluster_;
  const Scenario& scenario_;
  RedisOutcomes auditors_;
  BankBooks bank_;
  LeaseKeys lease_keys_;
  LeaseBooks leases_;
  WatchBooks watches_;
  std::vector<net::Address> servers_;
  std::vector<net::Address> redirecting_;
  std::vector<Client> clients_;
  sim::HostId auditor_ = 0;
  std::vector<uint32_t> nodes_;
  size_t audited_ = 0;  // Of nodes_, one after the other.
  std::function<bool()> excused_;
  bool stopped_ = false;
};

}  // namespace scenarios

#endif  // SCENARIOS_REDIS_CLIENTS_H_
