// Disks fill up, fail, rot, are wiped and copied back.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "coord/consensus/zxid.h"
#include "tests/scenarios/arguments.h"
#include "tests/scenarios/commands.h"
#include "tests/scenarios/stage.h"
#include "tests/simulation/cluster.h"

namespace quorate::scenarios {
namespace {

absl::Status Wipe(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.Anonymous("");  // gives the disk its name while it is there
  stage.cluster().Wipe(member);
  return absl::OkStatus();
}

absl::Status SaveDisk(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.saved_disks[member] = stage.cluster().SaveDisk(member);
  return absl::OkStatus();
}

absl::Status CopyBack(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  const auto saved = stage.saved_disks.find(member);
  if (saved == stage.saved_disks.end()) {
    return absl::FailedPreconditionError("its disk was not saved before");
  }
  stage.cluster().CopyBack(member, saved->second);
  return absl::OkStatus();
}

absl::Status FillDisk(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.cluster().SetDiskFull(member, true);
  return absl::OkStatus();
}

absl::Status FreeDisk(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.cluster().SetDiskFull(member, false);
  return absl::OkStatus();
}

absl::Status FailSync(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Member();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  stage.cluster().FailNextSync(member);
  return absl::OkStatus();
}

absl::Status SlowDisk(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Member();
  const uint64_t factor = arguments.Number("how many times slower");
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (factor < 1 || factor > 1'000'000) {
    return absl::InvalidArgumentError("a disk is 1 to 1000000 times slower");
  }
  stage.cluster().SetDiskSlowness(member, static_cast<int>(factor));
  return absl::OkStatus();
}

absl::Status Rot(Stage& stage, Arguments& arguments, std::string&) {
  const int member = arguments.Member();
  const consensus::Zxid zxid = arguments.Zxid();
  if (absl::Status bad = arguments.Finish(); !bad.ok()) return bad;
  if (!stage.cluster().RotRecord(member, zxid)) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no record ", ToString(zxid), " on its disk"));
  }
  return absl::OkStatus();
}

constexpr Command kCommands[] = {
    {"wipe", "MEMBER", Wipe},
    {"save-disk", "MEMBER", SaveDisk},
    {"copy-back", "MEMBER", CopyBack},
    {"fill-disk", "MEMBER", FillDisk},
    {"free-disk", "MEMBER", FreeDisk},
    {"fail-sync", "MEMBER", FailSync},
    {"slow-disk", "MEMBER FACTOR", SlowDisk},
    {"rot", "MEMBER ZXID", Rot},
};

}  // namespace

absl::Span<const Command> DiskCommands() { return kCommands; }

}  // namespace quorate::scenarios
