// Stream: one connection of a session, over gRPC.

#ifndef QUORATE_COORD_CLIENT_STREAM_H_
#define QUORATE_COORD_CLIENT_STREAM_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {

class Stream;

// Told by a stream what happens, on any thread of gRPC. Calls of one stream do
// not overlap, but for OnWritten() with the others.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  // `frame` is the listener's until it calls Read() again.
  virtual void OnFrame(const coord::v1::ServerFrame& frame) = 0;
  // The next frame may be written.
  virtual void OnWritten() = 0;
  // The last call. On a thread of gRPC no stream may be destroyed, as that
  // waits for those threads: the listener keeps `stream`, the last reference to
  // it but the listener's own, and drops it elsewhere.
  virtual void OnDone(const absl::Status& status,
                      std::shared_ptr<Stream> stream) = 0;
};

// The caller serialises the calls.
class Stream {
 public:
  // Connects in the background and reads. The stream keeps itself until
  // OnDone(), and `listener` as long as it lives.
  static std::shared_ptr<Stream> Open(const std::string& endpoint,
                                      std::shared_ptr<StreamListener> listener);
  virtual ~Stream() = default;

  // True if Write() may be called: no frame is on its way.
  virtual bool CanWrite() const = 0;
  virtual void Write(coord::v1::ClientFrame frame) = 0;
  // Asks for the next frame, once for each OnFrame().
  virtual void Read() = 0;
  // Ends it; OnDone() follows soon. Nothing may be called after it.
  virtual void Cancel() = 0;

 protected:
  Stream() = default;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_STREAM_H_
