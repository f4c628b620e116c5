// The seam to storage for payloads: a queued message may be on storage only. AlwaysResident is the
// broker without storage.
#pragma once

#include <cstdint>

namespace midge::message {

class Message;

enum class Loaded : std::uint8_t {
  Ready,    // the payload is in memory
  Pending,  // it is being read; Core::on_loaded() wakes those who wait
  Failed,   // it is lost: the delivery is dropped and counted
};

class Loader {
 public:
  // Asked by an outbox before it needs the payload of `message`.
  [[nodiscard]] virtual Loaded load(Message& message) = 0;

 protected:
  ~Loader() = default;
};

class AlwaysResident final : public Loader {
 public:
  [[nodiscard]] Loaded load(Message&) override { return Loaded::Ready; }
};

}  // namespace midge::message
