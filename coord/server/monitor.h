// Monitor: what /metrics, /livez and /readyz answer, while the parts that they
// ask come and go.
//
// Thread-safe.

#ifndef QUORATE_COORD_SERVER_MONITOR_H_
#define QUORATE_COORD_SERVER_MONITOR_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "coord/rpc/host.h"
#include "coord/rpc/server.h"
#include "coord/server/event_log.h"
#include "coord/server/http_server.h"
#include "coord/server/timings.h"
#include "coord/storage/file_system.h"

namespace quorate::server {

class Monitor {
 public:
  // All must outlive this. `directory` is where the member's data is.
  Monitor(const Timings& timings, const EventLog& events,
          storage::FileSystem& files, absl::string_view directory)
      : timings_(timings),
        events_(events),
        files_(files),
        directory_(directory) {}

  // Before Attach() and after Detach(): why the member is not ready.
  void SetPhase(absl::string_view phase);
  // The member runs: from now on these are asked, until Detach().
  void Attach(rpc::ReplicaHost& host, const rpc::Server& server);
  // Returns when none of them is in use any more.
  void Detach(absl::string_view phase);

  HttpServer::Handlers Handlers();

 private:
  HttpAnswer Metrics();
  HttpAnswer Live();
  HttpAnswer Ready();

  const Timings& timings_;
  const EventLog& events_;
  storage::FileSystem& files_;
  const std::string directory_;
  // Held while the parts are asked; the answers are bounded in time.
  absl::Mutex mutex_;
  std::string phase_ ABSL_GUARDED_BY(mutex_) = "starting";
  rpc::ReplicaHost* host_ ABSL_GUARDED_BY(mutex_) = nullptr;
  const rpc::Server* server_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_MONITOR_H_
