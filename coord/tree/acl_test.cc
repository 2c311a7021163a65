#include "coord/tree/acl.h"

#include <string>

#include "coord/tree/acl_table.h"
#include "coord/tree/error.h"
#include "coord/tree/wire.h"
#include "gtest/gtest.h"

namespace quorate::tree {
namespace {

const Identity kAnn = {"digest", "ann:1"};
const Identity kHost = {"ip", "192.168.7.9"};

TEST(AclTest, ResolvesToWhatIsStored) {
  const Acl twice = {{1, {"world", "anyone"}}, {1, {"world", "anyone"}}};
  EXPECT_EQ(ResolveAcl("/", twice, {})->size(), 1u);
  const Acl auth = {{3, {"auth", "whatever"}}, {1, kHost}};
  EXPECT_EQ(*ResolveAcl("/", auth, {kHost, kAnn}),
            (Acl{{3, kAnn}, {1, kHost}}));
}

TEST(AclTest, RefusesWhatIsMalformed) {
  const Identity ids[] = {
      {"world", "nobody"},
      {"digest", "no_colon"},
      {"digest", "a:b:c"},
      {"digest", "a:"},
      {"ip", "1.2.3"},
      {"ip", "1.2.3.4.5"},
      {"ip", "1.2.3.256"},
      {"ip", "1.2.3.+4"},
      {"ip", "1.2.3.4/33"},
      {"ip", "1.2.3.4/"},
      {"ip", "1.2.3.4/8/8"},
      {"ip", "::1"},
      {"super", "x"},
      {"sasl", "x"},
      {"", ""},
      {"auth", ""},
      {"digest", "a:" + std::string(2000, 'b')},
  };
  for (const Identity& id : ids) {
    EXPECT_EQ(ErrorCodeOf(ResolveAcl("/", {{31, id}}, {kHost}).status()),
              ErrorCode::kInvalidAcl)
        << id.scheme << ":" << id.id;
  }
  EXPECT_FALSE(ResolveAcl("/", {}, {}).ok());
  EXPECT_FALSE(ResolveAcl("/", Acl(257, {1, kAnn}), {}).ok());
}

TEST(AclTest, PermitsByIdentityAndBits) {
  const Acl acl = {{kRead, {"world", "anyone"}},
                   {kWrite, kAnn},
                   {kCreate, {"ip", "192.168.0.0/16"}},
                   {kDelete, {"ip", "192.168.7.9"}},
                   {kAdmin, {"ip", "0.0.0.0/0"}}};
  EXPECT_TRUE(Permits(acl, kRead, {}));
  EXPECT_FALSE(Permits(acl, kWrite, {}));
  EXPECT_TRUE(Permits(acl, kWrite, {kHost, kAnn}));
  EXPECT_FALSE(Permits(acl, kWrite, {{"digest", "ann:2"}}));
  EXPECT_TRUE(Permits(acl, kCreate, {kHost}));
  EXPECT_FALSE(Permits(acl, kCreate, {{"ip", "192.169.7.9"}}));
  EXPECT_FALSE(Permits(acl, kCreate, {{"ip", "not an address"}}));
  EXPECT_TRUE(Permits(acl, kDelete, {kHost}));
  EXPECT_FALSE(Permits(acl, kDelete, {{"ip", "192.168.7.8"}}));
  EXPECT_TRUE(Permits(acl, kAdmin, {{"ip", "8.8.8.8"}}));
  EXPECT_TRUE(Permits(acl, kWrite | kRead, {}));
  EXPECT_TRUE(Permits({{0, kAnn}}, kAdmin, {{"super", ""}}));
  EXPECT_FALSE(Permits({{0, kAnn}}, kAdmin, {kAnn}));
}

TEST(AclTest, MasksDigests) {
  EXPECT_EQ(MaskDigests({{1, kAnn}, {2, kHost}}),
            (Acl{{1, {"digest", "ann:x"}}, {2, kHost}}));
}

TEST(AclTest, ReadsOnlyWhatIsWhole) {
  std::string bytes;
  WireWriter writer(bytes);
  WriteAcl({{1, kAnn}, {2, kHost}}, writer);
  WireReader reader(bytes);
  EXPECT_EQ(ReadAcl(reader), (Acl{{1, kAnn}, {2, kHost}}));
  EXPECT_TRUE(reader.AtEnd());
  WireReader cut(absl::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_TRUE(ReadAcl(cut).empty());
  EXPECT_FALSE(cut.ok());
  WireReader huge(absl::string_view("\xff\xff\xff\xff", 4));
  EXPECT_TRUE(ReadAcl(huge).empty());
  EXPECT_FALSE(huge.ok());
}

TEST(AclTableTest, KeepsEachOnceWhileItIsUsed) {
  AclTable table;
  const AclTable::Id open = table.Add(OpenAcl());
  EXPECT_EQ(table.Add(OpenAcl()), open);
  const AclTable::Id read = table.Add(ReadOnlyAcl());
  EXPECT_NE(read, open);
  EXPECT_NE(table.HashOf(read), table.HashOf(open));
  EXPECT_EQ(table.size(), 2u);
  table.Release(open);
  EXPECT_EQ(*table.Get(open), OpenAcl());
  table.Release(open);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.Add({{1, kAnn}}), open);  // the id is free again
}

}  // namespace
}  // namespace quorate::tree
