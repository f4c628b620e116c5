// One packet after the other; see oracle.hpp.
#pragma once

#include "tests/bad_input/oracle.hpp"

namespace midge::test::bad_input {

class Judge {
 public:
  explicit Judge(const Peer& peer) { expected_.peer = peer; }

  // True while more packets may follow.
  bool frame(Bytes stream, std::size_t offset, std::size_t& used);
  Expected take() { return std::move(expected_); }

 private:
  struct Frame {
    unsigned type = 0;
    unsigned flags = 0;
    std::size_t remaining_length = 0;
    std::size_t header_bytes = 0;
  };

  void unfinished_header(Bytes stream);
  // What can be said of a packet before its body: reasons to refuse it.
  [[nodiscard]] std::set<std::uint8_t> early(const Frame& frame) const;

  // Read a body and note what it does; they have an effect only if nothing is wrong.
  void connect(const Frame& frame, Cursor& in);
  void publish(const Frame& frame, Cursor& in);
  void acknowledgement(const Frame& frame, Cursor& in);
  void subscribe(Cursor& in);
  void unsubscribe(Cursor& in);
  void ping(Cursor& in);
  void disconnect(Cursor& in);
  void auth(Cursor& in);

  void accept_publish(unsigned qos, bool retain, std::uint32_t id, const std::string& topic,
                      bool has_payload);
  void accept_acknowledgement(unsigned type, std::uint32_t id, std::uint32_t reason, Cursor& in);
  [[nodiscard]] std::set<std::uint8_t> connect_refusals(const Peer& peer, bool clean,
                                                        const std::string& will_topic,
                                                        const Section& properties) const;

  // Ends the connection with one of `codes`.
  void refuse(const std::set<std::uint8_t>& codes);
  // What `in` found wrong, or that it is not whole yet; false when all is well.
  bool is_over(const Cursor& in, const std::set<std::uint8_t>& also = {});
  void answer(std::uint8_t first_byte, std::uint32_t id, std::vector<std::uint8_t> codes);
  [[nodiscard]] bool is_v5() const { return expected_.peer.version == Version::V5; }
  [[nodiscard]] Peer& peer() { return expected_.peer; }
  [[nodiscard]] const Peer& peer() const { return expected_.peer; }

  Expected expected_;
  // Of a CONNECT: whether there is a version to answer in.
  bool can_answer_ = true;
};

// Whether `filter` breaks a rule of sections 4.7 or 4.8.2; `levels` and `is_shared` are set if not.
[[nodiscard]] bool is_filter(std::string_view filter, std::size_t& levels, bool& is_shared);
// For a filter that is right, without $share.
[[nodiscard]] bool filter_matches(std::string_view filter, std::string_view topic);

}  // namespace midge::test::bad_input
