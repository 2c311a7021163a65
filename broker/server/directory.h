// Directory: the data directory of a broker: for whom it was formatted, and
// what must not be forgotten between two lives.
//
//   broker.json       who: broker, ensemble, and an id of this directory
//   pin               the highest zxid that was seen (rule 22)
//   controller-token  of the newest controller, see fence.h
//   lock              held as long as a brokerd uses it
//   data/             the logs
//
// Errors say what was expected, what was found, and what to do.

#ifndef QUORATE_BROKER_SERVER_DIRECTORY_H_
#define QUORATE_BROKER_SERVER_DIRECTORY_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/image/cluster_image.h"
#include "coord/client/session.h"
#include "coord/storage/file_system.h"

namespace quorate::broker {

struct Owner {
  BrokerId id = kNoBroker;
  std::string ensemble_id = {};   // 16 bytes
  std::string directory_id = {};  // 32 hexadecimal digits

  bool operator==(const Owner&) const = default;
};

// Formats `directory`, having made it if need be. Nothing happens if it is that
// of this broker and ensemble already; FailedPrecondition if it is another's,
// or holds other files.
absl::Status FormatDirectory(storage::FileSystem& files,
                             const std::string& directory, BrokerId id,
                             const std::string& ensemble_id);

class Directory {
 public:
  // Locks it. NotFound: it was never formatted. Unavailable: another process
  // has it. FailedPrecondition: it was copied. DataLoss: a file is not as it
  // was written. `files` must outlive the result.
  static absl::StatusOr<std::unique_ptr<Directory>> Open(
      storage::FileSystem& files, const std::string& directory);

  const std::string& path() const { return path_; }
  const Owner& owner() const { return owner_; }
  // As of the last life.
  const client::Pin& pin() const { return pin_; }
  // One caller at a time.
  absl::Status SavePin(const client::Pin& pin);

 private:
  Directory(storage::FileSystem& files, std::string path)
      : files_(files), path_(std::move(path)) {}

  storage::FileSystem& files_;
  const std::string path_;
  std::unique_ptr<storage::FileLock> lock_;
  Owner owner_;
  client::Pin pin_;
};

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_SERVER_DIRECTORY_H_
