// ModelEnsemble: the members that a SessionCore talks to, for random tests.
//
// As simple as can be: one log, members that lag behind it, sessions, watches.
// Every write succeeds and makes one event of "data changed" for each of its
// paths. What it must never be asked, it checks.

#ifndef QUORATE_COORD_CLIENT_TESTING_MODEL_ENSEMBLE_H_
#define QUORATE_COORD_CLIENT_TESTING_MODEL_ENSEMBLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coord/base/seeded_random.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {

class ModelEnsemble {
 public:
  struct Txn {
    uint64_t zxid = 0;
    int64_t session = 0;  // 0: of somebody else
    int64_t request_id = 0;
    std::string data;
    std::vector<std::string> paths;  // of its events, in order
  };

  ModelEnsemble(size_t members, SeededRandom& random)
      : applied_(members, 0), random_(random) {}

  // How often, in a million, a request is not taken.
  void SetTrouble(uint64_t per_million) { trouble_ = per_million; }
  // Watches are not resumed from before this number of txns ago.
  void SetMemory(size_t txns) { memory_ = txns; }

  // A connection takes the place of the one before.
  void Connect(size_t member);
  void Disconnect();
  void Send(const coord::v1::ClientFrame& frame);
  // One request is carried out; nothing if there is none.
  void Work(int64_t now_ms);
  // Somebody else writes.
  void WriteElsewhere();
  void CatchUp(size_t member, uint64_t zxid);
  // Up to `most` messages for the client.
  coord::v1::ServerFrame Receive(size_t most);
  // Expires the session if nothing was heard of it for too long. True if so.
  bool Expire(int64_t now_ms);

  const std::vector<Txn>& log() const { return log_; }
  size_t members() const { return applied_.size(); }
  bool IsConnected() const { return connected_; }
  bool HasWork() const { return !in_.empty(); }
  bool HasAnswers() const { return !out_.empty(); }

 private:
  struct Session {
    bool is_open = false;
    std::string password;
    int64_t last_request_id = 0;
    int64_t acked_through = 0;
    std::map<int64_t, uint64_t> results;  // zxids
    int64_t heard_ms = 0;
  };
  using Watch = std::pair<std::string, int>;

  void Greet(const coord::v1::Hello& hello, int64_t now_ms);
  void Answer(const coord::v1::Request& request, int64_t now_ms);
  void AnswerWrite(const coord::v1::Write& write, coord::v1::Reply& reply);
  void SetWatch(const coord::v1::AddWatch& watch);
  static bool Matches(const Watch& watch, const std::string& path);
  static bool IsOneShot(const Watch& watch);
  void Tell(const std::string& path, uint64_t zxid);
  void SayGoodbye(const char* kind);

  std::vector<Txn> log_;  // zxids 1, 2, 3, ...
  std::vector<uint64_t> applied_;
  SeededRandom& random_;
  uint64_t trouble_ = 0;
  size_t memory_ = 1'000'000;
  Session session_;
  int64_t sessions_ = 0;
  bool connected_ = false;
  bool greeted_ = false;
  size_t member_ = 0;
  std::set<Watch> watches_;
  std::deque<coord::v1::ClientFrame> in_;
  std::deque<coord::v1::ServerMessage> out_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_TESTING_MODEL_ENSEMBLE_H_
