#include "broker/persist/store_topics.hpp"

#include <iterator>

namespace midge::persist {

namespace {

struct Row {
  const char* name;
  std::uint64_t (*value)(const Restored& restored, const Store& store);
};

constexpr Row kRows[] = {
    {"restored/sessions",
     [](const Restored& r, const Store&) -> std::uint64_t { return r.sessions; }},
    {"restored/subscriptions",
     [](const Restored& r, const Store&) -> std::uint64_t { return r.subscriptions; }},
    {"restored/queued messages",
     [](const Restored& r, const Store&) -> std::uint64_t { return r.queued; }},
    {"restored/retained messages",
     [](const Restored& r, const Store&) -> std::uint64_t { return r.retained; }},
    {"restored/damaged frames",
     [](const Restored& r, const Store&) -> std::uint64_t { return r.findings.damaged_frames; }},
    {"restored/damaged records",
     [](const Restored& r, const Store&) -> std::uint64_t { return r.damaged_records; }},
    {"restored/unknown records",
     [](const Restored& r, const Store&) -> std::uint64_t { return r.unknown_records; }},
    {"restored/missing segments",
     [](const Restored& r, const Store&) -> std::uint64_t {
       const Findings& found = r.findings;
       return std::uint64_t{found.missing_segments} + found.failed_segments + found.other_versions;
     }},
    {"bytes/used", [](const Restored&, const Store& s) { return s.used_bytes(); }},
    {"bytes/needed", [](const Restored&, const Store& s) { return s.live_bytes(); }},
    {"commits", [](const Restored&, const Store& s) { return s.commits(); }},
    {"failures", [](const Restored&, const Store& s) -> std::uint64_t { return s.failures(); }},
};

}  // namespace

std::size_t StoreTopics::count() const {
  return others_.count() + std::size(kRows);
}

std::string_view StoreTopics::name(std::size_t index) const {
  if (index < others_.count()) return others_.name(index);
  name_.clear();
  name_.add("$SYS/broker/persistence/").add(kRows[index - others_.count()].name);
  return name_.view();
}

void StoreTopics::render(std::size_t index, TextWriter& out) const {
  if (index < others_.count()) return others_.render(index, out);
  out.add(kRows[index - others_.count()].value(restored_, store_));
}

}  // namespace midge::persist
