#include "coord/tree/acl_table.h"

#include <cstdint>
#include <memory>
#include <string>

#include "coord/base/check.h"
#include "coord/tree/digest.h"
#include "coord/tree/wire.h"

namespace quorate::tree {
namespace {

std::string Encode(const Acl& acl) {
  std::string bytes;
  WireWriter writer(bytes);
  WriteAcl(acl, writer);
  return bytes;
}

}  // namespace

AclTable::Id AclTable::Add(const Acl& acl) {
  const std::string key = Encode(acl);
  if (const auto found = ids_.find(key); found != ids_.end()) {
    ++entries_[found->second].references;
    return found->second;
  }
  Id id = 0;
  if (free_.empty()) {
    id = static_cast<Id>(entries_.size());
    entries_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  entries_[id] = {std::make_shared<const Acl>(acl), HashBytes(key), 1};
  ids_[key] = id;
  return id;
}

void AclTable::Release(Id id) {
  Entry& entry = entries_[id];
  QUORATE_CHECK(entry.references > 0);
  if (--entry.references > 0) return;
  ids_.erase(Encode(*entry.acl));
  entry = {};
  free_.push_back(id);
}

}  // namespace quorate::tree
