#include "coord/tree/reads.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/tree/error.h"

namespace quorate::tree {

absl::StatusOr<const Znode*> Reads::FindFor(uint32_t permissions,
                                            absl::string_view path) const {
  const Znode* node = state_.tree().Find(path);
  if (node == nullptr) return Error(ErrorCode::kNoNode, path);
  if (!Permits(*state_.tree().AclOf(*node), permissions, identities_)) {
    return Error(ErrorCode::kNoAuth, path);
  }
  return node;
}

absl::StatusOr<DataAnswer> Reads::GetData(absl::string_view path) const {
  const auto node = FindFor(kRead, path);
  if (!node.ok()) return node.status();
  return DataAnswer{std::string((*node)->data()), (*node)->ToStat()};
}

absl::StatusOr<Stat> Reads::Exists(absl::string_view path) const {
  if (path.find('\0') != absl::string_view::npos) {
    return Error(ErrorCode::kBadArguments, "", "a path has no null character");
  }
  const auto node = FindFor(kRead, path);
  if (!node.ok()) return node.status();
  return (*node)->ToStat();
}

absl::StatusOr<ChildrenAnswer> Reads::GetChildren(
    absl::string_view path) const {
  const auto node = FindFor(kRead, path);
  if (!node.ok()) return node.status();
  return ChildrenAnswer{state_.tree().ChildrenOf(**node), (*node)->ToStat()};
}

absl::StatusOr<AclAnswer> Reads::GetAcl(absl::string_view path) const {
  const auto node = FindFor(kRead | kAdmin, path);
  if (!node.ok()) return node.status();
  const Acl& acl = *state_.tree().AclOf(**node);
  const bool may_see_all = Permits(acl, kAdmin, identities_);
  return AclAnswer{may_see_all ? acl : MaskDigests(acl), (*node)->ToStat()};
}

absl::StatusOr<uint32_t> Reads::GetAllChildrenNumber(
    absl::string_view path) const {
  const auto node = FindFor(kRead, path);
  if (!node.ok()) return node.status();
  return (*node)->descendants();
}

std::vector<std::string> Reads::GetEphemerals(SessionId session,
                                              absl::string_view prefix) const {
  std::vector<std::string> paths;
  const Tree::PathSet* all = state_.tree().EphemeralsOf(session);
  if (all == nullptr) return paths;
  for (const std::string& path : *all) {
    if (absl::StartsWith(path, prefix)) paths.push_back(path);
  }
  return paths;
}

std::vector<ReadAnswer> MultiRead(const Reads& reads,
                                  absl::Span<const ReadOp> ops) {
  std::vector<ReadAnswer> answers;
  const auto add = [&answers](auto answer) {
    if (answer.ok()) {
      answers.emplace_back(*std::move(answer));
    } else {
      answers.emplace_back(answer.status());
    }
  };
  for (const ReadOp& op : ops) {
    if (op.kind == ReadOp::Kind::kGetData) {
      add(reads.GetData(op.path));
    } else {
      add(reads.GetChildren(op.path));
    }
  }
  return answers;
}

}  // namespace quorate::tree
