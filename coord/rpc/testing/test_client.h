// TestClient: speaks to one server, frame by frame, for tests.

#ifndef QUORATE_COORD_RPC_TESTING_TEST_CLIENT_H_
#define QUORATE_COORD_RPC_TESTING_TEST_CLIENT_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "proto/coord/v1/coord.pb.h"
#include "proto/coord/v1/error.pb.h"

namespace quorate::rpc {

// What a call ended with.
struct CallEnd {
  absl::Status status;
  coord::v1::ErrorDetail detail;  // empty if there was none
};

inline constexpr char kSessionMethod[] = "/quorate.coord.v1.Coord/Session";

// One stream of Coord.Session, or of any other method. Blocks; a test that
// waits for ever fails by its own time-out.
class TestStream {
 public:
  explicit TestStream(const std::string& address,
                      const std::string& method = kSessionMethod);
  ~TestStream();

  // False: the stream is over.
  bool Send(const coord::v1::ClientFrame& frame);
  // Any bytes as one message of the stream.
  bool SendBytes(const std::string& bytes);
  // The next message, of whichever frame; nothing: the stream is over.
  std::optional<coord::v1::ServerMessage> Next();
  // The next message of another method.
  std::optional<std::string> NextBytes();
  // Reads until the end.
  CallEnd End();
  // Ends this side; the server sees it.
  void HalfClose();
  void Cancel();

  // Frames read so far.
  int frames() const;

  // A hello for a new session, with a password of its own.
  static coord::v1::ClientFrame Hello();
  // Says such a hello; the welcome to it.
  coord::v1::Welcome Open();
  // One request; the reply to it, events left out.
  coord::v1::Reply Do(const coord::v1::Request& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Coord.Call.
CallEnd Call(const std::string& address, const coord::v1::CallRequest& request,
             coord::v1::CallResponse* response);

coord::v1::Request CreateRequest(int64_t tag, int64_t request_id,
                                 const std::string& path,
                                 const std::string& data);
coord::v1::Request GetDataRequest(int64_t tag, const std::string& path,
                                  bool watch = false);

}  // namespace quorate::rpc

#endif  // QUORATE_COORD_RPC_TESTING_TEST_CLIENT_H_
