// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import dev.outboxrelay.values.Destination;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/** Transports, each for the uris that begin with its schemes. */
public final class TransportsByScheme implements Transport {
  private final Map<String, Transport> transports;
  private final List<AutoCloseable> owned;

  /**
   * @param transports by scheme
   * @param owned what is to be closed, in this order
   */
  public TransportsByScheme(Map<String, Transport> transports, List<AutoCloseable> owned) {
    this.transports = Map.copyOf(transports);
    this.owned = List.copyOf(owned);
  }

  @Override
  public Sink connect(Destination destination, SinkListener listener) {
    return of(destination).connect(destination, listener);
  }

  @Override
  public int mostInFlight(Destination destination) {
    Transport transport = transports.get(scheme(destination));
    return transport == null ? 1 : transport.mostInFlight(destination);
  }

  @Override
  public boolean labels(Destination destination) {
    Transport transport = transports.get(scheme(destination));
    return transport != null && transport.labels(destination);
  }

  @Override
  public CompletableFuture<?> pulse() {
    return CompletableFuture.allOf(
        transports.values().stream().map(Transport::pulse).toArray(CompletableFuture[]::new));
  }

  private Transport of(Destination destination) {
    Transport transport = transports.get(scheme(destination));
    if (transport == null) {
      throw new IllegalArgumentException(
          "uri is '"
              + destination.uri()
              + "', this relay knows "
              + String.join(", ", new TreeSet<>(transports.keySet())));
    }
    return transport;
  }

  private static String scheme(Destination destination) {
    int end = destination.uri().indexOf("://");
    return end < 0 ? "" : destination.uri().substring(0, end);
  }

  @Override
  public void close() {
    for (AutoCloseable each : owned) {
      try {
        each.close();
      } catch (Exception e) {
        throw new IllegalStateException("a transport could not be closed", e);
      }
    }
  }
}
