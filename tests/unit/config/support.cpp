#include "tests/unit/config/support.hpp"

#include <sstream>

namespace midge::config::test {

std::string dump(const settings::Settings& s) {
  std::ostringstream out;
  out << s.listener_count << s.local_only << '\n';
  for (const settings::Listener& l : s.listeners) {
    out << l.port << '|' << l.bind_address << '|' << l.unix_path << '|' << l.bind_interface << '|'
        << static_cast<int>(l.domain) << '|' << l.max_connections << '|' << l.allow_anonymous << '|'
        << static_cast<int>(l.max_qos) << '|' << l.max_topic_alias << '|'
        << l.max_topic_alias_broker << '|' << l.use_username_as_clientid << '|'
        << l.allow_zero_length_clientid << '|' << l.auto_id_prefix << '|' << l.accept_v31
        << l.accept_v311 << l.accept_v5 << '\n';
  }
  const settings::Limits& m = s.limits;
  out << m.memory_bytes << '|' << m.connections << '|' << m.sessions << '|' << m.subscriptions
      << '|' << m.retained_messages << '|' << m.queued_messages << '|' << m.queued_bytes << '|'
      << m.total_queued_messages << '|' << m.group_queued_messages << '|' << m.inflight_messages
      << '|' << m.inflight_bytes << '|' << m.inbound_qos2 << '|' << m.packet_bytes << '|'
      << m.payload_bytes << '|' << m.topic_levels << '|' << m.topic_alias_maximum << '|'
      << m.topic_alias_maximum_out << '|' << s.memory_limit_given << '\n';
  const settings::Log& g = s.log;
  out << g.levels << '|' << g.to_stderr << g.to_stdout << g.to_syslog << '|' << g.file << '|'
      << g.facility << '|' << g.timestamp << '|' << g.timestamp_format << '|'
      << g.connection_messages << '\n';
  const settings::Persistence& p = s.persistence;
  out << p.on << '|' << p.location << '|' << p.interval.count() << '|' << p.storage_bytes << '\n';
  out << s.max_keepalive << '|' << s.retain_available << s.wildcard_subscriptions_available
      << s.subscription_identifiers_available << s.shared_subscriptions_available
      << s.upgrade_outgoing_qos << s.queue_qos0_messages << s.allow_duplicate_messages
      << s.strict_receive_maximum << s.session_owner_check << s.set_tcp_nodelay << '|'
      << static_cast<int>(s.queue_full) << '|' << s.backpressure_time.count() << '|'
      << (s.persistent_client_expiration ? std::int64_t{s.persistent_client_expiration->count()}
                                         : -1)
      << '|' << s.connect_timeout.count() << '|' << s.sys_interval.count() << '|'
      << s.response_information << '|' << s.pid_file << '|' << s.user << '|' << s.daemon << '\n';
  return out.str();
}

}  // namespace midge::config::test
