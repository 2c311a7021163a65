#include "coord/storage/log_format.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coord/base/bytes.h"
#include "coord/consensus/zxid.h"
#include "coord/storage/log_record.h"
#include "coord/storage/storage_error.h"
#include "gtest/gtest.h"

namespace quorate::storage {
namespace {

using consensus::Zxid;

SegmentHeader Header() {
  SegmentHeader header;
  header.owner = {.ensemble = {.high = 1, .low = 2},
                  .member = {.id = {3}, .incarnation = {4}}};
  header.segment_bytes = 8192;
  header.number = 5;
  header.previous_chain = 6;
  header.preceding = Zxid(7, 8);
  return header;
}

LogRecord Record(uint32_t counter, const std::string& payload) {
  return {.zxid = Zxid(1, counter), .kind = 9, .payload = MakeBytes(payload)};
}

TEST(LogFormatTest, HeaderSurvivesTheRoundTrip) {
  const std::string sector = EncodeHeader(Header());
  ASSERT_EQ(sector.size(), kSectorBytes);
  const absl::StatusOr<SegmentHeader> header = DecodeHeader(sector, "f");
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->owner, Header().owner);
  EXPECT_EQ(header->segment_bytes, 8192u);
  EXPECT_EQ(header->number, 5u);
  EXPECT_EQ(header->previous_chain, 6u);
  EXPECT_EQ(header->preceding, Zxid(7, 8));
}

TEST(LogFormatTest, HeaderWithAnyByteAlteredIsDamaged) {
  const std::string sector = EncodeHeader(Header());
  for (size_t i = 0; i < sector.size(); ++i) {
    std::string altered = sector;
    altered[i] ^= 1;
    EXPECT_EQ(StorageErrorOf(DecodeHeader(altered, "f").status()).kind,
              StorageErrorKind::kDamaged);
  }
}

TEST(LogFormatTest, HeaderWithSizesOutOfBoundsIsRefused) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{512}, uint64_t{8193},
                              kMaxSegmentBytes + kSectorBytes}) {
    SegmentHeader header = Header();
    header.segment_bytes = size;
    EXPECT_FALSE(DecodeHeader(EncodeHeader(header), "f").ok()) << size;
  }
}

TEST(LogFormatTest, FramesOfEverySizeSurviveTheRoundTrip) {
  for (size_t size = 0; size < 1200; size += 7) {
    FrameBuilder builder;
    EXPECT_TRUE(builder.empty());
    builder.Add(EntryType::kRecord, Record(1, std::string(size, 'a')));
    builder.Add(EntryType::kTruncate, Record(2, ""));
    const std::string sectors(builder.Encode(77, 3));
    ASSERT_EQ(sectors.size(), builder.SectorCount() * kSectorBytes);
    EXPECT_EQ(DecodeFrameHeader(sectors).SectorCount(), builder.SectorCount());
    EXPECT_EQ(DecodeFrameHeader(sectors).previous_chain, 77u);
    const auto entries = DecodeFrame(sectors, "f", 0);
    ASSERT_TRUE(entries.ok()) << entries.status();
    ASSERT_EQ(entries->size(), 2u);
    EXPECT_EQ(SizeOf((*entries)[0].record.payload), size);
    EXPECT_EQ((*entries)[0].record.kind, 9);
    EXPECT_EQ((*entries)[0].record.zxid, Zxid(1, 1));
    EXPECT_EQ((*entries)[1].type, EntryType::kTruncate);
  }
}

TEST(LogFormatTest, ASectorIsValidOnlyInItsPlace) {
  FrameBuilder builder;
  builder.Add(EntryType::kRecord, Record(1, std::string(600, '\0')));
  const std::string sectors(builder.Encode(77, 3));
  const std::string first = sectors.substr(0, kSectorBytes);
  const std::string second = sectors.substr(kSectorBytes);
  EXPECT_EQ(Classify(first, 77, 3), SectorState::kValid);
  EXPECT_EQ(Classify(second, 77, 4), SectorState::kValid);
  EXPECT_EQ(Classify(second, 77, 3), SectorState::kDamaged);
  EXPECT_EQ(Classify(first, 78, 3), SectorState::kDamaged);
  EXPECT_EQ(Classify(std::string(kSectorBytes, '\0'), 77, 3),
            SectorState::kUntouched);
  // Zeros of the payload are not an untouched sector.
  EXPECT_NE(second.substr(0, 8), std::string(8, '\0'));
}

TEST(LogFormatTest, TheChainDependsOnEverySector) {
  FrameBuilder builder;
  builder.Add(EntryType::kRecord, Record(1, std::string(600, 'a')));
  const std::string sectors(builder.Encode(77, 3));
  const uint64_t chain = ChainOver(sectors, 77);
  EXPECT_NE(chain, ChainOver(sectors, 78));
  EXPECT_NE(chain, ChainOver(sectors.substr(0, kSectorBytes), 77));
  EXPECT_NE(chain, ChainOver(sectors.substr(kSectorBytes) +
                                 sectors.substr(0, kSectorBytes),
                             77));
}

}  // namespace
}  // namespace quorate::storage
