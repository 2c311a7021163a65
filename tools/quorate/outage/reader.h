// Reader: the consumer of a scene. It processes what is written, idempotently,
// into a database of its own, on a thread of its own, whatever happens to the
// brokers; what ends it, it begins again.
//
// Thread-safe, except for Start() and the destructor.

#ifndef QUORATE_TOOLS_QUORATE_OUTAGE_READER_H_
#define QUORATE_TOOLS_QUORATE_OUTAGE_READER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/client/client_options.h"

namespace quorate::tools {

struct ReaderOptions {
  broker::ClientOptions client = {};
  std::string topic = {};
  std::string database = {};  // a path; made if it is not there
};

class Reader {
 public:
  // Errors are those of the database.
  static absl::StatusOr<std::unique_ptr<Reader>> Start(ReaderOptions options);
  // Stops it.
  virtual ~Reader() = default;

  // What has ended it last; OK: nothing has so far.
  virtual absl::Status last_error() const = 0;
};

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_OUTAGE_READER_H_
