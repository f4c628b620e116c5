#include "broker/metrics/metrics.hpp"

namespace midge::metrics {

const char* cause_name(Cause cause) {
  switch (cause) {
    case Cause::ConnectionLimit:
      return "connection limit";
    case Cause::ListenerLimit:
      return "listener limit";
    case Cause::SessionLimit:
      return "session limit";
    case Cause::NotAuthorized:
      return "not authorized";
    case Cause::ClientIdentifier:
      return "client identifier";
    case Cause::ProtocolVersion:
      return "protocol version";
    case Cause::ConnectTimeout:
      return "connect timeout";
    case Cause::KeepAliveTimeout:
      return "keep alive timeout";
    case Cause::TakenOver:
      return "taken over";
    case Cause::Shutdown:
      return "shutdown";
    case Cause::MalformedPacket:
      return "malformed packet";
    case Cause::ProtocolError:
      return "protocol error";
    case Cause::PacketTooLarge:
      return "packet too large";
    case Cause::ReceiveMaximumExceeded:
      return "receive maximum exceeded";
    case Cause::TopicAliasInvalid:
      return "topic alias invalid";
    case Cause::UnknownIdentifier:
      return "unknown packet identifier";
    case Cause::PublishDenied:
      return "publish denied";
    case Cause::TopicInvalid:
      return "topic invalid";
    case Cause::PayloadTooLarge:
      return "payload too large";
    case Cause::QoSNotSupported:
      return "qos not supported";
    case Cause::RetainNotSupported:
      return "retain not supported";
    case Cause::RetainedLimit:
      return "retained limit";
    case Cause::MemoryFull:
      return "memory full";
    case Cause::SubscribeDenied:
      return "subscribe denied";
    case Cause::FilterInvalid:
      return "filter invalid";
    case Cause::SubscriptionLimit:
      return "subscription limit";
    case Cause::FeatureOff:
      return "feature off";
    case Cause::QueueMessages:
      return "queue messages";
    case Cause::QueueBytes:
      return "queue bytes";
    case Cause::QueueTotal:
      return "queue total";
    case Cause::Offline:
      return "offline";
    case Cause::Expired:
      return "expired";
    case Cause::TooLargeForClient:
      return "too large for client";
    case Cause::SessionEnded:
      return "session ended";
    case Cause::StorageFailed:
      return "storage failed";
    case Cause::Count:
      break;
  }
  return "";
}

}  // namespace midge::metrics
