// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.threads.Errors;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Waits until the receiver has judged the relay's certificate. With TLS 1.3 the handshake is done
 * on the relay's side before that, and with {@code ack} 'none' whatever is written then would count
 * as delivered to a receiver that is about to refuse it.
 *
 * <p>Only a receiver that asked for a certificate has one to judge. When it is content, it says so
 * by the first thing that it sends after the handshake, as a rule a session ticket. TLS has no
 * other word for it, so one that sends nothing is taken to be content after the connect timeout.
 */
final class TlsVerdict {

  private final Channel channel;
  private final String name;
  private final Runnable accepted;
  private final Consumer<String> refused;
  private final Tap tap = new Tap();
  private final Tail tail = new Tail();
  private @Nullable Future<?> limit;
  private boolean decided;

  private TlsVerdict(Channel channel, String name, Runnable accepted, Consumer<String> refused) {
    this.channel = channel;
    this.name = name;
    this.accepted = accepted;
    this.refused = refused;
  }

  /** Tells whether the receiver has something to judge that it may not have judged yet. */
  static boolean isOpen(SSLSession session) {
    return "TLSv1.3".equals(session.getProtocol())
        // What the receiver takes: on this side, it comes with the request for a certificate.
        && session instanceof ExtendedSSLSession extended
        && extended.getPeerSupportedSignatureAlgorithms().length > 0;
  }

  /** Calls one of the two, on the channel's event loop. */
  static void await(Channel channel, Route route, Runnable accepted, Consumer<String> refused) {
    TlsVerdict verdict = new TlsVerdict(channel, route.serverName(), accepted, refused);
    channel.pipeline().addFirst(verdict.tap);
    channel.pipeline().addLast(verdict.tail);
    verdict.limit =
        channel
            .eventLoop()
            .schedule(
                () -> Defect.guard(() -> verdict.decide(null), verdict::fail),
                route.timeoutMillis(),
                TimeUnit.MILLISECONDS);
  }

  private void fail(Throwable problem) {
    channel.close();
    refused.accept(Errors.words(problem));
  }

  private void decide(@Nullable String objection) {
    if (decided) {
      return;
    }
    decided = true;
    if (limit != null) {
      limit.cancel(false);
    }
    if (objection == null) {
      channel.pipeline().remove(tap);
      channel.pipeline().remove(tail);
      accepted.run();
    } else {
      channel.close();
      refused.accept(objection);
    }
  }

  /** Before TLS: sees that something came, whatever it is. */
  private final class Tap extends ChannelInboundHandlerAdapter {
    private boolean heard;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      heard = true;
      context.fireChannelRead(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      context.fireChannelReadComplete();
      if (heard) {
        decide(null);
      }
    }
  }

  /** After TLS: sees what TLS made of it. */
  private final class Tail extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ReferenceCountUtil.release(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      decide("the receiver closed the connection right after the TLS handshake");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      Errors.report(cause);
      String alert = TlsFailure.alert(cause);
      if (alert == null) {
        alert = Defect.is(cause) ? Errors.words(cause) : TlsFailure.reason(cause, name);
      }
      decide(alert);
    }
  }
}
