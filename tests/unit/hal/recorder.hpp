// The broker's side of a connection under test: notes what happens, does what a test says, and
// checks at each call what hal/transport.hpp promises always.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/hal/transport.hpp"

namespace midge::test {

class Recorder final : public hal::TransportHandler {
 public:
  explicit Recorder(hal::Transport& transport);

  // The transport's calls. Each checks that no handler is called from inside but on_sent().
  // write() returns how many bytes were taken. It offers memory of its own: that of Copy chunks is
  // overwritten and freed when it returns, that of UntilSent chunks when on_sent() has counted it,
  // and that of all chunks at on_closed().
  std::size_t write(std::string_view text, hal::Keep keep = hal::Keep::Copy,
                    std::size_t chunk_bytes = std::string::npos);
  struct Piece {
    std::string_view text;
    hal::Keep keep;
  };
  std::size_t write(const std::vector<Piece>& pieces);
  void pause();
  void resume();
  void finish();
  void abort();
  [[nodiscard]] std::string peer() const { return std::string(transport_->peer()); }

  std::string received;              // used bytes
  std::vector<std::size_t> offered;  // sizes
  // Answers how many of the bytes are used; empty: all.
  std::function<std::size_t(std::string_view)> use;
  std::size_t taken = 0;
  std::size_t sent = 0;
  int writable = 0;
  int closed = 0;
  hal::CloseCause cause{};
  bool refused_write = false;  // a write was answered by Closed
  std::string name;            // peer() when it was accepted

  std::size_t on_received(Bytes bytes) override;
  void on_writable() override;
  void on_sent(std::size_t bytes) override;
  void on_closed(hal::CloseCause why) override;

 private:
  struct Lent {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t size;
    std::size_t end;  // of its last taken byte, among all taken ones
  };
  void take_back(std::size_t up_to);
  static void spoil(Lent& lent);

  hal::Transport* transport_;  // null once closed
  std::deque<Lent> lent_;
  bool inside_ = false;   // one of the transport's calls, but for write()'s on_sent()
  bool writing_ = false;  // on_sent() may come
  bool paused_ = false;
  bool ended_ = false;  // finish() or abort() was called
  bool wants_room_ = false;
};

}  // namespace midge::test
