#include "tools/quorate/outage/facts_json.h"

#include <cstdint>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/quorate/outage/facts.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

constexpr int64_t kBucketMs = 1'000;

Json SumsJson(const WriteSums& sums) {
  return {{"sent", sums.sent()},
          {"acknowledged_at_once", sums.at_once},
          {"saved_by_retry", sums.by_retry},
          {"dead_lettered", sums.dead_lettered},
          {"failed", sums.failed},
          {"failed_at_first", sums.failed_at_first()},
          {"failed_at_first_share", sums.failed_at_first_share()}};
}

Json LanesJson(const std::vector<Lane>& lanes) {
  Json json = Json::array();
  for (const Lane& lane : lanes) {
    Json spans = Json::array();
    for (const Span& span : lane.spans) {
      spans.push_back({{"begin_ms", span.begin_ms},
                       {"end_ms", span.end_ms},
                       {"state", span.belief.state},
                       {"believes_in", span.belief.whom},
                       {"epoch", span.belief.epoch}});
    }
    json.push_back({{"name", lane.name}, {"spans", spans}});
  }
  return json;
}

Json ProcessedJson(const ProcessedFacts& processed) {
  return {{"passes", processed.passes},
          {"expected", processed.expected},
          {"effects", processed.effects},
          {"distinct", processed.distinct},
          {"missing", processed.missing()},
          {"doubled", processed.doubled()},
          {"strange", processed.strange},
          {"sha256", processed.digest},
          {"expected_sha256", processed.expected_digest}};
}

Json MetadataJson(const std::vector<MetadataSample>& samples) {
  int64_t different = 0;
  int64_t without_topic = 0;
  for (const MetadataSample& sample : samples) {
    if (sample.different > 1) ++different;
    if (sample.topic_known < sample.answers) ++without_topic;
  }
  return {{"asked", samples.size()},
          {"different_controllers", different},
          {"topic_not_known_somewhere", without_topic}};
}

Json ActJson(const ActFacts& act) {
  Json json = {{"act", act.number},
               {"title", act.title},
               {"story", act.story},
               {"begin_ms", act.begin_ms},
               {"end_ms", act.end_ms},
               {"writes", SumsJson(SumUp(act.writes))},
               {"causes", CausesOf(act.writes)},
               {"queue",
                {{"taken", act.queue.taken},
                 {"replayed", act.queue.replayed},
                 {"left", act.queue.left}}},
               {"processed", ProcessedJson(act.processed)},
               {"processed_in_the_end", ProcessedJson(act.in_the_end)},
               {"metadata", MetadataJson(act.metadata)},
               {"claims", Json::array()},
               {"writes_by_second", Json::array()},
               {"members", LanesJson(act.members)},
               {"brokers", LanesJson(act.brokers)},
               {"marks", Json::array()},
               {"timeline", Json::array()}};
  for (const Finding& finding : act.findings) {
    json["claims"].push_back({{"claim", finding.name},
                              {"sentence", finding.sentence},
                              {"met", finding.met},
                              {"seen", finding.seen}});
  }
  for (const WriteBucket& bucket :
       BucketsOf(act.writes, act.begin_ms, act.end_ms, kBucketMs)) {
    Json row = SumsJson(bucket.sums);
    row["begin_ms"] = bucket.begin_ms;
    json["writes_by_second"].push_back(std::move(row));
  }
  for (const Mark& mark : act.marks) {
    json["marks"].push_back({{"at_ms", mark.at_ms}, {"text", mark.text}});
  }
  for (const TimelineEntry& entry : act.events) {
    json["timeline"].push_back({{"at_ms", entry.at_ms}, {"text", entry.text}});
  }
  return json;
}

}  // namespace

Json FactsJson(const OutageFacts& facts) {
  Json json = {{"observed", AllSeen(facts)},
               {"stopped", facts.stopped},
               {"when", facts.when},
               {"duration_ms", facts.duration_ms},
               {"seed", facts.seed},
               {"input",
                {{"path", facts.input_path},
                 {"lines", facts.input_lines},
                 {"bytes", facts.input_bytes},
                 {"sha256", facts.input_digest}}},
               {"acts", Json::array()},
               {"refusals", Json::array()}};
  for (const ActFacts& act : facts.acts) {
    json["acts"].push_back(ActJson(act));
  }
  for (const RuleRefusals& rule : RefusalsOf(facts)) {
    Json row = {{"rule", rule.rule},
                {"rule_name", rule.name},
                {"count", rule.count},
                {"asked", rule.asked},
                {"message", rule.message},
                {"named_a_time", rule.with_retry},
                {"longest_retry_ms", rule.longest_retry_ms}};
    for (const auto& [name, value] : rule.numbers) row["numbers"][name] = value;
    json["refusals"].push_back(std::move(row));
  }
  return json;
}

}  // namespace quorate::tools
