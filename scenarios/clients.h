// The simulated clients: processes on hosts of their own ("c1", "c2"...) that
// work on the store and write down what they asked and what they were told.
//
// With a pipeline of several a client keeps as many operations under way at the
// same time, over one session. Each of these lanes counts as a client of its
// own in the history: nothing orders one behind the other.
//
// Every value that is set is unique, so that the history tells who wrote what.
// Sets and compare-and-sets go to the keys "k0".."kN", increments to
// "i0".."iN".

#ifndef SCENARIOS_CLIENTS_H_
#define SCENARIOS_CLIENTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "net/address.h"
#include "runtime/random.h"
#include "scenarios/cluster.h"
#include "scenarios/history.h"
#include "scenarios/kv_session.h"
#include "scenarios/scenario.h"
#include "sim/world.h"

namespace scenarios {

class Clients {
 public:
  // Adds the hosts. All must outlive this.
  Clients(sim::World& world, const Cluster& cluster, const Workload& workload,
          History& history);
  ~Clients();

  // Boots the clients: they work until Stop().
  void Start();
  // No new operations; those under way go on to their end.
  void Stop() { stopped_ = true; }
  // How many clients are still busy with their last operation.
  size_t working() const;

  // The keys that they use, in order, and those that were added.
  std::vector<std::string> Keys() const;
  // Of others who write: to be read in the end, too.
  void AddKeys(std::vector<std::string> keys) { others_ = std::move(keys); }

  uint64_t answered() const { return answered_; }
  uint64_t refused() const { return refused_; }
  uint64_t unknown() const { return unknown_; }

 private:
  struct Client {
    sim::HostId host = 0;
    uint32_t number = 0;                 // From 1.
    uint64_t values = 0;                 // Unique ones handed out.
    std::vector<std::string> last_seen;  // By key number: "k0"...
  };

  void Run(Client& client, sim::Process& process);
  // One operation after the other, until Stop().
  void RunLane(Client& client, uint32_t lane, sim::Process& process,
               KvSession& session);
  Question Ask(Client& client, runtime::Random& dice);
  void Remember(Client& client, const Question& question, const Answer& answer);
  std::string UniqueValue(Client& client);

  sim::World& world_;
  const Workload workload_;
  History& history_;
  std::vector<net::Address> servers_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::string> others_;
  bool stopped_ = false;
  uint64_t answered_ = 0;
  uint64_t refused_ = 0;
  uint64_t unknown_ = 0;
};

// Carries out one operation and writes it into the history. Suspends.
KvSession::Outcome ExecuteRecorded(sim::World& world, KvSession& session,
                                   History& history, Question question,
                                   runtime::Instant deadline);

}  // namespace scenarios

#endif  // SCENARIOS_CLIENTS_H_
