// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.TransportKind;
import dev.outboxrelay.sink.TransportKind.OptionKind;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/** Connections over TCP, all on one small group of event loops. */
public final class TcpTransport implements Transport {

  /** What it declares of itself. */
  public static final TransportKind KIND =
      new TransportKind(
          List.of("tcp", "tls"),
          Stream.concat(
                  Stream.of(
                      OptionKind.of(
                          "idle_timeout_ms",
                          "number 1 86400000",
                          "never",
                          "how long a connection may be silent until it is closed")),
                  OptionKind.tls().stream())
              .toList(),
          "by key, on one connection",
          "a line, a length or a connection for each",
          "a line, the close, or none",
          "none; a refusal may name its time");

  private final Sockets sockets;
  private final Patience patience;
  private final Lingering lingering = new Lingering();

  /**
   * @param threads event loops, 1 or 2 serve hundreds of destinations
   * @param policy where connections may go
   */
  public TcpTransport(int threads, AddressPolicy policy) {
    this(new Sockets(threads, policy));
  }

  /** On sockets that others use too; they are closed with it. */
  public TcpTransport(Sockets sockets) {
    this(sockets, Patience.DEFAULT);
  }

  TcpTransport(int threads, AddressPolicy policy, Dialer.Resolver names) {
    this(threads, policy, names, Patience.DEFAULT);
  }

  TcpTransport(int threads, AddressPolicy policy, Dialer.Resolver names, Patience patience) {
    this(new Sockets(threads, policy, names), patience);
  }

  private TcpTransport(Sockets sockets, Patience patience) {
    this.sockets = sockets;
    this.patience = patience;
  }

  @Override
  public Sink connect(Destination destination, SinkListener listener) {
    return sockets.connect(
        destination.name(), listener, (loop, tracked) -> open(destination, loop, tracked));
  }

  /**
   * Connects as {@link #connect} does, and leaves to the caller what is said.
   *
   * @param patience how long each of its calls may wait
   * @throws IOException when there is no connection, in words
   */
  public BareConnection bare(Destination destination, Duration patience)
      throws IOException, InterruptedException {
    CompletableFuture<Channel> made = new CompletableFuture<>();
    DialOutcome outcome =
        new DialOutcome() {
          @Override
          public void stood(Channel channel, long roundTripNanos) {
            made.complete(channel);
          }

          @Override
          public void failed(String reason) {
            made.completeExceptionally(new IOException(reason));
          }
        };
    sockets
        .dialer()
        .dial(route(destination, TcpOptions.parse(destination.options())), loops().next(), outcome);
    try {
      return new BareConnection(made.get(), patience);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e);
    }
  }

  private static Route route(Destination destination, TcpOptions options) {
    Endpoint endpoint = Endpoint.parse(destination.uri());
    WirePairs.check(endpoint, options.tls());
    return new Route(
        endpoint, options.tls(), destination.connectTimeout(), destination.ack() == Ack.NONE);
  }

  private Sink open(Destination destination, EventLoop loop, SinkListener listener) {
    WirePairs.check(destination);
    TcpOptions options = TcpOptions.parse(destination.options());
    WirePairs.check(destination, options);
    Route route = route(destination, options);
    String name = destination.name();
    Framing framing = destination.framing();
    Ack ack = destination.ack();
    if (ack == Ack.CLOSE || framing == Framing.RAW) {
      ConversationSink sink =
          new ConversationSink(
              name, framing, ack, route, sockets.dialer(), lingering, patience, loop, listener);
      sink.open();
      return sink;
    }
    PersistentSink sink =
        new PersistentSink(name, framing, ack, options.idleTimeout(), loop, listener);
    sockets.dialer().dial(route, loop, sink);
    return sink;
  }

  @Override
  public CompletableFuture<?> pulse() {
    return sockets.pulse();
  }

  @Override
  public void close() {
    sockets.close();
  }

  EventLoopGroup loops() {
    return sockets.loops();
  }

  /** How many connections have done their work and wait for the receiver's close. */
  int lingering() {
    return lingering.count();
  }
}
