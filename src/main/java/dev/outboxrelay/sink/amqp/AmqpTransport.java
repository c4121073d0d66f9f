// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.TransportKind;
import dev.outboxrelay.sink.TransportKind.OptionKind;
import dev.outboxrelay.sink.broker.BrokerClient;
import dev.outboxrelay.sink.broker.BrokerSettings;
import dev.outboxrelay.sink.broker.BrokerTls;
import dev.outboxrelay.sink.broker.BrokerUri;
import dev.outboxrelay.sink.broker.ClientLibrary;
import dev.outboxrelay.sink.broker.Clusters;
import dev.outboxrelay.sink.tcp.Sockets;
import dev.outboxrelay.values.Destination;
import java.util.List;
import java.util.stream.Stream;

/** Messages for exchanges of RabbitMQ. */
public final class AmqpTransport implements Transport {
  /** What it declares of itself. */
  public static final TransportKind KIND =
      new TransportKind(
          List.of("amqp", "amqps"),
          Stream.concat(
                  Stream.of(
                      OptionKind.of("exchange", "text", "the default one", "where messages go"),
                      OptionKind.of(
                          "routing_key",
                          "text",
                          "{destination}",
                          "by which the exchange chooses queues; may have places"),
                      OptionKind.of("user", "text", "guest", "the name to log in with"),
                      OptionKind.of("password", "secret", "guest", "the password for it")),
                  OptionKind.tls().stream())
              .toList(),
          "by key, many messages under way",
          "a message of an exchange",
          "the broker's confirm",
          "a full queue, blocked publishers");

  private static final ClientLibrary LIBRARY =
      new ClientLibrary("com.rabbitmq.client.Connection", "amqp-client", "amqp");

  private final Clusters clusters;
  private final AddressPolicy policy;
  private final Secrets secrets;

  /**
   * @param sockets whose threads the sinks live on
   * @param policy where connections may go
   * @param secrets what options name
   */
  public AmqpTransport(Sockets sockets, AddressPolicy policy, Secrets secrets) {
    this.clusters = new Clusters(sockets);
    this.policy = policy;
    this.secrets = secrets;
  }

  /** What destinations must have in common to share a connection. */
  private record Key(List<?> hosts, String virtualHost, AmqpOptions.Login login) {}

  private final class AmqpRoute implements Clusters.Route {
    private final Destination destination;
    private final BrokerUri uri;
    private final AmqpOptions.Login login;

    AmqpRoute(Destination destination, BrokerUri uri, AmqpOptions.Login login) {
      this.destination = destination;
      this.uri = uri;
      this.login = login;
    }

    @Override
    public Object key() {
      return new Key(uri.hosts(), AmqpOptions.virtualHost(uri), login);
    }

    @Override
    public String name() {
      return uri.hosts().get(0).toString();
    }

    @Override
    public BrokerClient.Maker maker() {
      return lost ->
          AmqpConnector.connect(uri, login, policy, secrets, destination.connectTimeout(), lost);
    }
  }

  @Override
  public Sink connect(Destination destination, SinkListener listener) {
    return clusters.connect(
        destination,
        listener,
        given -> {
          BrokerUri uri = AmqpOptions.uri(given.uri());
          AmqpOptions options = AmqpOptions.parse(given.options(), uri.secure());
          AmqpOptions.virtualHost(uri);
          BrokerSettings.check(given, false);
          BrokerTls.check(uri, options.login().tls());
          LIBRARY.require();
          return new AmqpRoute(given, uri, options.login());
        });
  }

  @Override
  public boolean labels(Destination destination) {
    return true;
  }

  @Override
  public void close() {
    clusters.close();
  }
}
