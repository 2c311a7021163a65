// Queries: the answer to a client's read from the applied state, and the watch
// that it leaves. Pure functions.

#ifndef QUORATE_COORD_REPLICA_QUERIES_H_
#define QUORATE_COORD_REPLICA_QUERIES_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "coord/replica/client_message.h"
#include "coord/tree/acl.h"
#include "coord/tree/session_id.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/watches.h"

namespace quorate::replica {

struct Answer {
  absl::Status status;
  Result result;
  // To be left for the session, as tree/reads.h says when.
  struct Watch {
    std::string path;
    tree::WatchKind kind;
  };
  std::optional<Watch> watch;
};

// For a requester with `identities`, whose session (none: without) owns what
// GetEphemerals names.
Answer AnswerQuery(const tree::StateMachine& state,
                   absl::Span<const tree::Identity> identities,
                   tree::SessionId session, const Query& query);

// Local ones are not, but for Sync.
bool IsLinearizable(const ReadRequest& read);
// Whether the query asks for a watch, or for what only a session has.
bool NeedsSession(const Query& query);
bool WantsWatch(const Query& query);

}  // namespace quorate::replica

#endif  // QUORATE_COORD_REPLICA_QUERIES_H_
