// A connection as cpp-httplib reads and writes it, with an end: so many bytes
// in, so much time for all of it.
//
// One thread. Only prod/http_server.cc includes this.

#ifndef PROD_HTTP_STREAM_H_
#define PROD_HTTP_STREAM_H_

#include <array>
#include <cstddef>
#include <string>

#include <sys/types.h>

#include "absl/time/time.h"

#include "httplib.h"
#include "prod/real_clock.h"
#include "runtime/instant.h"

namespace prod {

class HttpStream final : public httplib::Stream {
 public:
  // `fd` is non-blocking and stays open. Reading ends, as if the peer had
  // failed, after `bytes_max`; everything ends when `time` is over.
  HttpStream(int fd, size_t bytes_max, absl::Duration time)
      : fd_(fd), bytes_left_(bytes_max), deadline_(clock_.Now() + time) {}

  // Tells the peer that there is no more to come, and takes for a moment what
  // it still sends: a close with unread bytes would take the answer with it.
  void FinishGently();

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* out, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return fd_; }

 private:
  // False when the time is over or the connection is broken.
  bool Wait(short events, runtime::Instant until) const;
  // What is there, into `out`. Zero at the end, -1 on failure.
  ssize_t Receive(char* out, size_t size, runtime::Instant until) const;

  const int fd_;
  size_t bytes_left_;
  RealClock clock_;
  const runtime::Instant deadline_;
  // cpp-httplib reads byte by byte.
  std::array<char, 1024> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace prod

#endif  // PROD_HTTP_STREAM_H_
