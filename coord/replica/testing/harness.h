// Harness: an ensemble of replicas for tests, without threads, files or clocks.
//
// Messages are delivered by hand, in the order of sending, unless a test drops
// or holds them; disks answer at once unless they are held. Time goes on only
// by Advance(). The same test gives the same run.
//
//   Harness harness(3);
//   MemberId leader = harness.Elect();
//   ConnectionId client = harness.Open(leader);
//   harness.Write(client, 1, tree::CreateRequest{...});
//   harness.Settle();
//   Reply reply = harness.LastReply(client);

#ifndef QUORATE_COORD_REPLICA_TESTING_HARNESS_H_
#define QUORATE_COORD_REPLICA_TESTING_HARNESS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/base/ids.h"
#include "coord/consensus/message.h"
#include "coord/replica/client_message.h"
#include "coord/replica/options.h"
#include "coord/replica/output.h"
#include "coord/replica/peer_message.h"
#include "coord/replica/replica.h"
#include "coord/replica/testing/disk.h"
#include "coord/tree/request.h"
#include "coord/tree/session_id.h"

namespace quorate::replica {

inline constexpr int64_t kTickMs = 50;

class Harness {
 public:
  // Members 1 to `members` found an ensemble. `options`: all but the core's
  // address and manifest, which are filled in.
  explicit Harness(int members, Options options = {});

  // --- Members --------------------------------------------------------------
  Replica& member(int id) { return *nodes_.at(id).replica; }
  MemoryDisk& disk(int id) { return nodes_.at(id).disk; }
  bool IsUp(int id) const { return nodes_.at(id).replica != nullptr; }
  // Waits until somebody leads and serves; returns who.
  int Elect();
  // Who leads now and serves; 0: nobody.
  int Leader();
  // Some member that does not lead. REQUIRES: somebody leads.
  int Follower();
  // The process dies; with it its connections.
  void Crash(int id);
  void Restart(int id);
  // Starts a member that believes this list (unsafe static membership), with
  // the disk that it had, if any. REQUIRES: it is not up.
  void StartStatic(int id, const std::set<int>& list);
  // Starts a member with an empty disk that asks member 1 for admission.
  void Join(int id);

  // --- Time and messages ----------------------------------------------------
  // Delivers all messages and does all jobs until nothing is left.
  void Settle();
  // In steps of kTickMs, settling after each.
  void Advance(int64_t ms);
  // Nothing passes between it and the others, until Heal().
  void Isolate(int id) { isolated_.insert(id); }
  void Heal() { isolated_.clear(); }
  // If set: a message for which it is true is dropped.
  std::function<bool(const consensus::Envelope&)> drop;
  std::function<bool(const PeerEnvelope&)> drop_peer;
  // If set: such messages wait until Release(), which delivers them in order,
  // or in the opposite one.
  std::function<bool(const PeerEnvelope&)> hold_peer;
  void Release(bool reversed = false);
  size_t num_held() const { return held_.size(); }
  // Every peer message is delivered twice.
  bool duplicate_peers = false;

  // --- Disks ----------------------------------------------------------------
  // Its jobs wait until it is let go.
  void HoldDisk(int id) { nodes_.at(id).disk_held = true; }
  void LetDiskGo(int id);
  // Snapshot jobs alone wait.
  void HoldSnapshots(int id) { nodes_.at(id).snapshots_held = true; }
  void LetSnapshotsGo(int id);
  // Publishing a snapshot fails from now on.
  void FailSnapshots(int id, bool fail) { nodes_.at(id).snapshots_fail = fail; }
  // The jobs that wait.
  const std::deque<Job>& jobs(int id) const { return nodes_.at(id).jobs; }

  // --- Clients --------------------------------------------------------------
  // A connection that says Hello and nothing else.
  ConnectionId Connect(int id, Hello hello);
  // Opens a session; CHECKs that it is welcome. Its password is PasswordOf().
  ConnectionId Open(int id, int32_t timeout_ms = 10'000);
  // Resumes the session of `before` by a new connection, without waiting.
  ConnectionId Resume(int id, ConnectionId before);
  std::string PasswordOf(ConnectionId connection) const;
  tree::SessionId SessionOf(ConnectionId connection) const;

  // Each returns the tag, which is unique.
  int64_t Submit(ConnectionId connection, decltype(ClientRequest::body) body);
  int64_t Write(ConnectionId connection, int64_t request_id,
                tree::RequestBody body, int64_t acked_through = 0);
  int64_t Read(ConnectionId connection, Query query, bool local = false);
  // A call; its messages are found by the id.
  ConnectionId Call(int id, decltype(ClientRequest::body) body,
                    std::vector<tree::Identity> identities = {});
  void Disconnect(ConnectionId connection);

  // What the connection was told, in order.
  const std::vector<ServerMessage>& Messages(ConnectionId connection) const;
  std::optional<Welcome> WelcomeOf(ConnectionId connection) const;
  std::vector<Reply> Replies(ConnectionId connection) const;
  // CHECKs that there is one.
  Reply ReplyTo(ConnectionId connection, int64_t tag) const;
  bool HasReply(ConnectionId connection, int64_t tag) const;
  Reply LastReply(ConnectionId connection) const;
  std::vector<WatchEvent> Events(ConnectionId connection) const;
  std::optional<absl::Status> GoodbyeOf(ConnectionId connection) const;

  // Wall clock of all members.
  int64_t wall_ms = 1'000'000;

 private:
  struct Node {
    explicit Node(MemberKey key) : disk(key) {}
    Options options;
    MemoryDisk disk;
    std::unique_ptr<Replica> replica;  // nullptr: it is down
    bool disk_held = false;
    bool snapshots_held = false;
    bool snapshots_fail = false;
    std::deque<Job> jobs;
  };
  struct Client {
    int member = 0;
    std::string password;
    std::vector<ServerMessage> messages;
  };
  using Wire = std::variant<consensus::Envelope, PeerEnvelope>;

  void Start(int id);
  // Takes outputs and does what they ask for; false: nothing was to be done.
  bool Work(int id);
  bool DoJobs(int id);
  void DoJob(int id, Job& job);
  void Send(consensus::Envelope envelope, int from);
  void Send(PeerEnvelope envelope);
  void DeliverOne();
  bool MayPass(int from, int to) const;
  static std::string AddressOf(int id);
  // 0: no such address.
  int MemberAt(const std::string& address) const;

  const Options options_;
  const int founders_;
  uint64_t next_seed_ = 1;
  uint64_t next_connection_ = 1;
  int64_t next_tag_ = 1;
  std::map<int, Node> nodes_;
  std::set<int> isolated_;
  std::deque<Wire> wires_;
  std::deque<PeerEnvelope> held_;
  std::map<ConnectionId, Client> clients_;
};

// "/path" with data.
tree::CreateRequest CreateOf(
    std::string path, std::string data = "",
    tree::CreateMode mode = tree::CreateMode::kPersistent);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_TESTING_HARNESS_H_
