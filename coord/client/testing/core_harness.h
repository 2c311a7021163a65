// CoreHarness: a SessionCore with a test in the place of member and clock.

#ifndef QUORATE_COORD_CLIENT_TESTING_CORE_HARNESS_H_
#define QUORATE_COORD_CLIENT_TESTING_CORE_HARNESS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "coord/client/session_core.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {

inline constexpr int64_t kHarnessSession = 0x1234;
inline constexpr char kHarnessEnsemble[] = "0123456789abcdef";

CoreOptions HarnessOptions(size_t endpoints = 3);

class CoreHarness {
 public:
  explicit CoreHarness(CoreOptions options = HarnessOptions());

  // Carries out what the core asks for; after every input.
  void Pump();
  // Lets time pass, tick by tick.
  void Advance(int64_t ms);
  // Until it connects; not longer than a minute.
  void AdvanceToConnect();

  // --- As the member ---------------------------------------------------------
  static coord::v1::ServerMessage WelcomeMessage(uint64_t zxid);
  // At once, on the connection that there is.
  void Give(const coord::v1::ServerMessage& message);
  void Welcome(uint64_t zxid = 1);
  // Answers the oldest request that is not answered yet, and forgets it.
  coord::v1::Reply NextReply();
  void GiveReply(const coord::v1::Reply& reply);
  void AnswerWrite(uint64_t zxid, const std::string& path = "");
  void AnswerOk(uint64_t zxid = 0);
  void Refuse(const std::string& kind, bool not_taken,
              absl::StatusCode code = absl::StatusCode::kUnavailable,
              uint64_t zxid = 0);
  void GiveEvent(coord::v1::EventType type, const std::string& path,
                 uint64_t zxid);
  void GiveGap(const std::string& path, coord::v1::WatchKind kind,
               uint64_t zxid);
  void Goodbye(const std::string& kind, absl::StatusCode code);
  void BreakConnection();

  // --- What the user has been told, and forgets ------------------------------
  std::vector<Notice> TakeNotices();
  std::vector<Completion> TakeCompletions();
  std::vector<Firing> TakeFirings();
  // Ids of the writes that were sent, and not answered yet.
  std::vector<int64_t> SentWrites() const;

  int64_t now_ms = 1'000'000;
  SessionCore core;
  uint64_t attempt = 0;  // 0: no connection
  std::string endpoint;
  std::vector<std::string> endpoints_tried;
  std::optional<coord::v1::Hello> hello;
  std::vector<coord::v1::Request> requests;  // not answered
  size_t frames = 0;
  int64_t disconnects = 0;

 private:
  std::vector<Notice> notices_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_TESTING_CORE_HARNESS_H_
