#include "broker/controller/bootstrap.h"

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "broker/image/znodes.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"

namespace quorate::broker {
namespace {

struct Znode {
  const char* path;
  const char* data;
};
// Parents first.
constexpr std::array<Znode, 6> kZnodes = {{{kRootPath, kRootData},
                                           {kControllerEpochPath, "0"},
                                           {kProducerIdsPath, "0"},
                                           {kBrokersPath, ""},
                                           {kTopicsPath, ""},
                                           {kGroupsPath, ""}}};

absl::Status CheckThere(client::Session& session) {
  for (const Znode& znode : kZnodes) {
    const absl::StatusOr<client::Data> data = session.GetData(znode.path);
    if (client::IsError(data.status(), "NoNode")) {
      return MissingZnodeError(znode.path, session);
    }
    if (!data.ok()) return data.status();
    if (absl::string_view(znode.path) != kRootPath) continue;
    if (absl::Status s = CheckRootData(data->data); !s.ok()) {
      return absl::FailedPreconditionError(s.message());
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeZnodes(client::Session& session) {
  client::Multi multi;
  for (const Znode& znode : kZnodes) {
    multi.ops.push_back(client::Create{.path = znode.path, .data = znode.data});
  }
  const absl::Status made = session.Write(std::move(multi)).status();
  if (client::IsError(made, "NodeExists")) return CheckThere(session);
  return made;
}

absl::Status MakeMissingZnodes(client::Session& session) {
  // Partitions may have seen producers whose ids were given out elsewhere, and
  // would take a new one's batches for repeated ones of these.
  std::random_device random;
  const std::string first_block = absl::StrCat(uint32_t{random()});
  for (const Znode& znode : kZnodes) {
    const bool is_ids = absl::string_view(znode.path) == kProducerIdsPath;
    const absl::Status made =
        session
            .Write(client::Create{.path = znode.path,
                                  .data = is_ids ? first_block : znode.data})
            .status();
    if (!made.ok() && !client::IsError(made, "NodeExists")) return made;
  }
  return absl::OkStatus();
}

absl::Status MissingZnodeError(absl::string_view path,
                               const client::Session& session) {
  return absl::FailedPreconditionError(absl::StrCat(
      "expected the znodes of a cluster of brokers; found no ", path,
      " in ensemble ", absl::BytesToHexString(session.pin().ensemble_id),
      ", asked at ", session.endpoint(),
      ". If this cluster is new, make them: brokerd --format --bootstrap. If "
      "it "
      "is not, they were deleted: restore them (quorate snapshot), and make "
      "none, for an epoch that begins again would fence nobody"));
}

}  // namespace quorate::broker
