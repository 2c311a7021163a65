#include "coord/storage/snapshot_writer.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "coord/base/check.h"
#include "coord/storage/checksum.h"
#include "coord/storage/file_system.h"
#include "coord/storage/little_endian.h"
#include "coord/storage/snapshot_format.h"
#include "coord/storage/snapshot_reader.h"
#include "coord/storage/storage_error.h"

namespace quorate::storage {
namespace {

// Little enough that a sync of the log never waits for long behind it.
constexpr uint64_t kWriteOutBytes = 256 << 10;

std::string WithChecksum(absl::string_view payload, uint64_t sum) {
  std::string bytes(payload);
  PutU64(&bytes, sum);
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SnapshotWriter>> SnapshotWriter::Begin(
    FileSystem& files, absl::string_view path, const SnapshotHeader& header) {
  if (absl::Status s = files.Remove(path); !s.ok() && !absl::IsNotFound(s)) {
    return s;
  }
  absl::StatusOr<std::unique_ptr<File>> file =
      files.Open(path, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  auto writer =
      absl::WrapUnique(new SnapshotWriter(files, path, *std::move(file)));
  const std::string bytes = EncodeSnapshotHeader(header);
  writer->info_.zxid = header.zxid;
  writer->key_ = writer->chain_ = SnapshotKey(bytes);
  if (absl::Status s = writer->Write(0, bytes); !s.ok()) return s;
  return writer;
}

absl::Status SnapshotWriter::Note(const absl::Status& status) {
  const StorageErrorKind kind = StorageErrorOf(status).kind;
  if (!status.ok() && kind != StorageErrorKind::kDiskFull &&
      kind != StorageErrorKind::kMisuse && broken_.ok()) {
    broken_ = status;
  }
  return status;
}

absl::Status SnapshotWriter::Write(uint64_t offset, absl::string_view bytes) {
  if (absl::Status s = Note(file_->Write(offset, bytes)); !s.ok()) return s;
  const uint64_t end = offset + bytes.size();
  if (end - written_out_ < kWriteOutBytes) return absl::OkStatus();
  const uint64_t begin = std::exchange(written_out_, end);
  return Note(AsFinal(file_->WriteOut(begin, end - begin)));
}

absl::Status SnapshotWriter::Append(absl::string_view data) {
  QUORATE_CHECK(!finished_);
  if (!broken_.ok()) return broken_;
  // Nothing of this object changes before all is written.
  std::string rest = rest_;
  uint64_t blocks = blocks_;
  uint64_t chain = chain_;
  const uint64_t size = data.size();
  while (rest.size() + data.size() >= kBlockPayloadBytes) {
    const size_t taken = kBlockPayloadBytes - rest.size();
    rest.append(data.data(), taken);
    data.remove_prefix(taken);
    const uint64_t sum = BlockChecksum(rest, key_, blocks);
    absl::Status s = Write(BlockOffset(blocks), WithChecksum(rest, sum));
    if (!s.ok()) return s;
    chain = ChainChecksum(chain, sum);
    ++blocks;
    rest.clear();
  }
  rest.append(data.data(), data.size());
  rest_ = std::move(rest);
  blocks_ = blocks;
  chain_ = chain;
  info_.size_bytes += size;
  return absl::OkStatus();
}

absl::Status SnapshotWriter::WriteEnd(absl::string_view meta) {
  std::string end;
  uint64_t chain = chain_;
  if (!rest_.empty()) {
    const uint64_t sum = BlockChecksum(rest_, key_, blocks_);
    chain = ChainChecksum(chain, sum);
    end = WithChecksum(rest_, sum);
  }
  const uint64_t meta_sum = MetaChecksum(meta, key_);
  end += WithChecksum(meta, meta_sum);
  const SnapshotFooter footer{.content_bytes = info_.size_bytes,
                              .meta_bytes = meta.size(),
                              .chain = ChainChecksum(chain, meta_sum)};
  end += EncodeSnapshotFooter(footer, key_);
  if (absl::Status s = Write(BlockOffset(blocks_), end); !s.ok()) return s;
  return Note(AsFinal(file_->SyncData()));
}

absl::Status SnapshotWriter::Finish(absl::string_view meta) {
  QUORATE_CHECK(!finished_);
  if (!broken_.ok()) return broken_;
  if (meta.size() > kMaxSnapshotMetaBytes) {
    return MisuseError(absl::StrCat("meta data of ", meta.size(),
                                    " bytes; at most ", kMaxSnapshotMetaBytes));
  }
  if (absl::Status s = WriteEnd(meta); !s.ok()) return s;
  const absl::StatusOr<std::unique_ptr<SnapshotReader>> reader =
      SnapshotReader::Open(files_, path_);
  if (!reader.ok()) return Note(reader.status());
  if (absl::Status s = Note((*reader)->Verify()); !s.ok()) return s;
  if ((*reader)->info().size_bytes != info_.size_bytes ||
      (*reader)->info().meta != meta) {
    return Note(
        DamagedError(path_, 0, "what was read is not what was written"));
  }
  info_.meta = std::string(meta);
  finished_ = true;
  return absl::OkStatus();
}

absl::Status SnapshotWriter::Discard() { return files_.Remove(path_); }

}  // namespace quorate::storage
