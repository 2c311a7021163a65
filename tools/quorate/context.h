// Context: what all verbs share: where to print, whom to ask, how long to wait.
//
// Verbs alone ask without a session, which is one round trip; in a shell they
// share one session. Clients are opened when they are first needed.
//
// Not thread-safe.

#ifndef QUORATE_TOOLS_QUORATE_CONTEXT_H_
#define QUORATE_TOOLS_QUORATE_CONTEXT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "tools/quorate/console.h"

namespace quorate::tools {

// What may be given with every verb.
struct GlobalOptions {
  std::vector<std::string> endpoints;  // each may hold many, with commas
  std::string directory;               // of a local cluster; empty: none
  bool json = false;
  absl::Duration timeout = absl::Seconds(10);  // of each request
  std::string pin_file;                        // empty: none
  std::vector<std::string> auth;               // "digest:user:password"
  std::string program;  // as it was called; coordd may stand beside it
};

class Context {
 public:
  // `console` must outlive it. With `shell` the verbs share a session.
  Context(Console& console, bool shell) : console_(console), shell_(shell) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  Console& console() { return console_; }
  GlobalOptions& options() { return options_; }
  const GlobalOptions& options() const { return options_; }
  bool in_shell() const { return shell_; }
  int64_t timeout_ms() const;

  // From --endpoints, --dir, QUORATE_ENDPOINTS or QUORATE_DIR, the first that
  // is given. Usage: none is, or one is malformed. Local: a directory that
  // holds no cluster.
  absl::StatusOr<std::vector<std::string>> Endpoints();
  // --dir or QUORATE_DIR. Usage: neither is given.
  absl::StatusOr<std::string> Directory() const;

  // For administration and for requests without a session.
  absl::StatusOr<client::AdminClient*> Admin();
  // The session; opened on the first call, and anew if it has expired. Lives as
  // long as the context.
  absl::StatusOr<client::Session*> Session();

  // What a further session would be opened with.
  absl::StatusOr<client::SessionOptions> NewSessionOptions();

  absl::StatusOr<client::WriteResult> Write(client::Write write);
  absl::StatusOr<client::ReadResult> Read(client::Read read,
                                          client::Consistency consistency);
  // The same, knowing what kind of answer it must be.
  template <typename T>
  absl::StatusOr<T> ReadAs(
      client::Read read,
      client::Consistency consistency = client::Consistency::kLinearizable) {
    absl::StatusOr<client::ReadResult> result =
        Read(std::move(read), consistency);
    if (!result.ok()) return result.status();
    T* answer = std::get_if<T>(&*result);
    if (answer == nullptr) {
      return absl::InternalError("the answer is of another kind than asked");
    }
    return std::move(*answer);
  }

  // Writes down what has been seen (--pin-file) and closes the session.
  absl::Status Finish();

 private:
  absl::StatusOr<client::Pin> StartingPin() const;
  absl::StatusOr<std::vector<client::Credential>> Credentials() const;
  absl::Status RememberPin();
  // Adds to a failure to reach anybody that the pin may be why.
  absl::Status MentionPin(const absl::Status& status) const;

  Console& console_;
  const bool shell_;
  GlobalOptions options_;
  std::vector<std::string> endpoints_;  // once they have been worked out
  std::unique_ptr<client::AdminClient> admin_;
  std::unique_ptr<client::Session> session_;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_CONTEXT_H_
