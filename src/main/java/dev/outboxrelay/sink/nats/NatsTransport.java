// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

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

/** Messages for streams of NATS JetStream. */
public final class NatsTransport implements Transport {
  /** What it declares of itself. */
  public static final TransportKind KIND =
      new TransportKind(
          List.of("nats", "tls+nats"),
          Stream.concat(
                  Stream.of(
                      OptionKind.of("user", "text", "none", "the name to log in with"),
                      OptionKind.of("password", "secret", "none", "the password for it"),
                      OptionKind.of("token", "secret", "none", "a token to log in with"),
                      OptionKind.of("credentials", "secret", "none", "a credentials file of NATS"),
                      OptionKind.of(
                          "cloudevents_mode",
                          "choice structured binary",
                          "structured",
                          "how the format cloudevents is written")),
                  OptionKind.tls().stream())
              .toList(),
          "by key, many messages under way",
          "a message of a stream",
          "the stream's, once it is stored",
          "a full stream or server");

  private static final ClientLibrary LIBRARY =
      new ClientLibrary("io.nats.client.Nats", "jnats", "nats");

  private final Clusters clusters;
  private final AddressPolicy policy;
  private final Secrets secrets;

  /**
   * @param sockets whose threads the sinks live on
   * @param policy where connections may go
   * @param secrets what options name
   */
  public NatsTransport(Sockets sockets, AddressPolicy policy, Secrets secrets) {
    this.clusters = new Clusters(sockets);
    this.policy = policy;
    this.secrets = secrets;
  }

  /** What destinations must have in common to share a connection. */
  private record Key(List<?> hosts, NatsOptions.Login login) {}

  private final class NatsRoute implements Clusters.Route {
    private final Destination destination;
    private final BrokerUri uri;
    private final NatsOptions options;

    NatsRoute(Destination destination, BrokerUri uri, NatsOptions options) {
      this.destination = destination;
      this.uri = uri;
      this.options = options;
    }

    @Override
    public Object key() {
      return new Key(uri.hosts(), options.login());
    }

    @Override
    public String name() {
      return uri.hosts().get(0).toString();
    }

    @Override
    public BrokerClient.Maker maker() {
      return lost ->
          NatsConnector.connect(
              uri, options.login(), policy, secrets, destination.connectTimeout(), lost);
    }
  }

  @Override
  public Sink connect(Destination destination, SinkListener listener) {
    return clusters.connect(
        destination,
        listener,
        given -> {
          BrokerUri uri = NatsOptions.uri(given.uri());
          NatsOptions options = NatsOptions.parse(given.options(), uri.secure());
          NatsSubject.parse(uri.path());
          BrokerSettings.check(given, options.binary());
          BrokerTls.check(uri, options.login().tls());
          LIBRARY.require();
          return new NatsRoute(given, uri, options);
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
