#include "coord/tree/znode.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/tree/wire.h"

namespace quorate::tree {

Blob::Ptr Blob::Make(absl::string_view bytes) {
  if (bytes.empty()) return nullptr;
  QUORATE_CHECK(bytes.size() <= std::numeric_limits<int32_t>::max());
  void* memory = ::operator new(sizeof(Blob) + bytes.size());
  Blob* blob =
      new (memory) Blob(HashBytes(bytes), static_cast<uint32_t>(bytes.size()));
  std::memcpy(static_cast<char*>(memory) + sizeof(Blob), bytes.data(),
              bytes.size());
  return Ptr(blob);
}

absl::string_view Blob::bytes() const {
  return {reinterpret_cast<const char*>(this) + sizeof(Blob), size_};
}

void Blob::Deleter::operator()(Blob* blob) const {
  blob->~Blob();
  ::operator delete(blob);
}

bool NameLess::operator()(const Znode* a, const Znode* b) const {
  return a->name() < b->name();
}

bool NameLess::operator()(const Znode* a, absl::string_view b) const {
  return a->name() < b;
}

bool NameLess::operator()(absl::string_view a, const Znode* b) const {
  return a < b->name();
}

Znode::Ptr Znode::Make(absl::string_view name, Znode* parent) {
  QUORATE_CHECK(name.size() <= std::numeric_limits<uint16_t>::max());
  void* memory = ::operator new(sizeof(Znode) + name.size());
  Znode* node = new (memory) Znode(parent);
  node->name_size_ = static_cast<uint16_t>(name.size());
  if (!name.empty()) {
    std::memcpy(static_cast<char*>(memory) + sizeof(Znode), name.data(),
                name.size());
  }
  return Ptr(node);
}

void Znode::Deleter::operator()(Znode* node) const {
  node->~Znode();
  ::operator delete(node);
}

absl::string_view Znode::name() const {
  return {reinterpret_cast<const char*>(this) + sizeof(Znode), name_size_};
}

Stat Znode::ToStat() const {
  Stat stat;
  stat.czxid = czxid_;
  stat.mzxid = mzxid_;
  stat.pzxid = pzxid_;
  stat.ctime_ms = ctime_ms_;
  stat.mtime_ms = mtime_ms_;
  stat.version = version_;
  stat.aversion = aversion_;
  stat.ephemeral_owner = ephemeral_owner_;
  stat.data_length = static_cast<int32_t>(data().size());
  stat.num_children = static_cast<int32_t>(num_children());
  // Each child was created once; those that are gone were deleted once.
  stat.cversion =
      static_cast<int32_t>(2 * static_cast<uint32_t>(creations_) -
                           static_cast<uint32_t>(stat.num_children));
  return stat;
}

std::string Znode::Path() const {
  if (parent_ == nullptr) return "/";
  size_t size = 0;
  for (const Znode* node = this; node->parent_ != nullptr;
       node = node->parent_) {
    size += 1 + node->name_size_;
  }
  std::string path(size, '/');
  for (const Znode* node = this; node->parent_ != nullptr;
       node = node->parent_) {
    size -= node->name_size_;
    path.replace(size, node->name_size_, node->name().data(), node->name_size_);
    --size;
  }
  return path;
}

Digest Znode::ComputeDigest(absl::string_view path, uint64_t acl_hash) const {
  std::string bytes;
  bytes.reserve(path.size() + 96);
  WireWriter writer(bytes);
  writer.U8('n');
  writer.String(path);
  writer.U64(data_ ? data_->hash() : 0);
  writer.U32(static_cast<uint32_t>(data().size()));
  writer.U64(acl_hash);
  writer.U64(czxid_.value());
  writer.U64(mzxid_.value());
  writer.U64(pzxid_.value());
  writer.I64(ctime_ms_);
  writer.I64(mtime_ms_);
  writer.I32(version_);
  writer.I32(aversion_);
  writer.I32(creations_);
  writer.I64(ephemeral_owner_);
  return HashBytes(bytes);
}

}  // namespace quorate::tree
