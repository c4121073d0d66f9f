// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.all;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.TransportKind;
import dev.outboxrelay.sink.TransportsByScheme;
import dev.outboxrelay.sink.amqp.AmqpTransport;
import dev.outboxrelay.sink.http.HttpTransport;
import dev.outboxrelay.sink.kafka.KafkaTransport;
import dev.outboxrelay.sink.nats.NatsTransport;
import dev.outboxrelay.sink.tcp.Sockets;
import dev.outboxrelay.sink.tcp.TcpTransport;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Every transport that the relay has, on the same threads where they speak over sockets. */
public final class Transports {
  /** What they declare of themselves. */
  public static final List<TransportKind> KINDS =
      List.of(
          TcpTransport.KIND,
          HttpTransport.KIND,
          KafkaTransport.KIND,
          NatsTransport.KIND,
          AmqpTransport.KIND);

  private Transports() {}

  /**
   * All of them.
   *
   * @param threads event loops, 1 or 2 serve hundreds of destinations
   * @param policy where connections may go
   * @param secrets what destinations' options name
   */
  public static Transport open(int threads, AddressPolicy policy, Secrets secrets) {
    Sockets sockets = new Sockets(threads, policy);
    Map<String, Transport> all = new HashMap<>();
    add(all, TcpTransport.KIND, new TcpTransport(sockets));
    add(all, HttpTransport.KIND, new HttpTransport(sockets, secrets));
    KafkaTransport kafka = new KafkaTransport(sockets, policy, secrets);
    add(all, KafkaTransport.KIND, kafka);
    NatsTransport nats = new NatsTransport(sockets, policy, secrets);
    add(all, NatsTransport.KIND, nats);
    AmqpTransport amqp = new AmqpTransport(sockets, policy, secrets);
    add(all, AmqpTransport.KIND, amqp);
    return new TransportsByScheme(all, List.of(kafka, nats, amqp, sockets));
  }

  private static void add(Map<String, Transport> all, TransportKind kind, Transport transport) {
    kind.schemes().forEach(scheme -> all.put(scheme, transport));
  }
}
