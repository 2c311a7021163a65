#include "broker/controller/election.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/bootstrap.h"
#include "broker/controller/leadership.h"
#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::broker {
namespace {

ControllerToken TokenOf(const client::Session& session, const Office& office,
                        client::Zxid czxid) {
  return {.token = {session.pin().ensemble_id, czxid},
          .controller_epoch = office.epoch,
          .broker_id = office.broker};
}

// The office as it is held now; without: nobody holds it.
struct Found {
  client::Data epoch;
  int64_t number = 0;
  std::optional<client::Data> office;
  Office holder;
};

// The epoch first: so the office that is seen is not older than it, and if it
// is taken after that, the multi fails by the epoch's version.
absl::StatusOr<Found> Look(client::Session& session) {
  Found found;
  absl::StatusOr<client::Data> epoch = session.GetData(kControllerEpochPath);
  if (client::IsError(epoch.status(), "NoNode")) {
    return MissingZnodeError(kControllerEpochPath, session);
  }
  if (!epoch.ok()) return epoch.status();
  found.epoch = *epoch;
  const absl::StatusOr<int64_t> number =
      ParseCounter(kControllerEpochPath, epoch->data);
  if (!number.ok()) return number.status();
  found.number = *number;

  const absl::StatusOr<client::Data> office = session.GetData(kControllerPath);
  if (client::IsError(office.status(), "NoNode")) return found;
  if (!office.ok()) return office.status();
  const absl::StatusOr<Office> holder = ParseOffice(office->data);
  if (!holder.ok()) return holder.status();
  found.office = *office;
  found.holder = *holder;
  return found;
}

}  // namespace

absl::StatusOr<std::optional<Leadership>> Elect(client::Session& session,
                                                BrokerId id) {
  const absl::StatusOr<Found> found = Look(session);
  if (!found.ok()) return found.status();
  client::Multi multi;
  if (found->office) {
    const client::Stat& stat = found->office->stat;
    if (stat.ephemeral_owner == session.id() &&
        found->holder.epoch == found->number) {
      return Leadership{TokenOf(session, found->holder, stat.czxid),
                        found->epoch.stat.version};
    }
    if (found->holder.broker != id) return std::nullopt;
    multi.ops.push_back(client::Delete{kControllerPath, stat.version});
  }
  const Office office = {id, found->number + 1};
  multi.ops.push_back(client::Create{.path = kControllerPath,
                                     .data = FormatOffice(office),
                                     .mode = client::CreateMode::kEphemeral});
  multi.ops.push_back(client::SetData{kControllerEpochPath,
                                      absl::StrCat(office.epoch),
                                      found->epoch.stat.version});
  const absl::StatusOr<client::WriteResult> won =
      session.Write(std::move(multi));
  // Somebody else was faster.
  for (const char* kind : {"NodeExists", "BadVersion", "NoNode"}) {
    if (client::IsError(won.status(), kind)) return std::nullopt;
  }
  if (!won.ok()) return won.status();
  const size_t last = won->ops.size() - 1;
  return Leadership{
      TokenOf(session, office, won->ops[last - 1].stat.value().czxid),
      won->ops[last].stat.value().version};
}

}  // namespace quorate::broker
