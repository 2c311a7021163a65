// CoorddProcess: a coordd that a test runs, with a directory and free ports of
// its own; killed at the latest when this goes.

#ifndef QUORATE_COORD_SERVER_COORDD_PROCESS_H_
#define QUORATE_COORD_SERVER_COORDD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace quorate::server {

// A TCP port of 127.0.0.1 that nobody has at this moment; another one at each
// call. Not thread-safe.
int FreePort();

// A fresh directory below the test's own, empty.
std::string FreshDirectory();

class CoorddProcess {
 public:
  // `program` is where coordd is, `flags` what it is given.
  CoorddProcess(std::string program, std::vector<std::string> flags);
  ~CoorddProcess();
  CoorddProcess(const CoorddProcess&) = delete;
  CoorddProcess& operator=(const CoorddProcess&) = delete;

  // Sends a signal.
  void Kill(int signal);
  // Waits until it has ended: its exit code, or -N if signal N has ended it.
  // -1000: it did not end within half a minute, and was killed.
  int Wait();
  // Waits until its stderr has `text`. False: it ended before, or half a minute
  // went by.
  bool WaitFor(const std::string& text);

  std::string Stdout() const;
  std::string Stderr() const;
  // The last line on stderr.
  std::string LastLine() const;

 private:
  // True if it has ended; notes how.
  bool HasEnded();

  std::string stdout_path_;
  std::string stderr_path_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int code_ = 0;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_COORDD_PROCESS_H_
