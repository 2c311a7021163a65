// Counter: a number that many add to, each time exactly once.
//
// Kept as decimal text in the data of a znode. Thread-safe. The session must
// outlive it.

#ifndef QUORATE_COORD_CLIENT_RECIPES_COUNTER_H_
#define QUORATE_COORD_CLIENT_RECIPES_COUNTER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "coord/client/session.h"

namespace quorate::client {

class Counter {
 public:
  // The znode is made, at 0, if it is not there.
  Counter(Session& session, std::string path)
      : session_(session), path_(std::move(path)) {}

  // 0 if it is not there. DataLoss: its data is no number.
  absl::StatusOr<int64_t> Get();
  // Adds and returns the sum. OutOfRange: the sum would not fit into 64 bits;
  // nothing is added. Aborted: it was changed by others all the time, nothing
  // is added. DeadlineExceeded: it may be added still.
  absl::StatusOr<int64_t> Add(int64_t delta);
  // Sets it if it is `expected`. False: it is not.
  absl::StatusOr<bool> CompareAndSet(int64_t expected, int64_t desired);

 private:
  struct Value {
    int64_t number = 0;
    int32_t version = 0;
  };
  // With the znode made if it is not there.
  absl::StatusOr<Value> Load();
  absl::StatusOr<bool> Store(int64_t number, int32_t version);

  Session& session_;
  const std::string path_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_RECIPES_COUNTER_H_
