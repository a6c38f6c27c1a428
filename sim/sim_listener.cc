#include "sim/sim_listener.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "runtime/check.h"
#include "runtime/probe.h"
#include "runtime/status_macros.h"
#include "sim/sim_stream.h"

namespace sim {

absl::StatusOr<uint16_t> PortTable::Bind(uint16_t port, SimListener& listener) {
  if (port == 0) {
    constexpr size_t kEphemeralPorts = kEphemeralLast - kEphemeralFirst + 1;
    for (size_t i = 0; i < kEphemeralPorts && port == 0; ++i) {
      const uint16_t next = NextEphemeral();
      if (!listeners_.contains(next)) port = next;
    }
    if (port == 0) return absl::UnavailableError("no port is free");
  }
  if (!listeners_.emplace(port, &listener).second) {
    return absl::FailedPreconditionError(
        absl::StrCat("port ", port, " is in use"));
  }
  return port;
}

SimListener* PortTable::Find(uint16_t port) const {
  const auto found = listeners_.find(port);
  return found == listeners_.end() ? nullptr : found->second;
}

uint16_t PortTable::NextEphemeral() {
  const uint16_t port = next_ephemeral_;
  next_ephemeral_ = port == kEphemeralLast ? kEphemeralFirst
                                           : static_cast<uint16_t>(port + 1);
  return port;
}

SimListener::SimListener(PortTable& ports, std::shared_ptr<Life> life,
                         runtime::Executor& executor)
    : ports_(ports),
      life_(std::move(life)),
      executor_(executor),
      acceptors_(executor) {}

SimListener::~SimListener() { Close(); }

absl::Status SimListener::Bind(const net::Address& address) {
  CHECK(!bound_);
  ASSIGN_OR_RETURN(const uint16_t port, ports_.Bind(address.port, *this));
  address_ = {.host = address.host, .port = port};
  bound_ = true;
  return absl::OkStatus();
}

bool SimListener::Offer(Connection& connection) {
  if (backlog_.size() >= kBacklogMax) return false;
  connection.Accept(life_, executor_);
  backlog_.push_back(
      std::static_pointer_cast<Connection>(connection.shared_from_this()));
  acceptors_.NotifyOne();
  return true;
}

absl::StatusOr<std::unique_ptr<net::Stream>> SimListener::Accept(
    runtime::Instant deadline) {
  while (true) {
    if (!life_->alive || !bound_) return absl::CancelledError("not listening");
    if (!backlog_.empty()) break;
    RETURN_IF_ERROR(acceptors_.Wait(deadline));
  }
  if (BUGGIFY("net.accept_unavailable")) {
    return absl::UnavailableError("out of sockets");
  }
  auto stream =
      std::make_unique<SimStream>(std::move(backlog_.front()), Side::kAcceptor);
  backlog_.pop_front();
  return stream;
}

void SimListener::Close() {
  if (!life_->alive || !bound_) return;
  bound_ = false;
  ports_.Unbind(address_.port);
  for (const std::shared_ptr<Connection>& connection : backlog_) {
    connection->Reset(Side::kAcceptor);
  }
  backlog_.clear();
  acceptors_.NotifyAll();
}

}  // namespace sim
