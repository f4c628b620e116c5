// Just enough of MQTT 3.1.1 and 5.0 to load a broker, written from the specification and apart from
// broker/wire, so that an error there does not hide here. It trusts the broker to be well-formed:
// this is a measuring instrument, not a conformance test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace midge::bench {

enum class Type : std::uint8_t {
  Connect = 1,
  Connack,
  Publish,
  Puback,
  Pubrec,
  Pubrel,
  Pubcomp,
  Subscribe,
  Suback,
  Disconnect = 14,
};

// A session that is kept outlives the connection, without end.
[[nodiscard]] std::string connect_packet(bool v5, std::string_view client_id, bool is_kept);
[[nodiscard]] std::string subscribe_packet(bool v5, std::uint16_t id,
                                           const std::vector<std::string>& filters,
                                           std::uint8_t qos);
[[nodiscard]] std::string disconnect_packet();
// PUBACK, PUBREC, PUBREL or PUBCOMP.
void append_ack(std::string& out, Type type, std::uint16_t id);

// The publisher of messages that are none of the engine's own; see quiet_pair.hpp.
inline constexpr std::uint32_t kForeignPublisher = 0xFFFFFFFF;

// The first 16 bytes of a payload: when it was sent, by whom, and its number there.
struct Stamp {
  std::uint64_t sent_ns = 0;
  std::uint32_t publisher = 0;
  std::uint32_t number = 0;
};

// A PUBLISH ready to be sent again and again: only packet identifier and stamp change.
class PublishTemplate {
 public:
  PublishTemplate() = default;
  PublishTemplate(bool v5, std::string_view topic, std::uint8_t qos, bool retain,
                  std::size_t payload_bytes);

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] bool has_id() const { return id_at_ != 0; }
  void append_to(std::string& out, std::uint16_t id, const Stamp& stamp) const;

 private:
  std::string bytes_;
  std::size_t id_at_ = 0;  // 0: none, QoS 0
  std::size_t stamp_at_ = 0;
};

// The Receive Maximum among a CONNACK's properties; 65,535 where it is absent.
[[nodiscard]] std::uint32_t receive_maximum(const std::uint8_t* properties, std::size_t bytes);

}  // namespace midge::bench
