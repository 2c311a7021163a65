#include "coord/tree/acl.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "coord/tree/error.h"

namespace quorate::tree {
namespace {

constexpr char kWorld[] = "world";
constexpr char kAnyone[] = "anyone";
constexpr char kAuth[] = "auth";
constexpr char kDigest[] = "digest";
constexpr char kIp[] = "ip";
constexpr char kSuper[] = "super";

// Digits only: no sign and no space, as SimpleAtoi would allow.
std::optional<uint32_t> ParseNumber(absl::string_view text, uint32_t max) {
  uint32_t value = 0;
  if (text.empty() || text.size() > 3 ||
      !std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &value) || value > max) {
    return std::nullopt;
  }
  return value;
}

struct AddressRange {
  uint32_t address = 0;
  uint32_t bits = 32;

  bool Contains(uint32_t other) const {
    return bits == 0 || ((address ^ other) >> (32 - bits)) == 0;
  }
};

std::optional<uint32_t> ParseAddress(absl::string_view text) {
  uint32_t address = 0;
  int parts = 0;
  for (absl::string_view part : absl::StrSplit(text, '.')) {
    const std::optional<uint32_t> byte = ParseNumber(part, 255);
    if (!byte || ++parts > 4) return std::nullopt;
    address = (address << 8) | *byte;
  }
  if (parts != 4) return std::nullopt;
  return address;
}

std::optional<AddressRange> ParseRange(absl::string_view text) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('/', 1));
  AddressRange range;
  const std::optional<uint32_t> address = ParseAddress(parts[0]);
  if (!address) return std::nullopt;
  range.address = *address;
  if (parts.size() == 2) {
    const std::optional<uint32_t> bits = ParseNumber(parts[1], 32);
    if (!bits) return std::nullopt;
    range.bits = *bits;
  }
  return range;
}

bool IsValidDigest(absl::string_view id) {
  const size_t colon = id.find(':');
  return colon != absl::string_view::npos && colon + 1 < id.size() &&
         id.find(':', colon + 1) == absl::string_view::npos;
}

bool IsValid(const Identity& identity) {
  if (identity.id.size() > kMaxAclIdBytes) return false;
  if (identity.scheme == kWorld) return identity.id == kAnyone;
  if (identity.scheme == kDigest) return IsValidDigest(identity.id);
  if (identity.scheme == kIp) return ParseRange(identity.id).has_value();
  return false;
}

bool Matches(const Identity& requester, const Identity& granted) {
  if (requester.scheme != granted.scheme) return false;
  if (granted.scheme == kDigest) return requester.id == granted.id;
  if (granted.scheme != kIp) return false;
  const std::optional<AddressRange> range = ParseRange(granted.id);
  const std::optional<uint32_t> address = ParseAddress(requester.id);
  return range && address && range->Contains(*address);
}

void AddUnique(AclEntry entry, Acl& acl) {
  if (std::find(acl.begin(), acl.end(), entry) == acl.end()) {
    acl.push_back(std::move(entry));
  }
}

}  // namespace

Acl OpenAcl() { return {{kAllPermissions, {kWorld, kAnyone}}}; }

Acl ReadOnlyAcl() { return {{kRead, {kWorld, kAnyone}}}; }

absl::StatusOr<Acl> ResolveAcl(absl::string_view path, const Acl& acl,
                               absl::Span<const Identity> requester) {
  const auto invalid = [&path](absl::string_view detail) {
    return Error(ErrorCode::kInvalidAcl, path, detail);
  };
  if (acl.empty()) return invalid("it has no entries");
  if (acl.size() > kMaxAclEntries) return invalid("it has too many entries");
  Acl resolved;
  for (const AclEntry& entry : acl) {
    if (entry.identity.scheme == kAuth) {
      bool authenticated = false;
      for (const Identity& identity : requester) {
        // An address proves nothing about who asks.
        if (identity.scheme != kDigest) continue;
        authenticated = true;
        AddUnique({entry.permissions, identity}, resolved);
      }
      if (!authenticated) return invalid("auth without authentication");
    } else if (IsValid(entry.identity)) {
      AddUnique(entry, resolved);
    } else {
      return invalid(absl::StrCat("entry ", &entry - acl.data(),
                                  " has an unknown scheme or malformed id"));
    }
  }
  if (resolved.size() > kMaxAclEntries) {
    return invalid("it has too many entries");
  }
  return resolved;
}

bool Permits(const Acl& acl, uint32_t permissions,
             absl::Span<const Identity> requester) {
  if (acl.empty()) return true;
  for (const Identity& identity : requester) {
    if (identity.scheme == kSuper) return true;
  }
  for (const AclEntry& entry : acl) {
    if ((entry.permissions & permissions) == 0) continue;
    if (entry.identity.scheme == kWorld) return true;
    for (const Identity& identity : requester) {
      if (Matches(identity, entry.identity)) return true;
    }
  }
  return false;
}

Acl MaskDigests(const Acl& acl) {
  Acl masked = acl;
  for (AclEntry& entry : masked) {
    if (entry.identity.scheme != kDigest) continue;
    std::string& id = entry.identity.id;
    id = absl::StrCat(id.substr(0, id.find(':')), ":x");
  }
  return masked;
}

void WriteAcl(const Acl& acl, WireWriter& writer) {
  writer.U32(static_cast<uint32_t>(acl.size()));
  for (const AclEntry& entry : acl) {
    writer.U32(entry.permissions);
    writer.String(entry.identity.scheme);
    writer.String(entry.identity.id);
  }
}

Acl ReadAcl(WireReader& reader) {
  Acl acl;
  const uint32_t count = reader.Count(12);
  if (count > kMaxAclEntries) reader.Fail();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    AclEntry entry;
    entry.permissions = reader.U32();
    entry.identity.scheme = std::string(reader.String());
    entry.identity.id = std::string(reader.String());
    if (entry.identity.scheme.size() > kMaxAclIdBytes ||
        entry.identity.id.size() > kMaxAclIdBytes) {
      reader.Fail();
    }
    acl.push_back(std::move(entry));
  }
  return reader.ok() ? acl : Acl();
}

}  // namespace quorate::tree
