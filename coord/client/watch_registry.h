// WatchRegistry: the watches of one session, and what they are told.
//
// Handlers are known by ids; those on the same path and kind share one watch at
// the member. A member does not say which watch an event is for, so the
// registry decides by the rules of coord/tree/watches.h.
//
// OVER A RECONNECT the member forgets the watches, so each is set again,
// with the zxid up to which all events have arrived (complete()). It is the
// highest zxid of an answer, since a member tells of a change before it answers
// with it; or, of an event, the zxid before, since one txn may have made more
// of them. What the members tell again until the last watch is set is
// collected, ordered by zxid, and told once: one event may have come for
// several watches, and before the connection broke.
//
// A txn may make the same event of one path twice. Over a reconnect only the
// later of the two is told: what the path came to in that txn is always told.
//
// Pure; not thread-safe.

#ifndef QUORATE_COORD_CLIENT_WATCH_REGISTRY_H_
#define QUORATE_COORD_CLIENT_WATCH_REGISTRY_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "coord/client/types.h"

namespace quorate::client {

struct WatchKey {
  std::string path;
  WatchKind kind = WatchKind::kData;

  auto operator<=>(const WatchKey&) const = default;
};

// What one handler is to be told.
struct Firing {
  uint64_t id = 0;
  Event event;
  bool last = false;  // the handler's watch is spent
};

class WatchRegistry {
 public:
  // The member has answered that the watch is set: `id` is told of what comes
  // from now on. Ids are unique.
  void Arm(uint64_t id, const WatchKey& key);

  struct Removed {
    WatchKey key;
    bool last = false;  // nobody else is told by that watch of the member
  };
  // Nothing if there is no such id (any more).
  std::optional<Removed> Remove(uint64_t id);
  bool Has(uint64_t id) const { return by_id_.contains(id); }
  bool HasKey(const WatchKey& key) const { return watches_.contains(key); }
  void Clear();

  // A member at `zxid` has welcomed the session: these are to be set again, in
  // this order: so what is told last of a path is the most complete. If there
  // are none, the resuming has ended already.
  std::vector<WatchKey> BeginResume(Zxid zxid);
  // All have been set again.
  std::vector<Firing> EndResume();
  // The connection has gone; what was collected is forgotten.
  void OnBroken();

  // An answer that shows the state at `zxid`, 0 for none, has arrived.
  void OnAnswer(Zxid zxid);
  // An event has arrived. Nothing while resuming: EndResume() will tell.
  std::vector<Firing> OnEvent(const Event& event);
  // A member does not know what happened to the watch `key` before `zxid`.
  std::vector<Firing> OnGap(const WatchKey& key, Zxid zxid);

  // Every event up to this zxid has arrived.
  Zxid complete() const { return complete_; }
  size_t size() const { return by_id_.size(); }

 private:
  struct Watch {
    absl::btree_set<uint64_t> ids;
    // The zxid of the last event that it told of, and with that zxid, the last
    // of each path.
    Zxid last_zxid = 0;
    absl::btree_map<std::string, EventType> last;
  };
  struct Told {
    Event event;
    WatchKind gap_kind = WatchKind::kData;  // of a gap: whose
  };
  using Watches = absl::btree_map<WatchKey, Watch>;

  // True if `watch` told of `group[index]` before the connection broke.
  static bool WasTold(const Watch& watch, const std::vector<Told>& group,
                      size_t index);
  // The watches that `event` is for.
  std::vector<WatchKey> Matching(const Told& told) const;
  void Tell(const WatchKey& key, const Event& event,
            std::vector<Firing>& firings);
  // Tells of `group`, all of one zxid, what was not told before.
  void TellGroup(const std::vector<Told>& group, const Watches& before,
                 std::vector<Firing>& firings);

  Watches watches_;
  absl::flat_hash_map<uint64_t, WatchKey> by_id_;
  size_t recursive_ = 0;  // keys that are
  Zxid complete_ = 0;
  bool resuming_ = false;
  Zxid resumed_ = 0;  // complete_ after the resuming
  std::vector<Told> collected_;
};

}  // namespace quorate::client

#endif  // QUORATE_COORD_CLIENT_WATCH_REGISTRY_H_
