// What coordd says by its exit code; see also `coordd --help`.

#ifndef QUORATE_COORD_SERVER_EXIT_CODE_H_
#define QUORATE_COORD_SERVER_EXIT_CODE_H_

namespace quorate::server {

enum class ExitCode : int {
  kOk = 0,            // stopped by SIGTERM or SIGINT
  kUsage = 2,         // flags, or the file of flags
  kDirectory = 3,     // cannot start on this data directory
  kCannotListen = 4,  // an address is taken or not of this machine
  kStopped = 5,       // a rule or the storage has stopped the member for good
};

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_EXIT_CODE_H_
