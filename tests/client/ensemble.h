// Ensemble: real members, each a process of its own, for one test.
//
// Ports are free ones of the loopback device, data stands in the test's own
// folder, and no process outlives the test.

#ifndef QUORATE_TESTS_CLIENT_ENSEMBLE_H_
#define QUORATE_TESTS_CLIENT_ENSEMBLE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "coord/client/session.h"

namespace quorate {

class Ensemble {
 public:
  // Starts `members` members, which found an ensemble. Stops the test if one
  // cannot be started.
  explicit Ensemble(size_t members);
  // Kills them.
  ~Ensemble();
  Ensemble(const Ensemble&) = delete;
  Ensemble& operator=(const Ensemble&) = delete;

  size_t size() const { return processes_.size(); }
  const std::vector<std::string>& endpoints() const { return endpoints_; }

  // As a power failure of the process; by index, from 0.
  void Kill(size_t member);
  // Starts one that was killed, on the data that it had.
  void Start(size_t member);
  // It stands still, with all its connections.
  void Pause(size_t member);
  void Resume(size_t member);

  // Options for a session with all members; short times.
  client::SessionOptions Options() const;
  // With some of them.
  client::SessionOptions OptionsOf(const std::vector<size_t>& members) const;
  // Opens a session, or stops the test.
  std::unique_ptr<client::Session> Open() const;
  std::unique_ptr<client::Session> Open(client::SessionOptions options) const;

 private:
  std::string Folder(size_t member) const;

  std::string folder_;
  std::vector<std::string> endpoints_;
  std::vector<pid_t> processes_;  // -1: not running
};

}  // namespace quorate

#endif  // QUORATE_TESTS_CLIENT_ENSEMBLE_H_
