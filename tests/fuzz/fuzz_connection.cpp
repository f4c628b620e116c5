// libFuzzer: a script of bytes and time for a whole simulated broker with four connections.
// Whatever the script does, no contract of the platform is broken, every connection ends, and what
// the connections held is given back.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "platform/sim/broker.hpp"
#include "platform/sim/world.hpp"

using namespace midge;

namespace {

constexpr std::size_t kLinks = 4;

// What a step does: the low half of its first byte; the high half chooses link and variant.
enum class Op : std::uint8_t {
  Send,       // a length byte, and so many bytes
  Connect,    // a canned CONNECT: version and clean start by variant, the same id for all
  Subscribe,  // a canned SUBSCRIBE to "#"
  Advance,    // a byte of tenths of a second
  StopReading,
  StartReading,
  Cut,
  Close,
  HoldJournal,
  ReleaseJournal,
  Count
};

constexpr std::uint8_t kConnect311[] = {0x10, 0x0D, 0, 4,  'M', 'Q', 'T', 'T',
                                        4,    2,    0, 10, 0,   1,   'c'};
constexpr std::uint8_t kConnect5[] = {0x10, 0x13, 0,    4, 'M', 'Q', 'T', 'T', 5, 0,  0,
                                      10,   5,    0x11, 0, 0,   0,   60,  0,   1, 'c'};
constexpr std::uint8_t kSubscribe311[] = {0x82, 0x06, 0, 1, 0, 1, '#', 2};
constexpr std::uint8_t kSubscribe5[] = {0x82, 0x07, 0, 1, 0, 0, 1, '#', 2};

void check(bool holds) {
  if (!holds) std::abort();
}

class Script {
 public:
  explicit Script(Bytes input) : rest_(input) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : take(1)[0]; }
  Bytes take(std::size_t count) {
    const Bytes taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

 private:
  Bytes rest_;
};

void step(sim::World& world, sim::Broker& broker, std::span<sim::Link*> links, Script& script) {
  const unsigned first = script.byte();
  sim::Link*& link = links[first >> 4 & 3U];
  const bool v5 = (first & 0x40U) != 0;
  switch (static_cast<Op>((first & 15U) % static_cast<unsigned>(Op::Count))) {
    case Op::Send:
      link->send(script.take(script.byte()));
      break;
    case Op::Connect:
      link->send(v5 ? Bytes(kConnect5) : Bytes(kConnect311));
      break;
    case Op::Subscribe:
      link->send(v5 ? Bytes(kSubscribe5) : Bytes(kSubscribe311));
      break;
    case Op::Advance:
      world.advance(Duration(script.byte() * 100));
      break;
    case Op::StopReading:
      link->stop_reading();
      break;
    case Op::StartReading:
      link->start_reading();
      break;
    case Op::Cut:
      link->cut();
      link = &world.connect();
      break;
    case Op::Close:
      link->close();
      link = &world.connect();
      break;
    case Op::HoldJournal:
      broker.journal.hold = true;
      break;
    case Op::ReleaseJournal:
      broker.journal.hold = false;
      broker.journal.release();
      break;
    case Op::Count:
      break;
  }
  world.settle();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4'096) return 0;
  Script script({data, size});
  sim::World world(1);
  sim::Broker broker(world);
  broker.settings.limits.memory_bytes = std::size_t{512} << 10U;
  broker.settings.limits.packet_bytes = 20'000;
  broker.settings.limits.queued_messages = 20;
  broker.journal.durable = (script.byte() & 1U) != 0;
  check(broker.start());
  world.link_options.client_window = 256;
  world.link_options.send_buffer = 256;
  world.link_options.sent_late = true;
  std::array<sim::Link*, kLinks> links{};
  for (sim::Link*& link : links) link = &world.connect();
  world.settle();
  while (!script.empty()) step(world, broker, links, script);

  broker.journal.hold = false;
  broker.journal.release();
  for (sim::Link* const link : links) link->cut();
  world.advance(std::chrono::seconds(70));  // sessions of 5.0 clients have ended then
  check(broker.metrics.open_connections == 0);
  check(broker.metrics.clients_connected == 0);
  check(broker.metrics.inflight_messages <= broker.metrics.queued_messages);
  broker.shut_down();
  world.settle();
  check(broker.core().drained());
  for (const auto& fault : world.faults()) {
    static_cast<void>(fault);
    std::abort();
  }
  return 0;
}
