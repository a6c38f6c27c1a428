// The wires between real servers, which a test can cut: every connection that
// one node dials to another goes through here.
//
// A direction that is blocked holds its bytes back, as a network that loses
// every packet does for TCP: they wait in the kernels' buffers and arrive when
// it heals, unless somebody has given up by then. Who dials while either
// direction is blocked is accepted (the kernel does that) and hears nothing.
// An end or a reset of one side reaches the other, if nothing blocks it.
//
// Nodes are numbers from 1 to kNodesMax. What clients dial is not wired here.
//
// Concurrency: any thread; the bytes move on a thread of its own.

#ifndef TESTS_CLUSTER_CUT_PROXY_H_
#define TESTS_CLUSTER_CUT_PROXY_H_

#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>

#include "prod/unique_fd.h"

namespace cluster {

class CutProxy {
 public:
  static constexpr int kNodesMax = 8;

  struct Counts {
    uint64_t connections = 0;
    uint64_t bytes = 0;      // Forwarded.
    uint64_t swallowed = 0;  // Dialled during a cut.
    uint64_t resets = 0;     // By Reset().
  };

  CutProxy();
  CutProxy(const CutProxy&) = delete;
  CutProxy& operator=(const CutProxy&) = delete;
  ~CutProxy();

  // From now on `from` reaches the port `target` of `to` by dialling `listen`,
  // all on this machine. Requires: `listen` is free.
  void AddRoad(int from, int to, uint16_t listen, uint16_t target);

  // Nothing that `from` sends reaches `to`.
  void Block(int from, int to) { SetBlocked(from, to, true); }
  // Neither way.
  void Cut(int a, int b);
  void Unblock(int from, int to) { SetBlocked(from, to, false); }
  void HealAll();
  // Resets all connections between the two, whoever dialled.
  void Reset(int a, int b);

  Counts counts();

 private:
  struct Road {
    int from;
    int to;
    uint16_t target;
    prod::UniqueFd listener;
  };
  // What one side has sent and the other has not taken yet.
  struct Flow {
    int from;
    int to;
    std::string held;
    bool ended = false;  // `from` will send no more.
    bool end_told = false;
  };
  // sockets[0] is the dialler's. flows[i] comes out of sockets[i].
  struct Connection {
    uint16_t target;
    std::array<prod::UniqueFd, 2> sockets;  // [1]: not dialled during a cut.
    std::array<Flow, 2> flows;
    bool over = false;
  };

  void Run();
  // What poll() shall wait for, and afterwards what came. Two entries for each
  // connection, behind one for each road and one for the bell.
  std::vector<pollfd> WhatToWaitFor();
  void Take(const std::vector<pollfd>& events, size_t roads);
  void Accept(Road& road);
  void Dial(Connection& connection);
  void Read(Connection& connection, size_t side);
  void Write(Connection& connection, size_t side);
  bool IsBlocked(const Flow& flow) const {
    return blocked_[static_cast<size_t>(flow.from)]
                   [static_cast<size_t>(flow.to)];
  }
  void SetBlocked(int from, int to, bool blocked);
  void Ring();

  const prod::UniqueFd bell_;  // Wakes the thread.
  std::mutex mutex_;           // Guards everything below.
  bool stop_ = false;
  std::list<Road> roads_;
  std::list<Connection> connections_;
  bool blocked_[kNodesMax + 1][kNodesMax + 1] = {};
  Counts counts_;
  std::thread thread_;  // Last: it uses the rest.
};

}  // namespace cluster

#endif  // TESTS_CLUSTER_CUT_PROXY_H_
