// HistoryBuilder: small histories for the tests of the checks.
//
// It opens sessions and connections, lets clients ask and hear, and commits
// txns, in the order of the calls. What it makes is good as long as the test
// makes it good.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_HISTORY_BUILDER_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_HISTORY_BUILDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"
#include "coord/tree/stat.h"
#include "coord/tree/txn.h"
#include "coord/tree/txn_result.h"
#include "tests/simulation/ensemble/history.h"
#include "tests/simulation/ensemble/violation.h"

namespace quorate::simulation {

class HistoryBuilder {
 public:
  // Every step takes 10 ms.
  static constexpr Micros kStep = 10 * kMillisecond;
  static constexpr int32_t kTimeoutMs = 1'000;

  // The next zxid: 1:1, 1:2 and so on.
  static consensus::Zxid Z(uint32_t counter) { return {1, counter}; }

  History& history() { return history_; }
  void Wait(Micros time) { now_ += time; }
  Micros now() const { return now_; }

  // --- The log --------------------------------------------------------------
  consensus::Zxid Commit(tree::Txn txn);
  // Opens the session that `record` asked for; its id is the zxid.
  consensus::Zxid CommitSession(int record);
  consensus::Zxid CommitClose(int record, int64_t request_id);
  consensus::Zxid CommitCreate(int record, int64_t request_id,
                               const std::string& path, const std::string& data,
                               bool ephemeral = false);
  consensus::Zxid CommitSet(int record, int64_t request_id,
                            const std::string& path, const std::string& data,
                            int32_t version);
  consensus::Zxid CommitError(int record, int64_t request_id,
                              tree::ErrorCode code);

  // --- Clients --------------------------------------------------------------
  // ----------------------------------------------------------------- Returns
  // the record of a session whose opening is in the log, and a connection of
  // `client` that has been welcomed with it.
  struct Opened {
    int session = -1;
    int connection = -1;
  };
  Opened Open(int client);
  int Connect(int client, int session, bool resumes);
  void Welcome(int connection, consensus::Zxid zxid, int64_t last_request_id);
  // Returns the op.
  int Ask(int connection, replica::ReadRequest read);
  int AskWrite(int connection, int64_t request_id, tree::RequestBody body);
  int AskOther(int connection, decltype(replica::ClientRequest::body) body);
  void AskAgain(int op, int connection);
  // Answers the oldest question of the connection that is not answered.
  void Answer(int connection, consensus::Zxid zxid, replica::Result result,
              absl::Status status = absl::OkStatus(), bool not_taken = false);
  void AnswerCreated(int connection, consensus::Zxid zxid,
                     const std::string& path, int32_t data_length,
                     int64_t owner = 0);
  // Answers the question number `index` of the connection, out of order.
  void AnswerNumber(int connection, size_t index, consensus::Zxid zxid);
  void Event(int connection, tree::EventType type, const std::string& path,
             consensus::Zxid zxid);
  void Gap(int connection, const std::string& path, tree::WatchKind kind,
           consensus::Zxid zxid);
  void Goodbye(int connection, absl::Status status);

  tree::SessionId SessionOf(int record) const {
    return history_.sessions[static_cast<size_t>(record)].id;
  }

  static tree::CreateRequest Create(
      const std::string& path, const std::string& data,
      tree::CreateMode mode = tree::CreateMode::kPersistent);

 private:
  int Record(OpRecord op, int connection);
  void Hear(int connection, size_t question, replica::Reply reply);

  History history_;
  Micros now_ = kSecond;
  uint32_t counter_ = 0;
};

// The names of the checks that objected, without repetition, in order.
std::vector<std::string> NamesOf(const EnsembleViolations& violations);

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_CHECKS_HISTORY_BUILDER_H_
