// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

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
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Messages for topics of Kafka. */
public final class KafkaTransport implements Transport {
  /** What it declares of itself. */
  public static final TransportKind KIND =
      new TransportKind(
          List.of("kafka", "tls+kafka"),
          Stream.concat(
                  Stream.of(
                      OptionKind.of("user", "text", "none", "the name to log in with"),
                      OptionKind.of("password", "secret", "none", "the password for it"),
                      OptionKind.of(
                          "sasl_mechanism",
                          "choice " + String.join(" ", KafkaOptions.MECHANISMS),
                          KafkaOptions.MECHANISMS.get(0),
                          "how it logs in"),
                      OptionKind.of(
                          "compression",
                          "choice " + String.join(" ", KafkaOptions.COMPRESSIONS),
                          KafkaOptions.COMPRESSIONS.get(0),
                          "of what is sent"),
                      OptionKind.of(
                          "cloudevents_mode",
                          "choice structured binary",
                          "structured",
                          "how the format cloudevents is written")),
                  OptionKind.tls().stream())
              .toList(),
          "by key, many messages under way",
          "a record of a topic",
          "all in-sync replicas have it",
          "too few replicas, no leader, no answer");

  private static final ClientLibrary LIBRARY =
      new ClientLibrary(
          "org.apache.kafka.clients.producer.KafkaProducer", "kafka-clients", "kafka");

  private final Clusters clusters;
  private final AddressPolicy policy;
  private final Secrets secrets;

  /**
   * @param sockets whose threads the sinks live on
   * @param policy where connections may go
   * @param secrets what options name
   */
  public KafkaTransport(Sockets sockets, AddressPolicy policy, Secrets secrets) {
    this.clusters = new Clusters(sockets);
    this.policy = policy;
    this.secrets = secrets;
  }

  /**
   * What destinations must have in common to share a producer.
   *
   * @param patience the library knows one time for all that it sends
   */
  private record Key(
      List<?> hosts, KafkaOptions.Login login, String compression, Duration patience) {}

  private final class KafkaRoute implements Clusters.Route {
    private final Destination destination;
    private final BrokerUri uri;
    private final KafkaOptions options;

    KafkaRoute(Destination destination, BrokerUri uri, KafkaOptions options) {
      this.destination = destination;
      this.uri = uri;
      this.options = options;
    }

    @Override
    public Object key() {
      return new Key(uri.hosts(), options.login(), options.compression(), destination.ackTimeout());
    }

    @Override
    public String name() {
      return uri.hosts().get(0).toString();
    }

    @Override
    public BrokerClient.Maker maker() {
      return lost -> new KafkaConnector(uri, options, policy, secrets).connect(destination, lost);
    }
  }

  @Override
  public Sink connect(Destination destination, SinkListener listener) {
    return clusters.connect(
        destination,
        listener,
        given -> {
          BrokerUri uri = KafkaOptions.uri(given.uri());
          KafkaOptions options = KafkaOptions.parse(given.options(), uri.secure());
          KafkaTopic.parse(uri.path());
          BrokerSettings.check(given, options.binary());
          BrokerTls.check(uri, options.login().tls());
          LIBRARY.require();
          return new KafkaRoute(given, uri, options);
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
