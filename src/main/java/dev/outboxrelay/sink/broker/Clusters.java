// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.tcp.Sockets;
import dev.outboxrelay.values.Destination;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The clusters of one kind of broker that destinations use now, each with one connection and one
 * thread, however many destinations are on it.
 */
public final class Clusters implements AutoCloseable {
  private final Sockets sockets;
  private final Map<Object, Cluster> clusters = new ConcurrentHashMap<>();

  /**
   * @param sockets whose loops the sinks live on
   */
  public Clusters(Sockets sockets) {
    this.sockets = sockets;
  }

  /** How a destination's cluster is told apart from others, and how its client is made. */
  public interface Route {
    /** Equal for destinations that can share a connection. */
    Object key();

    /** For the log, and the client's threads. */
    String name();

    BrokerClient.Maker maker();
  }

  /** Finds a destination's route. */
  public interface Router {
    /**
     * @throws IllegalArgumentException what is wrong with the destination
     */
    Route route(Destination destination);
  }

  /** Starts to connect a destination. */
  public Sink connect(Destination destination, SinkListener listener, Router router) {
    return sockets.connect(
        destination.name(),
        listener,
        (loop, tracked) -> {
          BrokerSink sink = new BrokerSink(destination, loop, tracked);
          join(sink, router.route(destination));
          return sink;
        });
  }

  private void join(BrokerSink sink, Route route) {
    Cluster cluster = clusters.computeIfAbsent(route.key(), key -> cluster(key, route));
    while (!sink.joins(cluster)) {
      clusters.remove(route.key(), cluster);
      cluster = clusters.computeIfAbsent(route.key(), key -> cluster(key, route));
    }
  }

  private Cluster cluster(Object key, Route route) {
    return new Cluster(
        route.name(), route.maker(), sockets::elsewhere, cluster -> clusters.remove(key, cluster));
  }

  /** Ends what is open. */
  @Override
  public void close() {
    clusters.values().forEach(Cluster::stop);
  }
}
