#include "coord/replica/request_size.h"

#include <cstddef>
#include <variant>

#include "coord/replica/client_message.h"
#include "coord/replica/peer_message.h"
#include "coord/tree/acl.h"
#include "coord/tree/reads.h"
#include "coord/tree/request.h"

namespace quorate::replica {
namespace {

// What each request costs beside its strings.
constexpr size_t kRequestBytes = 256;

size_t BytesOf(const tree::Acl& acl) {
  size_t bytes = 0;
  for (const tree::AclEntry& entry : acl) {
    bytes +=
        sizeof(entry) + entry.identity.scheme.size() + entry.identity.id.size();
  }
  return bytes;
}

struct BodySizer {
  size_t operator()(const tree::CreateRequest& create) const {
    return create.path.size() + create.data.size() + BytesOf(create.acl);
  }
  size_t operator()(const tree::SetDataRequest& set) const {
    return set.path.size() + set.data.size();
  }
  size_t operator()(const tree::SetAclRequest& set) const {
    return set.path.size() + BytesOf(set.acl);
  }
  size_t operator()(const tree::MultiRequest& multi) const {
    size_t bytes = 0;
    for (const tree::MultiOpRequest& op : multi.ops) {
      bytes += sizeof(op) + std::visit(*this, op);
    }
    return bytes;
  }
  size_t operator()(const tree::CreateSessionRequest&) const { return 0; }
  size_t operator()(const tree::CloseSessionRequest&) const { return 0; }
  template <typename WithPath>
  size_t operator()(const WithPath& request) const {
    return request.path.size();
  }
};

struct QuerySizer {
  size_t operator()(const MultiRead& multi) const {
    size_t bytes = 0;
    for (const tree::ReadOp& op : multi.ops) {
      bytes += sizeof(op) + op.path.size();
    }
    return bytes;
  }
  size_t operator()(const GetEphemerals& get) const {
    return get.prefix.size();
  }
  size_t operator()(const Sync&) const { return 0; }
  template <typename WithPath>
  size_t operator()(const WithPath& query) const {
    return query.path.size();
  }
};

struct Sizer {
  size_t operator()(const WriteRequest& write) const {
    return std::visit(BodySizer(), write.body);
  }
  size_t operator()(const ReadRequest& read) const {
    return std::visit(QuerySizer(), read.query);
  }
  size_t operator()(const AddWatch& add) const { return add.path.size(); }
  size_t operator()(const RemoveWatch& remove) const {
    return remove.path.size();
  }
  size_t operator()(const AddIdentity& add) const {
    return add.identity.scheme.size() + add.identity.id.size();
  }
  size_t operator()(const Ping&) const { return 0; }
};

}  // namespace

size_t SizeOf(const ClientRequest& request) {
  return kRequestBytes + std::visit(Sizer(), request.body);
}

size_t SizeOf(const ForwardedRequest& request) {
  size_t bytes = kRequestBytes + std::visit(BodySizer(), request.body);
  for (const tree::Identity& identity : request.identities) {
    bytes += identity.scheme.size() + identity.id.size();
  }
  return bytes;
}

}  // namespace quorate::replica
