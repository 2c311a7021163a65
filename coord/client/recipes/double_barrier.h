// DoubleBarrier: so many begin together, and end together.
//
// Each enters, and goes on when all have entered; each leaves, and goes on when
// all have left. Who dies counts as having left. Who has left may enter
// again. ZooKeeper's recipe: one ephemeral each; the lowest waits
// for the highest to go, the others for the lowest, so that no crowd is woken
// at each step.
//
// Not thread-safe. The session must outlive it.

#ifndef QUORATE_COORD_CLIENT_RECIPES_DOUBLE_BARRIER_H_
#define QUORATE_COORD_CLIENT_RECIPES_DOUBLE_BARRIER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::client {

class DoubleBarrier {
 public:
  // `directory` is for this barrier alone; `name` differs for each who enters,
  // and is not "ready"; all name the same `count`, above 0.
  DoubleBarrier(Session& session, std::string directory, std::string name,
                size_t count);

  // Blocks until all have entered. After DeadlineExceeded it has not entered.
  // AlreadyExists: somebody has entered under this name.
  absl::Status Enter(int64_t timeout_ms);
  // Blocks until all have left. After an error it has left all the same, as
  // soon as the ensemble can be reached or its session has expired.
  absl::Status Leave(int64_t timeout_ms);

 private:
  std::string Path(absl::string_view name) const;
  // Those who are in, sorted.
  absl::StatusOr<std::vector<std::string>> Names();
  absl::Status Delete(const std::string& name);
  // One who is in; no name: nobody.
  struct Entered {
    std::string name;
    Zxid czxid = 0;
  };
  // The first of `names` who entered before `zxid`.
  absl::StatusOr<Entered> FirstBefore(const std::vector<std::string>& names,
                                      Zxid zxid);
  absl::Status WaitUntilGone(const Entered& other, absl::Time deadline);
  absl::Status WaitUntilAllLeft(absl::Time deadline);

  Session& session_;
  const std::string directory_;
  const std::string name_;
  const size_t count_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_DOUBLE_BARRIER_H_
