// Member: all parts of one running member, put together.
//
//   HTTP -> Monitor --.
//   gRPC -> rpc::Server <-> ReplicaThread <-> Disk (log, snapshot threads)

#ifndef QUORATE_COORD_SERVER_MEMBER_H_
#define QUORATE_COORD_SERVER_MEMBER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/consensus/core.h"
#include "coord/replica/replica.h"
#include "coord/rpc/server.h"
#include "coord/server/disk/disk.h"
#include "coord/server/event_log.h"
#include "coord/server/exit_code.h"
#include "coord/server/http_server.h"
#include "coord/server/logger.h"
#include "coord/server/monitor.h"
#include "coord/server/replica_thread.h"
#include "coord/server/settings.h"
#include "coord/server/stop_advice.h"
#include "coord/server/timings.h"
#include "coord/storage/file_system.h"
#include "coord/storage/member_storage.h"

namespace quorate::server {

class Member {
 public:
  // `logger` must outlive this.
  Member(const Settings& settings, Logger& logger);
  // Stops what runs, without handing over.
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  struct Failure {
    ExitCode code = ExitCode::kOk;  // kOk: it runs
    std::string why;                // one line for a person
  };

  // Opens the directory, loads the state, listens and runs. `on_stop` is
  // called on a thread of the member's when it has stopped for good, or can
  // never be taken by the ensemble that it asks; perhaps again. Call once.
  Failure Start(std::function<void(const absl::Status&)> on_stop);

  // Orderly: hands leadership over, ends the streams, makes durable what was
  // accepted, settles the log. Takes about a second at most, unless the disk
  // stands still. After Start(), once.
  void Shutdown();

 private:
  absl::Status StartHttp();
  absl::StatusOr<std::unique_ptr<replica::Replica>> LoadReplica();
  void WarnOfStaticMembership(const consensus::Core& core);
  void WarnOfAddress(const consensus::Core& core);
  // `why` with the command that helps, if one does.
  absl::Status WithAdvice(const absl::Status& why) const;
  absl::Status StartServer();
  void StartThreads(std::function<void(const absl::Status&)> on_stop);
  void HandOver();
  void Stop();

  const Settings settings_;
  Logger& logger_;
  const std::unique_ptr<storage::FileSystem> files_;
  Timings timings_;
  EventLog events_;
  Monitor monitor_;
  AdviceFacts advice_facts_;  // once the state is loaded

  // In the order of their making.
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<storage::MemberStorage> storage_;
  std::unique_ptr<ReplicaThread> replica_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<rpc::Server> server_;
  bool is_stopped_ = false;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_MEMBER_H_
