// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.threads.Errors;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tries one address after the other until a connection stands. Lives on the event loop. */
final class DialAttempt {

  private static final Logger LOG = LoggerFactory.getLogger(DialAttempt.class);

  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(Outgoing.MAX_BUFFER_BYTES, 2 * Outgoing.MAX_BUFFER_BYTES);

  private static final long MAX_ROUND_TRIP_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Route route;
  private final @Nullable SslContext tls;
  private final List<InetAddress> addresses;
  private final EventLoop loop;
  private final DialOutcome outcome;
  private final List<String> failures = new ArrayList<>();
  private int tried;
  private @Nullable Channel made;

  DialAttempt(
      Route route,
      @Nullable SslContext tls,
      List<InetAddress> addresses,
      EventLoop loop,
      DialOutcome outcome) {
    this.route = route;
    this.tls = tls;
    this.addresses = addresses;
    this.loop = loop;
    this.outcome = outcome;
  }

  void next() {
    guarded(this::tryNext);
  }

  /** Whatever goes wrong, the sink hears of it: it would wait for ever. */
  private void guarded(Runnable step) {
    Defect.guard(
        step,
        problem -> {
          if (made != null) {
            made.close();
          }
          LOG.error("{}: no connection after an error", route.endpoint(), problem);
          outcome.failed(route.endpoint() + ": " + Errors.words(problem));
        });
  }

  private void tryNext() {
    if (tried == addresses.size()) {
      outcome.failed(route.endpoint() + ": " + String.join("; ", failures));
      return;
    }
    InetAddress address = addresses.get(tried++);
    long started = System.nanoTime();
    Bootstrap bootstrap = new Bootstrap();
    KeepAlive.on(bootstrap);
    bootstrap
        .group(loop)
        .channel(NioSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, route.timeoutMillis())
        .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
        .handler(new ChannelInboundHandlerAdapter())
        .connect(new InetSocketAddress(address, route.endpoint().port()))
        .addListener(
            (ChannelFuture future) -> {
              long took = Math.min(MAX_ROUND_TRIP_NANOS, System.nanoTime() - started);
              made = future.channel();
              guarded(() -> connected(future, address, took));
            });
  }

  private void connected(ChannelFuture future, InetAddress address, long roundTripNanos) {
    if (!future.isSuccess()) {
      failed(address, reason(future.cause()));
    } else if (isItself(future.channel())) {
      future.channel().close();
      failed(address, "nobody listens there");
    } else if (tls == null) {
      outcome.stood(future.channel(), roundTripNanos);
    } else {
      handshake(future.channel(), tls, address, roundTripNanos);
    }
  }

  /**
   * Whether both ends are the same socket. The system may have the connection come from the very
   * port that nobody listens at. What is written to it would count as delivered where no answer is
   * awaited, and the receiver could not come back.
   */
  private static boolean isItself(Channel channel) {
    return channel.localAddress() != null && channel.localAddress().equals(channel.remoteAddress());
  }

  private void handshake(
      Channel channel, SslContext context, InetAddress address, long roundTripNanos) {
    SslHandler handler =
        context.newHandler(channel.alloc(), route.serverName(), route.endpoint().port());
    handler.setHandshakeTimeoutMillis(route.timeoutMillis());
    PeerName expected = new PeerName(route.serverName());
    expected.expect(handler);
    HandshakeErrors errors = new HandshakeErrors();
    channel.pipeline().addLast(handler, errors);
    handler
        .handshakeFuture()
        .addListener(
            handshake ->
                guarded(
                    () -> {
                      String objection =
                          handshake.isSuccess()
                              ? expected.objection(handler)
                              : whyNotShaken(handshake.cause());
                      if (objection == null) {
                        channel.pipeline().remove(errors);
                        shaken(channel, handler, address, roundTripNanos);
                      } else {
                        channel.close();
                        failed(address, objection);
                      }
                    }));
  }

  private String whyNotShaken(Throwable why) {
    Errors.report(why);
    return Defect.is(why) ? Errors.words(why) : TlsFailure.reason(why, route.serverName());
  }

  private void shaken(
      Channel channel, SslHandler handler, InetAddress address, long roundTripNanos) {
    if (!route.unanswered() || !TlsVerdict.isOpen(handler.engine().getSession())) {
      outcome.stood(channel, roundTripNanos);
      return;
    }
    TlsVerdict.await(
        channel,
        route,
        () -> guarded(() -> outcome.stood(channel, roundTripNanos)),
        why -> guarded(() -> failed(address, why)));
  }

  private void failed(InetAddress address, String why) {
    failures.add(addresses.size() == 1 ? why : address.getHostAddress() + ": " + why);
    next();
  }

  private String reason(Throwable cause) {
    Errors.report(cause);
    if (Defect.is(cause)) {
      return Errors.words(cause);
    }
    if (cause instanceof ConnectTimeoutException) {
      return "no answer within " + route.timeoutMillis() + " ms";
    }
    if (cause instanceof ConnectException && cause.getCause() instanceof ConnectException refused) {
      // Netty's own message repeats the address, which the reason names already.
      return String.valueOf(refused.getMessage());
    }
    return String.valueOf(cause.getMessage());
  }

  /** The handshake's future tells of its failure; the pipeline need not log it again. */
  private static final class HandshakeErrors extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
