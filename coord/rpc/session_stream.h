// SessionStream: the stream of one client with a session.
//
// Each frame that arrives is posted to the host as one work. What the replica
// answers is kept, and written when the write before has gone out, as many
// messages in a frame as there are by then.

#ifndef QUORATE_COORD_RPC_SESSION_STREAM_H_
#define QUORATE_COORD_RPC_SESSION_STREAM_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "coord/replica/client_message.h"
#include "coord/rpc/context.h"
#include "coord/rpc/deliveries.h"
#include "coord/tree/acl.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::rpc {

using SessionReactor =
    grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

// LIFE. gRPC keeps the stream until Finish() has been called and everything
// started has ended; then it calls OnDone(). So whoever finds, under the lock,
// that Finish() has not been called may use the stream until the lock is
// released; and whoever holds `writing_` may until it gives that up.
class SessionStream final : public SessionReactor,
                            public Receiver,
                            public std::enable_shared_from_this<SessionStream> {
 public:
  // Begins to read. The stream owns itself until it is done.
  static SessionReactor* Start(std::shared_ptr<Context> context,
                               grpc::CallbackServerContext* server_context);

  SessionStream(std::shared_ptr<Context> context,
                grpc::CallbackServerContext* server_context);

  // By gRPC.
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  // As a Receiver.
  bool Keep(replica::ServerMessage message) override;
  void Flush() override;
  void End(const absl::Status& why) override;

 private:
  // What one frame asks for.
  struct Work {
    std::optional<replica::Hello> hello;
    std::vector<replica::ClientRequest> requests;
    size_t bytes = 0;
  };

  absl::Status Translate(coord::v1::ClientFrame& frame, Work& work);
  // Hands a frame to the replica. False: the stream ends meanwhile.
  bool Forward(Work work) ABSL_LOCKS_EXCLUDED(mutex_);
  // The replica has taken a frame of `bytes`.
  void FrameTaken(size_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  bool MayRead() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Nothing more is forwarded or kept; what is kept is written, then the stream
  // ends with `status`.
  void BeginEnd(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void KeepGoodbye(const absl::Status& why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // True: the caller has `writing_` now, and calls Flush().
  bool Claim() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Moves what fits into one frame.
  std::vector<replica::ServerMessage> TakeFrame()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The time to say hello is over.
  void CheckGreeted() ABSL_LOCKS_EXCLUDED(mutex_);
  // Nobody reads: lets go.
  void Break() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::shared_ptr<Context> context_;
  grpc::CallbackServerContext* const server_context_;
  const replica::ConnectionId id_;
  const std::optional<tree::Identity> address_;
  std::shared_ptr<SessionStream> self_;  // until OnDone()

  // Used by whoever reads, and by whoever holds `writing_`.
  grpc::ByteBuffer in_;
  grpc::ByteBuffer out_;

  absl::Mutex mutex_;
  bool connected_ ABSL_GUARDED_BY(mutex_) = false;  // Connect() was posted
  size_t frames_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t bytes_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;  // no read is under way

  std::deque<replica::ServerMessage> kept_ ABSL_GUARDED_BY(mutex_);
  size_t kept_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t writing_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;

  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;    // nothing gets through
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;  // Finish() is (to be) called
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status end_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_SESSION_STREAM_H_
