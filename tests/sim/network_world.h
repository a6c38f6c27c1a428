// A world of two or three hosts whose processes speak over streams: the small
// language of the network tests.

#ifndef TESTS_SIM_NETWORK_WORLD_H_
#define TESTS_SIM_NETWORK_WORLD_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "net/network.h"
#include "runtime/bytes.h"
#include "runtime/fiber_group.h"
#include "sim/sim_network.h"
#include "sim/world.h"

namespace sim {

inline constexpr uint16_t kPort = 7000;
inline constexpr HostId kClient = 0;
inline constexpr HostId kServer = 1;
inline constexpr HostId kThird = 2;

inline runtime::Instant In(Process& process, absl::Duration span) {
  return process.network_executor().Now() + span;
}
inline runtime::Instant InAMinute(Process& process) {
  return In(process, absl::Minutes(1));
}
inline void Sleep(Process& process, absl::Duration span) {
  process.network_executor().SleepFor(span).IgnoreError();
}

inline absl::Status Write(Process& process, net::Stream& stream,
                          absl::string_view text,
                          absl::Duration patience = absl::Minutes(1)) {
  return stream.Write(runtime::AsBytes(text), In(process, patience));
}

// What one read gives; "" for the end.
inline absl::StatusOr<std::string> Read(
    Process& process, net::Stream& stream,
    absl::Duration patience = absl::Minutes(1), size_t bytes_max = 4096) {
  std::string buffer(bytes_max, '\0');
  const absl::StatusOr<size_t> count = stream.Read(
      std::as_writable_bytes(std::span(buffer)), In(process, patience));
  if (!count.ok()) return count.status();
  buffer.resize(*count);
  return buffer;
}

// All that can be read, and how that ended: OK at the end of the stream.
struct Everything {
  std::string text;
  size_t reads = 0;
  absl::Status end;
};
inline Everything ReadEverything(Process& process, net::Stream& stream,
                                 absl::Duration patience = absl::Minutes(1)) {
  Everything all;
  while (true) {
    const absl::StatusOr<std::string> some = Read(process, stream, patience);
    if (!some.ok() || some->empty()) {
      all.end = some.status();
      return all;
    }
    ++all.reads;
    all.text += *some;
  }
}

class NetworkWorld : public ::testing::Test {
 protected:
  using Talk = std::function<void(Process&, net::Stream&)>;

  // Three hosts; the third has no process until a test boots one.
  void Begin(const NetworkKnobs& knobs = {}, uint64_t seed = 1) {
    WorldOptions options{.seed = seed, .knobs = {}};
    options.knobs.network = knobs;
    world_.reset();  // One world at a time.
    world_ = std::make_unique<World>(std::move(options));
    for (const char* name : {"client", "server", "third"})
      world_->AddHost(name);
  }

  // The server accepts for ever; each stream gets a fiber that runs `talk`.
  void Serve(Talk talk) {
    world_->Boot(kServer, [talk = std::move(talk)](Process& process) {
      auto listener = process.network().Listen({"server", kPort});
      ASSERT_TRUE(listener.ok()) << listener.status();
      runtime::FiberGroup group(process.network_executor());
      while (true) {
        auto stream = (*listener)->Accept(runtime::Instant::InfiniteFuture());
        ASSERT_TRUE(stream.ok()) << stream.status();
        group.Spawn("talk", [&process, &talk, s = std::move(*stream)] {
          talk(process, *s);
        });
      }
    });
  }

  // The client dials the server and runs `talk`; then it waits for ever.
  void Connect(Talk talk, net::Framing framing = net::Framing::kBytes) {
    world_->Boot(kClient, [talk = std::move(talk), framing](Process& process) {
      auto stream = process.network().Dial({"server", kPort}, framing,
                                           InAMinute(process));
      ASSERT_TRUE(stream.ok()) << stream.status();
      talk(process, **stream);
      Sleep(process, absl::Hours(100));
    });
  }

  // How dialling the server from the client ends, and after how long.
  struct Dialled {
    absl::Status status = absl::UnknownError("not over");
    absl::Duration took;
  };
  void Dial(Dialled& result, absl::Duration patience,
            net::Address address = {"server", kPort}) {
    world_->Boot(kClient, [&result, patience, address](Process& process) {
      const runtime::Instant start = process.network_executor().Now();
      result.status = process.network()
                          .Dial(address, net::Framing::kBytes, start + patience)
                          .status();
      result.took = process.network_executor().Now() - start;
      Sleep(process, absl::Hours(100));
    });
  }

  uint64_t Count(absl::string_view fault) const {
    for (const auto& [kind, count] : world_->fault_counts().by_kind) {
      if (kind == fault) return count;
    }
    return 0;
  }

  SimNetwork& network() { return world_->network(); }

  std::unique_ptr<World> world_;
};

}  // namespace sim

#endif  // TESTS_SIM_NETWORK_WORLD_H_
