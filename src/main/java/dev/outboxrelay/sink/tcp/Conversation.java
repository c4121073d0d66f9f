// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.threads.Errors;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection that carries one batch: everything is written, the relay's side is closed, and the
 * receiver's close is awaited. What the receiver says is thrown away, unless it is TLS's.
 *
 * <p>A close acknowledges only when the relay had closed its own side before. A receiver that
 * closes without having read all resets the connection, or its close is here soon after the batch
 * was written: so the relay's side stays open for a while, and a close that comes then is one too
 * early. Once both sides are closed nothing can be seen any more: the end of the stream hides a
 * reset that follows it.
 *
 * <p>With {@code ack} 'none' the batch is delivered once the kernel has it.
 */
final class Conversation extends ChannelInboundHandlerAdapter {

  /** After a failed write what the receiver said before may still be read for so long. */
  private static final long LAST_WORDS_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Framing framing;
  private final Ack ack;
  private final long openNanos;
  private final Ending ending;
  private final TlsGreeting greeting = new TlsGreeting();

  private @Nullable ChannelHandlerContext context;
  private @Nullable Outgoing outgoing;
  private List<Message> batch = List.of();
  private boolean pumping;
  private boolean queued;
  private boolean broken;
  private boolean outputClosed;
  private boolean tlsCut;
  private boolean over;

  /**
   * A conversation that has not begun.
   *
   * @param openNanos how long the relay's side stays open after the batch, if a close acknowledges
   */
  Conversation(Framing framing, Ack ack, long openNanos, Ending ending) {
    this.framing = framing;
    this.ack = ack;
    this.openNanos = openNanos;
    this.ending = ending;
  }

  /** Hears how a conversation ended; called on the event loop. */
  interface Ending {
    void delivered(List<Message> batch);

    /** The connection is left open after its batch was delivered. */
    void lingers(Channel channel);

    /** After its batch counted as delivered: the receiver never took anything. */
    void refusedAfterwards(String reason);

    /** The receiver closed before anything was said. */
    void closedUnused();

    void lost(String reason, Fault fault);

    /** The relay itself has failed; the conversation is still to be ended. */
    void broken(Throwable problem);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    this.context = context;
    // A receiver's last words are read even when it takes no more.
    context.channel().config().setAutoClose(false);
  }

  boolean isBusy() {
    return outgoing != null;
  }

  void begin(List<Message> messages) {
    batch = messages;
    outgoing = new Outgoing(framing);
    outgoing.add(messages);
    pump();
  }

  /** Closes without telling. */
  void abort() {
    over = true;
    if (context != null) {
      context.close();
    }
  }

  private void pump() {
    if (pumping || over || queued || broken || context == null || outgoing == null) {
      return;
    }
    pumping = true;
    try {
      Channel channel = context.channel();
      while (!over && !queued && !broken && channel.isWritable()) {
        ChannelFuture last = null;
        while (!outgoing.isEmpty() && channel.isWritable()) {
          last = context.write(outgoing.next(context.alloc(), message -> {}));
          last.addListener(future -> guarded(() -> written(future.isSuccess())));
        }
        if (outgoing.isEmpty() && last != null) {
          queued = true;
          last.addListener(future -> guarded(() -> allWritten(future.isSuccess())));
        }
        context.flush();
        if (last == null) {
          return;
        }
      }
    } finally {
      pumping = false;
    }
  }

  private void written(boolean success) {
    if (success || broken || context == null) {
      return;
    }
    broken = true;
    Channel channel = context.channel();
    channel.eventLoop().schedule(() -> channel.close(), LAST_WORDS_NANOS, TimeUnit.NANOSECONDS);
  }

  private void allWritten(boolean success) {
    if (over || !success || context == null) {
      return;
    }
    if (ack == Ack.NONE) {
      over = true;
      closeOutput(context);
      ending.lingers(context.channel());
      ending.delivered(batch);
      return;
    }
    context
        .channel()
        .eventLoop()
        .schedule(() -> guarded(this::endOutput), openNanos, TimeUnit.NANOSECONDS);
  }

  private void guarded(Runnable action) {
    Defect.guard(action, ending::broken);
  }

  private void endOutput() {
    if (!over && context != null && context.channel().isActive()) {
      outputClosed = true;
      closeOutput(context);
    }
  }

  private static void closeOutput(ChannelHandlerContext context) {
    SslHandler tls = context.pipeline().get(SslHandler.class);
    if (tls != null) {
      tls.closeOutbound();
    } else {
      ((DuplexChannel) context.channel()).shutdownOutput();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    pump();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf in = (ByteBuf) message;
    boolean wantsTls = context.pipeline().get(SslHandler.class) == null && greeting.heard(in);
    in.release();
    if (wantsTls) {
      context.close();
      unreachable(TlsGreeting.REASON);
    }
  }

  private void unreachable(String reason) {
    if (!over) {
      over = true;
      ending.lost(reason, Fault.UNREACHABLE);
    } else if (queued && ack == Ack.NONE) {
      ending.refusedAfterwards(reason);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    if (event instanceof SslCloseCompletionEvent close) {
      tlsCut = !close.isSuccess();
    }
    super.userEventTriggered(context, event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (over) {
      return;
    }
    over = true;
    if (outgoing == null) {
      ending.closedUnused();
    } else if (tlsCut) {
      ending.lost("the receiver cut the connection without closing TLS", Fault.LOST);
    } else if (!outputClosed) {
      ending.lost(
          "the receiver closed the connection before the end of a batch of " + batch.size(),
          Fault.LOST);
    } else {
      ending.delivered(batch);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
    Errors.report(cause);
    if (!over && Defect.is(cause)) {
      over = true;
      ending.broken(cause);
      return;
    }
    String alert = TlsFailure.alert(cause);
    if (alert != null) {
      unreachable(alert);
      return;
    }
    if (over) {
      return;
    }
    over = true;
    if (outgoing == null) {
      ending.closedUnused();
    } else {
      ending.lost(
          "the connection broke: " + cause.getMessage() + ", unanswered: " + batch.size(),
          Fault.LOST);
    }
  }
}
