// What members send each other: bytes from the wire, to messages, to bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/base/check.h"
#include "coord/base/seeded_random.h"
#include "coord/rpc/codec/peer_codec.h"
#include "coord/rpc/codec/test_values.h"
#include "proto/coord/v1/peer.pb.h"
#include "tests/fuzz/fuzz.h"

namespace quorate::fuzz {
namespace {

using rpc::AnyEnvelope;

constexpr char kAddress[] = "10.0.0.1:7400";

std::string Encode(const std::vector<AnyEnvelope>& envelopes) {
  coord::v1::PeerBatch batch;
  rpc::PutSender(rpc::SenderOf(envelopes.front()), batch);
  for (const AnyEnvelope& envelope : envelopes) {
    QUORATE_CHECK(rpc::PutEnvelope(envelope, batch).ok());
  }
  std::string bytes;
  QUORATE_CHECK(batch.SerializeToString(&bytes));
  return bytes;
}

}  // namespace

std::vector<std::string> Seeds() {
  SeededRandom random(1);
  std::vector<std::string> seeds;
  for (size_t kind = 0; kind < rpc::kMessageKinds; ++kind) {
    for (int i = 0; i < 3; ++i) {
      seeds.push_back(Encode({rpc::RandomEnvelope(kind, random)}));
    }
  }
  return seeds;
}

}  // namespace quorate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quorate;  // NOLINT
  coord::v1::PeerBatch batch;
  if (!batch.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::StatusOr<std::vector<rpc::AnyEnvelope>> envelopes =
      rpc::TakeBatch(batch, fuzz::kAddress);
  if (!envelopes.ok()) {
    const absl::StatusCode code = envelopes.status().code();
    QUORATE_CHECK(code == absl::StatusCode::kInvalidArgument ||
                  code == absl::StatusCode::kUnimplemented ||
                  code == absl::StatusCode::kFailedPrecondition);
    QUORATE_CHECK(envelopes.status().message().size() < size + 1000);
    return 0;
  }
  if (envelopes->empty()) return 0;
  size_t sizes = 0;
  for (const rpc::AnyEnvelope& envelope : *envelopes) {
    QUORATE_CHECK(rpc::DestinationOf(envelope) == fuzz::kAddress);
    sizes += rpc::SizeOf(envelope);
  }
  // What bounds of memory count is of the order of what came.
  QUORATE_CHECK(sizes <= 200 * (size + 10) + 600 * envelopes->size());

  // Once encoded by us, it stays as it is.
  const std::string bytes = fuzz::Encode(*envelopes);
  coord::v1::PeerBatch again;
  QUORATE_CHECK(again.ParseFromString(bytes));
  const absl::StatusOr<std::vector<rpc::AnyEnvelope>> same =
      rpc::TakeBatch(again, fuzz::kAddress);
  QUORATE_CHECK(same.ok() && same->size() == envelopes->size());
  QUORATE_CHECK(fuzz::Encode(*same) == bytes);
  return 0;
}
