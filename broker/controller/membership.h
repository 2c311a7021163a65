// Membership: one broker's place in the cluster: its session, its registration,
// its candidacy and, if it is elected, its reign.
//
// When a session has expired, it opens another one, with the pin that the last
// one had (rule 22), and registers again. A thread of its own does all of it,
// and waits for the ensemble where it has to.
//
// Thread-safe.

#ifndef QUORATE_BROKER_CONTROLLER_MEMBERSHIP_H_
#define QUORATE_BROKER_CONTROLLER_MEMBERSHIP_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/controller/broker_link.h"
#include "broker/controller/leadership.h"
#include "broker/controller/mailbox.h"
#include "broker/controller/planner.h"
#include "broker/controller/reign.h"
#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "coord/client/session.h"
#include "coord/rpc/timer.h"
#include "coord/server/logger.h"

namespace quorate::broker {

struct MembershipOptions {
  BrokerId id = kNoBroker;
  Registration registration = {};
  std::vector<std::string> endpoints = {};
  int32_t session_timeout_ms = 10'000;
  // The ensemble that this broker belongs to, and how far it has seen it.
  client::Pin pin = {};
  // --unsafe-no-ensemble-pin: no pin, and missing znodes are made.
  bool is_unsafe = false;
};

// What it needs of others; all must outlive it. The functions are called on its
// thread, and must not block for long.
struct MembershipOutside {
  OpenBrokerLink open_link;
  rpc::Timer* timer = nullptr;
  server::Logger* logger = nullptr;
  std::vector<LeadershipListener*> listeners = {};
  // Registered, by this broker epoch; again after each session.
  std::function<void(uint64_t)> on_registered;
  // The pin is higher now; from time to time, and at the end of a session.
  std::function<void(const client::Pin&)> on_pin;
  // It cannot be a broker of this ensemble: what was expected, found, and what
  // to do. Once; nothing comes after it.
  std::function<void(const absl::Status&)> on_fatal;
  // The address of the controller of the newest image; empty: none is known, or
  // it would be this broker. On any thread.
  std::function<std::string()> controller_address;
};

class Membership {
 public:
  Membership(MembershipOptions options, MembershipOutside outside);
  // As Stop().
  ~Membership();
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  void Start();
  // Leaves: what it holds in the ensemble goes at once if a member can be
  // reached. May be called again; not in a callback.
  void Stop();

  bool is_registered() const { return is_registered_.load(); }
  bool is_controller() const { return is_controller_.load(); }
  // As controller: partitions with less than all replicas in sync.
  uint64_t under_replicated() const { return under_replicated_.load(); }
  uint64_t elections_won() const { return elections_won_.load(); }

  // Requests to the controller. NotController, with its address if that is
  // known, unless this broker is; Overloaded; Stopping; and as Reign says.
  // Answered on the thread, or before the call returns.
  void AlterIsr(IsrRequest request, Done<PartitionState> done);
  void CreateTopic(NewTopic topic, Done<TopicState> done);
  void DeleteTopic(std::string name, Done<bool> done);
  void ElectPreferred(Done<int32_t> done);
  void Resign(BrokerId broker, uint64_t broker_epoch, Done<int32_t> done);

  // A producer id above 0 that nobody was given. Any broker gives them.
  // NotReady: not connected.
  void NextProducerId(Done<uint64_t> done);

 private:
  template <typename T>
  void Ask(Done<T> done, std::function<void(Reign&, const Done<T>&)> ask);

  void Run();
  // nullptr: it is stopping, or fatal.
  std::unique_ptr<client::Session> OpenSession();
  // Until the session is over.
  void Live(client::Session& session);
  absl::Status Begin(client::Session& session);
  absl::Status RegisterNow(client::Session& session);
  // What has come since, and what is due.
  void Step(client::Session& session);
  void StandForElection(client::Session& session);
  void BeginReign(client::Session& session, const Leadership& leadership);
  void EndReign(client::Session& session);
  absl::StatusOr<uint64_t> TakeProducerId();
  // The next block.
  absl::Status TakeProducerIds();
  void SavePin(const client::Session& session);
  void Fatal(const absl::Status& why);
  void RunTasks(int64_t wait_ms);
  absl::Status NotController() const;

  const MembershipOptions options_;
  const MembershipOutside outside_;
  Mailbox mailbox_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> is_registered_ = false;
  std::atomic<bool> is_controller_ = false;
  std::atomic<uint64_t> under_replicated_ = 0;
  std::atomic<uint64_t> elections_won_ = 0;

  // The thread's.
  client::Pin pin_;
  client::Session* session_ = nullptr;
  uint64_t broker_epoch_ = 0;  // of the last registration; 0: none yet
  bool is_registration_in_doubt_ = false;
  bool is_office_in_doubt_ = false;
  int64_t stand_at_ms_ = 0;
  int64_t save_pin_at_ms_ = 0;
  uint64_t brokers_watch_ = 0;
  std::unique_ptr<Reign> reign_;
  uint64_t next_producer_id_ = 0;
  uint64_t end_of_producer_ids_ = 0;  // of the block that was taken
  bool is_fatal_ = false;

  std::thread thread_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_CONTROLLER_MEMBERSHIP_H_
