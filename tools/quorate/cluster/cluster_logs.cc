#include "tools/quorate/cluster/cluster_logs.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <ios>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/quorate/cluster/cluster_commands.h"
#include "tools/quorate/cluster/cluster_file.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/interrupt.h"

namespace quorate::tools {
namespace {

// Where the last `lines` lines begin.
std::streamoff StartOfLast(std::ifstream& file, int64_t lines) {
  constexpr std::streamoff kPiece = 64 << 10;
  file.seekg(0, std::ios::end);
  std::streamoff end = file.tellg();
  // The newline at the very end ends the last line, and begins none.
  std::streamoff limit = end - 1;
  std::string piece;
  while (limit > 0) {
    const std::streamoff begin = std::max<std::streamoff>(0, limit - kPiece);
    piece.resize(limit - begin);
    file.seekg(begin);
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    for (size_t i = piece.size(); i-- > 0;) {
      if (piece[i] == '\n' && --lines == 0) {
        return begin + static_cast<std::streamoff>(i) + 1;
      }
    }
    limit = begin;
  }
  return 0;
}

// Copies from where the file stands to its end.
void CopyRest(std::ifstream& file, const Console& console) {
  char buffer[64 << 10];
  while (file.read(buffer, sizeof(buffer)) || file.gcount() > 0) {
    console.out.write(buffer, file.gcount());
  }
  console.out << std::flush;
  file.clear();
}

}  // namespace

absl::Status RunLogs(Context& context, const LogOptions& options) {
  const absl::StatusOr<std::string> directory = context.Directory();
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<ClusterFile> cluster = LoadCluster(*directory);
  if (!cluster.ok()) return cluster.status();
  const absl::StatusOr<ClusterNode> node = FindNode(*cluster, options.member);
  if (!node.ok()) return node.status();
  const std::string path =
      node->is_broker
          ? BrokerLogPath(*directory, static_cast<int32_t>(node->id))
          : MemberLogPath(*directory, node->id);
  std::optional<Interrupt> interrupt;
  if (options.follow) interrupt.emplace();
  std::ifstream file(path, std::ios::binary);
  if (!file) return SystemError(absl::StrCat("cannot read ", path), errno);
  file.seekg(options.lines ? StartOfLast(file, *options.lines) : 0);
  CopyRest(file, context.console());
  if (!options.follow) return absl::OkStatus();
  while (!interrupt->Wait(absl::Milliseconds(100)) && context.console().out) {
    const std::streamoff here = file.tellg();
    file.seekg(0, std::ios::end);
    // A log that has become shorter is a new one.
    if (file.tellg() < here) {
      file.close();
      file.open(path, std::ios::binary);
    } else {
      file.seekg(here);
    }
    CopyRest(file, context.console());
  }
  return absl::OkStatus();
}

}  // namespace quorate::tools
