// Opens the listening sockets that the settings ask for, before anything else of the broker exists:
// as root where that is needed, and with the errors on the terminal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "broker/base/log.hpp"
#include "broker/settings/settings.hpp"
#include "platform/linux/descriptor.hpp"

namespace midge::platform {

struct ListenSocket {
  Descriptor socket;
  std::uint16_t listener = 0;  // its index in the settings
};

class ListenSockets {
 public:
  // An interface, a name, both families: a listener can be several sockets.
  static constexpr std::size_t kMaximumSockets = std::size_t{4} * settings::kMaximumListeners;

  ListenSockets() = default;
  ListenSockets(const ListenSockets&) = delete;
  ListenSockets& operator=(const ListenSockets&) = delete;
  // Removes the files of Unix sockets.
  ~ListenSockets();

  // False when one can't be opened; that was logged then:
  // "Error: Address already in use (127.0.0.1:1883)".
  [[nodiscard]] bool open(const settings::Settings& settings, LogSink& log);

  [[nodiscard]] std::span<ListenSocket> sockets() { return {sockets_.data(), count_}; }

 private:
  [[nodiscard]] bool open_listener(const settings::Listener& listener, std::uint16_t index,
                                   LogSink& log);
  [[nodiscard]] bool open_name(const settings::Listener& listener, std::uint16_t index,
                               LogSink& log);
  [[nodiscard]] bool open_unix(const settings::Listener& listener, std::uint16_t index,
                               LogSink& log);
  void keep(Descriptor socket, std::uint16_t index);

  std::array<ListenSocket, kMaximumSockets> sockets_;
  std::size_t count_ = 0;
  const settings::Settings* settings_ = nullptr;  // set by open()
  std::uint32_t unix_made_ = 0;                   // a bit for each listener whose file is ours
};

}  // namespace midge::platform
