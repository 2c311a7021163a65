// TestMember: a state machine and the checks in front of it, for tests.

#ifndef QUORATE_COORD_TREE_TEST_MEMBER_H_
#define QUORATE_COORD_TREE_TEST_MEMBER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "coord/tree/outstanding.h"
#include "coord/tree/request.h"
#include "coord/tree/state_machine.h"

namespace quorate::tree {

// Checks each request and applies its txn at once, with growing zxids. Begins
// with the session kSession open.
class TestMember {
 public:
  static constexpr SessionId kSession{100};

  struct Answer {
    absl::Status status;
    std::vector<ErrorCode> op_errors;
    std::vector<std::string> over_soft_quota;
    Applied applied;

    ErrorCode error() const { return ErrorCodeOf(status); }
    const std::string& path() const { return applied.result.path; }
    const Stat& stat() const { return applied.result.stat.value(); }
  };

  TestMember();

  Answer Ask(Request request);
  // By kSession, as nobody in particular. These and those below are numbered as
  // the session's writes.
  Answer Ask(RequestBody body, std::vector<Identity> identities = {});
  Answer AskFor(SessionId session, RequestBody body);

  // With an open ACL.
  Answer Create(std::string path, std::string data = "",
                CreateMode mode = CreateMode::kPersistent);
  Answer Delete(std::string path);
  Answer Set(std::string path, std::string data);

  StateMachine& state() { return state_; }
  Outstanding& outstanding() { return outstanding_; }
  Zxid zxid() const { return zxid_; }
  void set_time_ms(int64_t time_ms) { time_ms_ = time_ms; }

 private:
  int64_t NextRequestId(SessionId session) const;

  StateMachine state_;
  Outstanding outstanding_{state_};
  Zxid zxid_{1, 0};
  int64_t time_ms_ = 1000;
};

// With kTestPassword.
CreateSessionRequest OpenSession(int32_t timeout_ms);
inline constexpr char kTestPassword[] = "sixteen bytes!!!";

// A create request with an open ACL.
CreateRequest MakeCreate(std::string path, std::string data = "",
                         CreateMode mode = CreateMode::kPersistent);

// The whole stream of a snapshot of `state`.
std::string SnapshotOf(StateMachine& state);

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_TEST_MEMBER_H_
