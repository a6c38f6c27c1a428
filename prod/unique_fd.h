// A file descriptor that is closed with its owner.

#ifndef PROD_UNIQUE_FD_H_
#define PROD_UNIQUE_FD_H_

#include <utility>

#include <unistd.h>

namespace prod {

class UniqueFd {
 public:
  UniqueFd() = default;  // None.
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  // The caller closes it from now on.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace prod

#endif  // PROD_UNIQUE_FD_H_
