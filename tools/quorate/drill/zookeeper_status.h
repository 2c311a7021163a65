// What a ZooKeeper server says of itself: the four-letter word `srvr`.

#ifndef QUORATE_TOOLS_QUORATE_DRILL_ZOOKEEPER_STATUS_H_
#define QUORATE_TOOLS_QUORATE_DRILL_ZOOKEEPER_STATUS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tools/quorate/drill/record.h"

namespace quorate::tools {

// Asks the server on this port of the loopback device. A view that does not
// answer: it cannot be reached, or says nothing within `timeout`.
View AskZooKeeper(uint64_t id, uint16_t port, absl::Duration timeout);

// The answer to `srvr`. A server that serves nobody is "looking".
View ParseSrvr(uint64_t id, absl::string_view text);

}  // namespace quorate::tools

#endif  // QUORATE_TOOLS_QUORATE_DRILL_ZOOKEEPER_STATUS_H_
